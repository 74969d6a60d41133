"""What an old host held on one day: its addresses, what changed between two days, whose logins are whose.

Pure; how a host is read is in ``providers.legacy``, where inventories are kept in ``state.inventory``.
"""
