"""How a mailbox is written: the account, its licence, and the mailbox Exchange makes of them.

Created, completed, converted between licences, restored from the deleted, or soft-deleted.
"""
