"""A virtual day is as long as its waits, however busy the machine is: nobody leaps past who still works."""

from __future__ import annotations

import datetime as dt
import threading

from reconcile.sandbox.tenant.behaviour.turns import Turns
from reconcile.sandbox.tenant.behaviour.virtual_clock import VirtualClock

BEGIN = dt.datetime(2025, 1, 19, 17, tzinfo=dt.UTC)


def after(seconds: float) -> dt.datetime:
    return BEGIN + dt.timedelta(seconds=seconds)


class Waiters:
    """Clients in threads of their own; ``seen``: what the clock showed as each went on, in order."""

    def __init__(self) -> None:
        self.clock = VirtualClock(BEGIN, lambda: 0.0)
        self.turns = Turns(self.clock.now, stuck=600)
        self.seen: list[tuple[float, dt.datetime]] = []
        self._threads: list[threading.Thread] = []

    def wait_for(self, *seconds: float) -> None:
        for one in seconds:
            self._threads.append(threading.Thread(target=self._wait, args=(one,)))
            self._threads[-1].start()

    def end(self) -> None:
        for thread in self._threads:
            thread.join()

    def _wait(self, seconds: float) -> None:
        with self.turns.leap(after(seconds)):
            self.seen.append((seconds, self.clock.advance_to(after(seconds))))


def test_the_earlier_moment_comes_first_whoever_asked_first() -> None:
    waiters = Waiters()
    with waiters.turns.work():
        waiters.wait_for(60, 30, 45)
        while len(waiters.turns._moments) < 3:
            pass
    waiters.end()
    assert waiters.seen == [(one, after(one)) for one in (30, 45, 60)]


def test_nobody_moves_the_clock_while_somebody_is_answered() -> None:
    waiters = Waiters()
    with waiters.turns.work():
        waiters.wait_for(30)
        while not waiters.turns._moments:
            pass
        assert waiters.clock.now() == BEGIN
        waiters.clock.advance_to(after(30))  # unless it is that late anyhow
        waiters.end()
    assert waiters.seen == [(30, after(30))]
