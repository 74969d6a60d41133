"""``reconcile letter``: letters seen before they leave, where they stand, and what came back.

They leave by ``apply``, like everything else.
"""
