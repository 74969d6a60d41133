"""Many works under way and few threads: who waits holds nobody up, and what fails is told to whom it concerns."""

from __future__ import annotations

import concurrent.futures
import datetime as dt
import threading
from collections.abc import Sequence

import pytest
from tests.applying.memory import StoppedClock

from reconcile.applying.crew import BEAT, WORKERS, Crew
from reconcile.steps import Steps, in_one_go

MANY = 2000


class Waiter:
    """Waits for so many seconds, as often as it is told, and notes in which threads and at which moments it woke."""

    def __init__(self, clock: StoppedClock) -> None:
        self.clock = clock
        self.moments: list[tuple[dt.datetime, float]] = []
        self.threads: set[int] = set()

    def waiting(self, pauses: Sequence[float]) -> Steps[int]:
        for pause in pauses:
            ended = yield self.clock.now() + dt.timedelta(seconds=pause)
            self.moments.append((self.clock.now(), ended))
            self.threads.add(threading.get_ident())
        return len(pauses)


def test_thousands_wait_in_few_threads() -> None:
    clock = StoppedClock()
    waiter = Waiter(clock)
    before = threading.active_count()
    with Crew(clock) as crew:
        gate: concurrent.futures.Future[None] = concurrent.futures.Future()

        def together() -> Steps[int]:
            yield gate
            return (yield from waiter.waiting([30.0, 5.0]))

        ends = [crew.start("mailbox", together()) for _ in range(MANY)]
        gate.set_result(None)
        assert {end.result(60) for end in ends} == {2}
        most = threading.active_count()
    assert len(waiter.threads) <= WORKERS
    assert most <= before + WORKERS + 1


def test_a_long_wait_is_waited_for_in_beats_that_no_shorter_one_misses() -> None:
    slept = []

    class Noted(StoppedClock):
        def sleep(self, seconds: float) -> None:
            slept.append(seconds)
            super().sleep(seconds)

    clock = Noted()
    began = clock.now()
    with Crew(clock) as crew:
        assert crew.start("mailbox", Waiter(clock).waiting([61.0])).result(60) == 1
    assert clock.now() - began == dt.timedelta(seconds=61)
    assert max(slept) <= BEAT


def test_those_that_hang_hold_none_that_goes_on_nor_those_of_another_sort() -> None:
    clock, hanging, free = StoppedClock(), threading.Event(), []

    def hung() -> Steps[None]:
        yield clock.now()
        assert hanging.wait(60)

    def going_on() -> Steps[None]:
        yield clock.now() + dt.timedelta(seconds=5)
        free.append(True)

    with Crew(clock) as crew:
        stuck = [crew.start("mailbox", hung()) for _ in range(WORKERS - 1)]
        stuck += [crew.start("lock", hung()) for _ in range(WORKERS)]
        others = [crew.start("mailbox", going_on()) for _ in range(100)]
        concurrent.futures.wait(others, 60)
        assert len(free) == len(others)
        assert not any(one.done() for one in stuck)
        hanging.set()


def test_a_clock_that_fails_is_an_error_of_everyone_who_waits_and_of_nobody_else() -> None:
    class Broken(StoppedClock):
        def sleep(self, seconds: float) -> None:
            raise ConnectionError("no clock")

    clock = Broken()
    caught = []

    def bearing_it() -> Steps[str]:
        try:
            yield clock.now() + dt.timedelta(seconds=30)
        except ConnectionError as error:
            caught.append(str(error))
        return "went on"

    with Crew(clock) as crew:
        broken = crew.start("mailbox", Waiter(clock).waiting([30.0]))
        bearing = crew.start("mailbox", bearing_it())
        with pytest.raises(ConnectionError, match="no clock"):
            broken.result(60)
        assert bearing.result(60) == "went on"
        assert crew.start("mailbox", Waiter(clock).waiting([])).result(60) == 0
    assert caught == ["no clock"]


def test_in_one_go_the_calling_thread_waits_as_long() -> None:
    clock = StoppedClock()
    waiter, began = Waiter(clock), clock.now()
    assert in_one_go(waiter.waiting([30.0, 5.0]), clock) == 2
    assert clock.now() - began == dt.timedelta(seconds=35)
    assert waiter.threads == {threading.get_ident()}
