"""The tables of reconcile.toml that say what the Microsoft 365 tenant is.

How it is signed in to, its licences and their prices, and the rule that signs messages.
"""
