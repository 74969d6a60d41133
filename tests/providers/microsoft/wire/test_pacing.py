"""Within the published quotas, without asking the time for every request."""

from __future__ import annotations

import concurrent.futures
import datetime as dt
import threading

from tests.providers.microsoft.sleeper import Sleeper

from reconcile.providers.microsoft.wire.pacing import Places, Quota


def test_a_burst_within_the_quota_never_waits_nor_looks_at_the_clock(sleeper: Sleeper) -> None:
    quota = Quota(sleeper)
    for _ in range(3000):
        quota.take(units=1, writes=1)
    assert sleeper.slept == []


def test_writes_beyond_the_quota_flow_at_its_rate(sleeper: Sleeper) -> None:
    quota = Quota(sleeper)
    began = sleeper.now()
    for _ in range(6000):
        quota.take(units=1, writes=1)
    elapsed = (sleeper.now() - began) / dt.timedelta(seconds=1)
    assert 149 <= elapsed <= 151


def test_room_grows_by_one_for_each_round_in_peace_up_to_the_most() -> None:
    places = Places(few=4, most=6)
    for _ in range(5):
        places.answered()
    assert places.room == 5
    for _ in range(100):
        places.answered()
    assert places.room == 6


def test_a_service_that_asks_to_slow_down_gets_half_and_never_nothing() -> None:
    places = Places(few=8, most=8)
    places.slow_down()
    assert places.room == 4
    for _ in range(9):
        places.slow_down()
    assert places.room == 1


def test_no_more_are_under_way_than_there_is_room_for() -> None:
    places = Places(few=2, most=2)
    together: list[int] = []
    inside = threading.Semaphore(0)
    door = threading.Lock()

    def go(_: int) -> None:
        with places.one():
            inside.release()
            with door:
                together.append(places.taken)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        with door:  # nobody leaves before as many as can have come in
            runs = [pool.submit(go, number) for number in range(8)]
            assert inside.acquire(timeout=30)
            assert inside.acquire(timeout=30)
            assert not inside.acquire(blocking=False)
        concurrent.futures.wait(runs)
    assert max(together) <= 2
    assert len(together) == 8
