"""The tenant's time: it flows as real time does, and leaps when the control address says so."""

from __future__ import annotations

import datetime as dt
import heapq
import time
from collections.abc import Callable


class VirtualClock:
    """Time and what is to happen in it.

    ``flow`` gives elapsed real seconds; a test that wants the time frozen passes a constant.
    """

    def __init__(self, start: dt.datetime, flow: Callable[[], float] = time.monotonic) -> None:
        self._start = start
        self._flow = flow
        self._origin = flow()
        self._leapt = dt.timedelta()
        self._agenda: list[tuple[dt.datetime, int, Callable[[], None]]] = []
        self._filed = 0

    def now(self) -> dt.datetime:
        return self._start + dt.timedelta(seconds=self._flow() - self._origin) + self._leapt

    def advance_to(self, moment: dt.datetime) -> dt.datetime:
        """Leap to ``moment``; one that has passed changes nothing, for time never goes back."""
        self._leapt += max(moment - self.now(), dt.timedelta())
        return self.now()

    def after(self, seconds: float, event: Callable[[], None]) -> None:
        """Let ``event`` happen in that many seconds; at once when there is nothing to wait for."""
        if seconds <= 0:
            event()
            return
        heapq.heappush(self._agenda, (self.now() + dt.timedelta(seconds=seconds), self._filed, event))
        self._filed += 1

    def settle(self) -> None:
        """Let everything that is due happen, in the order of its time."""
        now = self.now()
        while self._agenda and self._agenda[0][0] <= now:
            heapq.heappop(self._agenda)[2]()
