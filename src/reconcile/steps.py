"""Work that waits for the world without holding a thread: a generator that yields each of its waits."""

from __future__ import annotations

import concurrent.futures
import datetime as dt
import time
from collections.abc import Callable, Generator
from typing import TypeAlias, TypeVar

from reconcile.clock import Clock

T = TypeVar("T")

#: Until a moment has come, or until something has ended.
Wait: TypeAlias = "dt.datetime | concurrent.futures.Future[None]"

#: Work in steps. Each wait is answered with the moment at which it ended, in seconds of ``time.monotonic``: the same
#: for all who waited for that moment, so that they may share what is looked up after it.
Steps: TypeAlias = Generator[Wait, float, T]


def at_once(act: Callable[[], T]) -> Steps[T]:
    """What has no waits of its own, as steps."""
    yield from ()
    return act()


def in_one_go(steps: Steps[T], clock: Clock) -> T:
    """Carry the work out in the calling thread, which waits whenever the work does."""
    try:
        wait = next(steps)
        while True:
            if isinstance(wait, concurrent.futures.Future):
                concurrent.futures.wait([wait])
            elif (left := (wait - clock.now()).total_seconds()) > 0:
                clock.sleep(left)
            wait = steps.send(time.monotonic())
    except StopIteration as end:
        value: T = end.value
        return value
