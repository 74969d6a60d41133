"""What must hold before the old mailboxes of a federation are closed.

One that does not holds back that federation alone; its codes are explained in docs/calendar.md.
"""
