"""A lock where no kernel frees it: an object with a holder and an end, renewed as long as its holder lives.

A lease that ran out is shown as such and never taken silently: the clocks of two machines may differ, and a paused
process may wake up. Somebody looks, then breaks it. Snapshots are compare-and-swap all the same.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import json
import threading
from collections.abc import Callable, Iterator

from reconcile.clock import Clock
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.state.stores.bucket import Bucket, Overtaken, Tag, swap
from reconcile.state.stores.store import STALE_OR_LOCKED, Holder, locked
from reconcile.strict_json import read_json

#: Seconds between two renewals, and how long each lasts.
BEAT = 30.0
LASTING = 120.0


@dataclasses.dataclass(frozen=True, slots=True)
class Lease:
    """What a lock object says. ``holder`` None: free. ``until``: ISO 8601, UTC, when it runs out unless renewed."""

    holder: Holder | None
    until: str

    def encode(self) -> bytes:
        holder = dataclasses.asdict(self.holder) if self.holder else None
        return (json.dumps({"holder": holder, "until": self.until}, ensure_ascii=False, sort_keys=True) + "\n").encode()

    @classmethod
    def decode(cls, body: bytes) -> Lease:
        """A body that makes no sense is taken for a lock without a known holder, never for a free one."""
        try:
            document = read_json(body)
            holder = document["holder"]
            return cls(Holder(**holder) if holder is not None else None, str(document["until"]))
        except (ValueError, TypeError, KeyError):
            return cls(Holder("unknown", "somebody", "unknown", 0, "unknown"), "")


class Leases:
    """The leases of one bucket, one per federation, as ``locks/<slug>.json``."""

    def __init__(self, bucket: Bucket, clock: Clock, lost: Callable[[], None], beat: float = BEAT) -> None:
        """``lost`` is called, from another thread, when a lease we hold was broken: the run should stop."""
        self._bucket = bucket
        self._clock = clock
        self._lost = lost
        self._beat = beat

    @contextlib.contextmanager
    def hold(self, federation: str, holder: Holder) -> Iterator[None]:
        """Hold the lease. Raises STA05 when another does, STA07 at the end when it was broken meanwhile."""
        key = _key(federation)
        there = self._bucket.get(key)
        if there is not None and (present := Lease.decode(there[0])).holder is not None:
            raise self._refusal(federation, present)
        try:
            tag = swap(self._bucket, key, self._renewed(holder), there[1] if there else None)
        except Overtaken:
            raise locked(federation, None) from None
        pulse = _Pulse(self._bucket, key, tag, lambda: self._renewed(holder), self._lost, self._beat)
        try:
            yield
        finally:
            broken = not pulse.end(Lease(None, self._now().isoformat()).encode())
        if broken:
            raise Problem(
                "STA07",
                Phrase("The lock on {federation} was broken while this run held it.", federation=federation),
                "what was written is in the state; plan again before anything else",
                STALE_OR_LOCKED,
            )

    def held(self) -> dict[str, Holder | None]:
        """The federations whose lease is taken, run out or not, and by whom."""
        found: dict[str, Holder | None] = {}
        for name in self._bucket.keys("locks"):
            there = self._bucket.get(f"locks/{name}")
            holder = Lease.decode(there[0]).holder if there else None
            if holder is not None:
                found[name.removesuffix(".json")] = holder
        return found

    def break_lock(self, federation: str, run: str) -> None:
        """Free the lease that ``run`` holds. Raises STA09 when it is not that run's any more."""
        there = self._bucket.get(_key(federation))
        holder = Lease.decode(there[0]).holder if there else None
        try:
            if there is None or holder is None or holder.run != run:
                raise Overtaken
            swap(self._bucket, _key(federation), Lease(None, self._now().isoformat()).encode(), there[1])
        except Overtaken:
            now = Phrase("run {run} does", run=holder.run) if holder else Phrase("nobody does")
            raise Problem(
                "STA09",
                Phrase(
                    "Run {run} does not hold the lock on {federation}; {now}.", run=run, federation=federation, now=now
                ),
                "see: reconcile lock list",
            ) from None

    def _renewed(self, holder: Holder) -> bytes:
        return Lease(holder, (self._now() + dt.timedelta(seconds=LASTING)).isoformat()).encode()

    def _now(self) -> dt.datetime:
        return self._clock.now()

    def _refusal(self, federation: str, present: Lease) -> Problem:
        problem = locked(federation, present.holder)
        if present.until < self._now().isoformat() and present.holder is not None:
            problem.hint = Phrase(
                "it has given no sign of life since {until}; if that run is dead: "
                "reconcile force-unlock {federation} {run}",
                until=present.until or Phrase("an unknown moment"),
                federation=federation,
                run=present.holder.run,
            )
        return problem


class _Pulse:
    """Renews a lease from a thread of its own until it ends or the lease is somebody else's."""

    def __init__(
        self,
        bucket: Bucket,
        key: str,
        tag: Tag,
        body: Callable[[], bytes],
        lost: Callable[[], None],
        beat: float,
    ) -> None:
        self._bucket = bucket
        self._key = key
        self._tag = tag
        self._body = body
        self._tell_lost = lost
        self._beat = beat
        self._over = threading.Event()
        self._broken = False
        self._thread = threading.Thread(target=self._run, name=f"lease {key}", daemon=True)
        self._thread.start()

    def end(self, free: bytes) -> bool:
        """Stop renewing and free the lease; False when it had been broken."""
        self._over.set()
        self._thread.join()
        if self._broken:
            return False
        try:
            swap(self._bucket, self._key, free, self._tag)
        except Overtaken:
            return False
        return True

    def _run(self) -> None:
        while not self._over.wait(self._beat):
            try:
                self._tag = swap(self._bucket, self._key, self._body(), self._tag)
            except Overtaken:
                self._broken = True
                self._tell_lost()
                return
            except Problem:
                continue  # the store does not answer; the lease lasts four beats


def _key(federation: str) -> str:
    return f"locks/{federation}.json"
