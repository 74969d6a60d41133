"""``reconcile rehearse``: would a move work, as far as can be known today? Nothing is changed.

``hosts`` tries the sign-ins that the eve will need.
"""
