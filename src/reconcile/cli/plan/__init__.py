"""``reconcile plan``, ``show`` and ``drift``: what would change, a saved plan, what is no longer as we left it.

``output`` writes a plan in each of its formats.
"""
