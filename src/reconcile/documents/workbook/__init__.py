"""The workbook a federation completes: its addresses today, one row each, and what becomes of them.

Pure: rows in, bytes out, in French. What comes back is read in ``reconcile.answers``.
"""
