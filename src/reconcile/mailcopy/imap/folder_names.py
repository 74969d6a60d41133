"""Folder names, as people read them and as IMAP writes them: modified UTF-7 (RFC 3501 §5.1.3). Pure."""

from __future__ import annotations

from imapclient import imap_utf7


def decoded(name: bytes) -> str:
    """A raw folder name as text; bytes that are not modified UTF-7 (RFC 3501 §5.1.3) are read as UTF-8 or Latin-1."""
    try:
        name.decode("ascii")
        return str(imap_utf7.decode(name))
    except (UnicodeDecodeError, ValueError, IndexError):
        try:
            return name.decode("utf-8")
        except UnicodeDecodeError:
            return name.decode("latin-1")


def encoded(name: str) -> bytes:
    return bytes(imap_utf7.encode(name))
