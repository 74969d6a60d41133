"""``reconcile apply``, ``day`` and ``log``: a plan carried out, a whole date carried out, and what was.

``run`` is the one that both go through.
"""
