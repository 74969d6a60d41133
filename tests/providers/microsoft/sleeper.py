"""A clock for tests that must not wait."""

from __future__ import annotations

import datetime as dt


class Sleeper:
    """A clock that notes how long it was asked to wait, and moves on by itself."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self._now = dt.datetime(2025, 3, 2, 17, 0, tzinfo=dt.UTC)

    def now(self) -> dt.datetime:
        return self._now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._now += dt.timedelta(seconds=seconds)
