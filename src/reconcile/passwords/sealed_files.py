"""A file for one reader's age key."""

from __future__ import annotations

from reconcile.state import age


def sealed(content: bytes, recipient: str) -> bytes:
    """Encrypted with age to that public key. Raises ``Problem`` SEC02 for what is none."""
    import pyrage

    encrypted: bytes = pyrage.encrypt(content, [age.recipient(recipient, "SEC02", "contact: age_recipient:")])
    return encrypted
