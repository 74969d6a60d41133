"""The folders of the old and the new mailbox: which one receives which, made where they are missing.

Also folders that a server lists twice.
"""
