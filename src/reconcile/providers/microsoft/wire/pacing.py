"""Asking no more of the tenant than it bears: within Graph's quotas, and as much at once as Exchange takes."""

from __future__ import annotations

import contextlib
import datetime as dt
import threading
from collections.abc import Iterator

from reconcile.clock import Clock


class Quota:
    """What one application may ask of one tenant (Microsoft, "Graph service-specific throttling limits", identity and
    access): 3 500 resource units in 10 seconds for the smallest tenants, 3 000 writes in 150 seconds. Thread-safe.
    """

    def __init__(self, clock: Clock) -> None:
        self._units = _Bucket(clock, 3500, 10)
        self._writes = _Bucket(clock, 3000, 150)

    def take(self, units: int, writes: int) -> None:
        """Return once that much may be spent."""
        self._units.take(units)
        self._writes.take(writes)


class Places:
    """How many requests a service carries at once, found out by trying, where nobody publishes a figure. Thread-safe.

    Begins with ``few``. Each round of requests answered in peace makes room for one more, up to ``most``; being asked
    to slow down halves the room, never below one.
    """

    def __init__(self, few: int, most: int) -> None:
        self.most = most
        self._room = float(few)
        self.taken = 0
        self._changed = threading.Condition()

    @property
    def room(self) -> int:
        return int(self._room)

    @contextlib.contextmanager
    def one(self) -> Iterator[None]:
        """A place while the block runs, once there is one."""
        with self._changed:
            self._changed.wait_for(lambda: self.taken < self.room)
            self.taken += 1
        try:
            yield
        finally:
            with self._changed:
                self.taken -= 1
                self._changed.notify()

    def answered(self) -> None:
        with self._changed:
            self._room = min(self.most, self._room + 1 / self._room)
            self._changed.notify()

    def slow_down(self) -> None:
        with self._changed:
            self._room = max(1.0, self._room / 2)


class _Bucket:
    """Holds ``capacity`` and refills steadily in ``window`` seconds. The clock is looked at only when it is empty."""

    def __init__(self, clock: Clock, capacity: int, window: int) -> None:
        self._clock = clock
        self._capacity = float(capacity)
        self._rate = capacity / window
        self._level = float(capacity)
        self._filled: dt.datetime | None = None
        self._lock = threading.Lock()

    def take(self, amount: int) -> None:
        with self._lock:
            if self._level < amount:
                self._refill()
            if self._level < amount:
                self._clock.sleep((amount - self._level) / self._rate)
                self._refill()
            self._level -= amount

    def _refill(self) -> None:
        now = self._clock.now()
        # When it empties for the first time nobody knows for how long it was filling: it is taken for no time at all.
        passed = (now - (self._filled or now)) / dt.timedelta(seconds=1)
        self._level = min(self._capacity, self._level + passed * self._rate)
        self._filled = now
