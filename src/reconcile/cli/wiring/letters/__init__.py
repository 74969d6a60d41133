"""What letters to the federations need: which are due, what they say, what is attached, how they leave.

Told from the state, the letter book, the inventory and reconcile.toml.
"""
