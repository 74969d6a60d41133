"""``reconcile init``: a mailboxes repository from nothing.

``answers`` asks, or takes options; ``commands`` writes what is missing, imports, and says what comes next.
"""
