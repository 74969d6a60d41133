"""Time as an argument: what waits or stamps is handed a clock."""

from __future__ import annotations

import datetime as dt
import time
from typing import Protocol


class Clock(Protocol):
    """Where the time comes from and how one waits for it."""

    def now(self) -> dt.datetime:
        """The present moment, timezone-aware, in UTC."""

    def sleep(self, seconds: float) -> None:
        """Return once that many seconds have passed on this clock."""


class AsOfClock:
    """Another clock, moved so that it shows ``moment`` now: a day may be played before it comes."""

    def __init__(self, clock: Clock, moment: dt.datetime) -> None:
        self._clock = clock
        self._ahead = moment - clock.now()

    def now(self) -> dt.datetime:
        return self._clock.now() + self._ahead

    def sleep(self, seconds: float) -> None:
        self._clock.sleep(seconds)


class SystemClock:
    """The machine's own clock."""

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)
