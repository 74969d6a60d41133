"""How a snapshot is encoded in a store: in the clear, or sealed to those who may read it."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import PurePath
from typing import Protocol

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.state import age
from reconcile.state.snapshot.snapshot import Snapshot, damaged, decode, encode
from reconcile.state.snapshot.upgrades import FORMAT, readable
from reconcile.strict_json import read_json


class Encoding(Protocol):
    """From a snapshot to the bytes a store keeps, and back. The bytes are JSON with a top-level serial and lineage."""

    def encode(self, snapshot: Snapshot) -> bytes: ...

    def decode(self, data: bytes, path: PurePath, federation: str) -> Snapshot:
        """Read the snapshot of that federation. Raises STA02: damaged; STA03: newer; STA14: the other encoding."""


class Plain:
    """As encode says: readable, and a small difference from one serial to the next."""

    def encode(self, snapshot: Snapshot) -> bytes:
        return encode(snapshot)

    def decode(self, data: bytes, path: PurePath, federation: str) -> Snapshot:
        if is_sealed(data):
            raise Problem(
                "STA14",
                Phrase("{path} is sealed, and reconcile.toml seals to nobody.", path=path),
                "put back seal_to in reconcile.toml; or, to keep it in the clear: reconcile state reseal",
            )
        return _of(decode(data, path), path, federation)


PLAIN = Plain()


class Sealed:
    """Encrypted with age (age-encryption.org/v1) to recipients, X25519 or SSH, and read with one of their identities.

    What is inside names its federation, lineage and serial too: an envelope cannot be moved to another place.
    """

    def __init__(self, recipients: Sequence[str], identities: Sequence[str]) -> None:
        """Raises STA15 for a key that is none."""
        self._recipients = [age.recipient(text, "STA15", "seal_to") for text in recipients]
        self._identities = [
            key for text in identities for key in age.identities(text, "STA15", "RECONCILE_STATE_IDENTITY")
        ]

    def encode(self, snapshot: Snapshot) -> bytes:
        import pyrage

        sealed = pyrage.encrypt(encode(snapshot), self._recipients)
        envelope = {
            "format": FORMAT,
            "federation": snapshot.federation,
            "lineage": snapshot.lineage,
            "serial": snapshot.serial,
            "sealed": base64.b64encode(sealed).decode(),
        }
        return (json.dumps(envelope, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()

    def decode(self, data: bytes, path: PurePath, federation: str) -> Snapshot:
        import pyrage

        if not is_sealed(data):
            # Taking it would let whoever can write there pass off a state of their own making.
            _of(decode(data, path), path, federation)
            raise Problem(
                "STA14",
                Phrase("{path} is in the clear, and reconcile.toml asks for a seal.", path=path),
                "run: reconcile state reseal",
            )
        envelope = read_json(data)
        try:
            readable(envelope.get("format"), path)
            opened = pyrage.decrypt(base64.b64decode(envelope["sealed"], validate=True), self._identities)
        except (pyrage.DecryptError, ValueError, TypeError):
            raise Problem(
                "STA15",
                Phrase("{path} cannot be opened with the identity given.", path=path),
                "set RECONCILE_STATE_IDENTITY to an age identity the state was sealed to",
            ) from None
        snapshot = decode(opened, path)
        if any(envelope.get(name) != getattr(snapshot, name) for name in ("federation", "lineage", "serial")):
            raise damaged(path, Phrase("its envelope is not its own"))
        return _of(snapshot, path, federation)


class Migrating:
    """Reads either encoding and writes the one given: for the day the seal is put on, taken off, or its keys change."""

    def __init__(self, writes: Encoding, opens: Encoding) -> None:
        self._writes = writes
        self._opens = opens

    def encode(self, snapshot: Snapshot) -> bytes:
        return self._writes.encode(snapshot)

    def decode(self, data: bytes, path: PurePath, federation: str) -> Snapshot:
        return (self._opens if is_sealed(data) else PLAIN).decode(data, path, federation)


def is_sealed(data: bytes) -> bool:
    """Whether the bytes are an envelope; False for what is no JSON at all."""
    try:
        document = read_json(data)
    except ValueError:
        return False
    return isinstance(document, dict) and isinstance(document.get("sealed"), str)


def _of(snapshot: Snapshot, path: PurePath, federation: str) -> Snapshot:
    if snapshot.federation != federation:
        raise damaged(path, Phrase("it holds the state of {federation}", federation=snapshot.federation))
    return snapshot
