"""``reconcile state``, ``lock`` and ``force-unlock``: look at what is recorded, and repair it.

Every edit takes the lock of its federation and goes through a journal: ``edit_context``.
"""
