"""What must come before what among the changes of a plan.

Prerequisites, deletions last, addresses and seats that pass from one mailbox to another.
"""
