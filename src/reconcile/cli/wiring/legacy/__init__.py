"""The old hosts that reconcile.toml names, put together with their credentials.

Locked, handed over, and their mailboxes opened; secrets are asked for only when they are used.
"""
