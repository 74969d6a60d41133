"""A key that only those who may apply have, over what is kept in files: plans and snapshots. Pure.

Whoever can write a file of the state can recompute a digest; without the key, nobody can recompute this.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import PurePath
from typing import Any, NewType

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.state.snapshot.encoding import Encoding
from reconcile.state.snapshot.snapshot import Snapshot
from reconcile.strict_json import read_json

Key = NewType("Key", bytes)
#: Characters of the shortest secret a key is made of.
SHORTEST = 32


def key_from(secret: str) -> Key | None:
    """The key made of a secret text: RECONCILE_STATE_KEY, or an age identity; None of an empty one.

    Raises ``Problem`` STA18 when it is shorter than ``SHORTEST``.
    """
    if not secret:
        return None
    if len(secret) < SHORTEST:
        raise Problem(
            "STA18",
            Phrase("RECONCILE_STATE_KEY is shorter than {shortest} characters.", shortest=SHORTEST),
            "make one with: openssl rand -base64 32",
        )
    return Key(hashlib.sha256(b"reconcile authenticity\0" + secret.encode()).digest())


def mark(key: Key, purpose: str, content: bytes) -> str:
    """HMAC-SHA256, in hexadecimal, of a content used for one purpose only."""
    return hmac.new(key, purpose.encode() + b"\0" + content, hashlib.sha256).hexdigest()


def bears(key: Key, purpose: str, content: bytes, claimed: object) -> bool:
    """Whether that is the content's mark, in constant time."""
    return isinstance(claimed, str) and hmac.compare_digest(mark(key, purpose, content).encode(), claimed.encode())


class Authenticated:
    """An encoding whose snapshots bear a mark, and which takes no other."""

    def __init__(self, encoding: Encoding, key: Key) -> None:
        self._encoding = encoding
        self._key = key

    def encode(self, snapshot: Snapshot) -> bytes:
        document = json.loads(self._encoding.encode(snapshot))
        marked = {**document, "mark": mark(self._key, "snapshot", _canonical(document))}
        return (json.dumps(marked, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()

    def decode(self, data: bytes, path: PurePath, federation: str) -> Snapshot:
        try:
            document = read_json(data)
            claimed = document.pop("mark", None)
        except (ValueError, AttributeError, RecursionError):
            return self._encoding.decode(data, path, federation)  # which says what is wrong with it
        if not bears(self._key, "snapshot", _canonical(document), claimed):
            raise Problem(
                "STA18",
                Phrase("{path} was not written with this key (RECONCILE_STATE_KEY).", path=path),
                "is it the right key? to accept the state as it is, once you have looked at it: reconcile state reseal",
            )
        return self._encoding.decode(data, path, federation)


def _canonical(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
