"""Who may open a mailbox: rights on shared ones, and the temporary access of the mail copier.

Lists of rights show names; principals.py says whose they are.
"""
