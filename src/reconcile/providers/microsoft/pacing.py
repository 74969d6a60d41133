"""Staying within Graph's published quotas, so that the tenant never has to refuse."""

from __future__ import annotations

import datetime as dt
import threading

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
