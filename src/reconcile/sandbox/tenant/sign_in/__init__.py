"""Sign-in to the emulated tenant: metadata, tokens, client credentials, device codes, and what was granted.

Also the public pages that tell who holds a domain.
"""
