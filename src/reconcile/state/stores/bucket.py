"""What a snapshot or a lease needs of an object store: read with a tag, and write only if nothing changed since."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

#: Names one version of one object; opaque. Content hashes occur, so every body ever written must differ from the last.
Tag = Mapping[str, str]


class Overtaken(Exception):
    """The object is not at the version the writer had read."""


class Bucket(Protocol):
    """Objects by key. Every method raises Problem STA08 when the store does not answer or refuses us."""

    def get(self, key: str) -> tuple[bytes, Tag] | None: ...

    def put(self, key: str, body: bytes, over: Tag | None) -> Tag:
        """Write over the version ``over`` (None: over nothing). Raises Overtaken when that is not what is there."""

    def keys(self, folder: str) -> list[str]:
        """The keys below a folder, without the folder's own name."""


def swap(bucket: Bucket, key: str, body: bytes, over: Tag | None) -> Tag:
    """``bucket.put``, where a lost answer is settled by reading: what was refused may be our own first try."""
    try:
        return bucket.put(key, body, over)
    except Overtaken:
        there = bucket.get(key)
        if there is not None and there[0] == body:
            return there[1]
        raise
