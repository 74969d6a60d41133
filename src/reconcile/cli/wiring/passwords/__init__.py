"""The vault of first passwords, and the way they reach a federation.

Where the vault is, whom it seals to, what opens it; what is delivered and where.
"""
