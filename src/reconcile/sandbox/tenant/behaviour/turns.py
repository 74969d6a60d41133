"""Whose turn it is to move the virtual clock, so that a busy machine does not lengthen a virtual day.

Each client that waits names a moment. Were the clock moved at once, whoever has nothing to do would leap past those who
still work: a thousand threads on two cores see hours go by in what the world does in minutes.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import threading
import time
from collections.abc import Callable, Iterator

#: Seconds without a request after which whoever waits beside others may move the clock; so long after the last answer
#: whoever is still not answered is taken for one who waits, too; at most so long it is put off while others work; and
#: so long after two were here at once, one is taken for not alone.
_QUIET, _STUCK, _LONGEST, _CROWDED = 0.02, 2.0, 30.0, 1.0


class Turns:
    """``now`` is the virtual time. One client alone moves it at once; of several, the one whose moment comes first does
    once nobody asks for anything else."""

    def __init__(self, now: Callable[[], dt.datetime], stuck: float = _STUCK) -> None:
        self._now = now
        self._stuck = stuck
        self._moments: list[dt.datetime] = []
        self._busy = 0
        self._last = self._crowded = float("-inf")
        self._changed = threading.Condition()

    @contextlib.contextmanager
    def work(self) -> Iterator[None]:
        """Answer a request that is not about time."""
        with self._changed:
            self._busy += 1
            self._count()
        try:
            yield
        finally:
            with self._changed:
                self._busy -= 1
                self._last = time.monotonic()
                self._changed.notify_all()

    @contextlib.contextmanager
    def leap(self, moment: dt.datetime) -> Iterator[None]:
        """Wait for the turn to make it ``moment``; then it is work like any other, until the answer is written."""
        with self._changed:
            self._moments.append(moment)
            self._count()
            began = time.monotonic()
            while not self._may(moment, began):
                self._changed.wait(_QUIET)
            self._moments.remove(moment)
        with self.work():
            yield

    def _may(self, moment: dt.datetime, began: float) -> bool:
        if self._now() >= moment:
            return True
        if moment > min(self._moments):
            return False
        now = time.monotonic()
        quiet = now - self._last >= _QUIET or now - self._crowded >= _CROWDED
        stuck = now - max(self._last, began) >= self._stuck or now - began >= _LONGEST
        return stuck or (quiet and not self._busy)

    def _count(self) -> None:
        if self._busy + len(self._moments) > 1:
            self._crowded = time.monotonic()
