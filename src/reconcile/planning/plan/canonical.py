"""Canonical JSON in pieces: what is hashed and what is written is made once, and never in one piece."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

#: A member's value in canonical form; a list item by item.
Text = bytes | list[bytes]

_text_of = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode


def canonical(value: Any) -> bytes:
    """Raises UnicodeEncodeError for half a surrogate pair."""
    return _text_of(value).encode()


def texts_of(value: Any) -> Text:
    """A member in canonical form, a list item by item: what is hashed and what is written is made once."""
    return [canonical(item) for item in value] if isinstance(value, list) and value else canonical(value)


def digest_of_members(texts: Mapping[str, Text]) -> str:
    """SHA-256 of the object that has these members, in hexadecimal."""
    whole = hashlib.sha256()
    before = b"{"
    for key, text in sorted(texts.items()):
        whole.update(before + canonical(key) + b":")
        for piece in [text] if isinstance(text, bytes) else separated(text, b"[", b",", b"]"):
            whole.update(piece)
        before = b","
    whole.update(b"}")
    return whole.hexdigest()


def separated(items: Sequence[bytes], first: bytes, between: bytes, last: bytes) -> Iterator[bytes]:
    """The pieces of a list."""
    for number, item in enumerate(items):
        yield between if number else first
        yield item
    yield last
