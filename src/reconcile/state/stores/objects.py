"""State in an object store: one object per federation, replaced only if nobody else did, and leases for locks."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import PurePosixPath

from reconcile.clock import Clock
from reconcile.language.phrase import Phrase
from reconcile.state.snapshot.encoding import PLAIN, Encoding
from reconcile.state.snapshot.snapshot import Snapshot
from reconcile.state.stores.bucket import Bucket, Overtaken, swap
from reconcile.state.stores.lease import BEAT, Leases
from reconcile.state.stores.store import Holder, check_swap, overtaken


class ObjectStore:
    """``federations/<slug>.json`` and ``locks/<slug>.json`` in a bucket."""

    def __init__(
        self, bucket: Bucket, clock: Clock, lost: Callable[[], None], encoding: Encoding = PLAIN, beat: float = BEAT
    ) -> None:
        """``clock`` is that of the leases; ``lost`` and ``beat``: see lease.py."""
        self._bucket = bucket
        self._encoding = encoding
        self._leases = Leases(bucket, clock, lost, beat)

    def read(self, federation: str) -> Snapshot | None:
        there = self._bucket.get(_key(federation))
        return self._decoded(federation, there[0]) if there else None

    def write(self, snapshot: Snapshot) -> Snapshot:
        key = _key(snapshot.federation)
        written = dataclasses.replace(snapshot, serial=snapshot.serial + 1)
        there = self._bucket.get(key)
        stored = self._decoded(snapshot.federation, there[0]) if there else None
        if stored == written:
            return written  # an earlier try whose answer was lost
        check_swap(stored, snapshot)
        try:
            swap(self._bucket, key, self._encoding.encode(written), there[1] if there else None)
        except Overtaken:
            raise overtaken(snapshot, Phrase("another serial")) from None
        return written

    def federations(self) -> list[str]:
        return sorted(name.removesuffix(".json") for name in self._bucket.keys("federations"))

    def lock(self, federation: str, holder: Holder) -> AbstractContextManager[None]:
        return self._leases.hold(federation, holder)

    def locks(self) -> dict[str, Holder | None]:
        return self._leases.held()

    def break_lock(self, federation: str, run: str) -> None:
        self._leases.break_lock(federation, run)

    def _decoded(self, federation: str, body: bytes) -> Snapshot:
        return self._encoding.decode(body, PurePosixPath(_key(federation)), federation)


def _key(federation: str) -> str:
    return f"federations/{federation}.json"
