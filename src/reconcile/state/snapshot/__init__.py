"""What one federation's state holds, and how it is written: its records, former formats, seal and mark. Pure.

Where snapshots are kept is in ``stores``.
"""
