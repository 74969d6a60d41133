"""What a write asks of an RRset: publish our part or withdraw it, and whether receivers would accept the outcome.

Pure: carried out on the primary, at a DNS host, or by hand.
"""
