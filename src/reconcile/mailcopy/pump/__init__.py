"""Moves listed messages over pairs of connections, streaming, each settled in the ledger before it counts.

One thread and one selector a mailbox; memory does not grow with the mailbox.
"""
