"""What was last applied and what is ours: snapshots, the stores that keep them, journals, locks.

Beside them, files of our own that are no state: inventories and rehearsals.
"""
