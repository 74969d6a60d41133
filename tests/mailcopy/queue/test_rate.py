"""No more messages a second than allowed."""

from __future__ import annotations

import datetime as dt

from reconcile.mailcopy.queue.rate import AT_MOST, Rate


class Watch:
    """Time passes only by sleeping."""

    def __init__(self) -> None:
        self.slept = 0.0

    def now(self) -> dt.datetime:
        return dt.datetime(2025, 3, 30, 12, tzinfo=dt.UTC) + dt.timedelta(seconds=self.slept)

    def sleep(self, seconds: float) -> None:
        assert seconds <= AT_MOST, "its connections must be served meanwhile"
        self.slept += seconds


def copied(rate: Rate, watch: Watch, *boxes: str, messages: int) -> float:
    """Seconds in which so many messages of each mailbox go through, one by one."""
    for number in range(messages + 1):
        for box in boxes:
            rate.spend(box, number, watch)
    return watch.slept


def test_a_mailbox_gets_no_more_than_the_rate() -> None:
    assert 9 <= copied(Rate(100), Watch(), "a", messages=1000) <= 10


def test_all_mailboxes_of_a_worker_share_it() -> None:
    assert 9 <= copied(Rate(100), Watch(), "a", "b", messages=500) <= 10


def test_what_an_earlier_pass_copied_costs_nothing() -> None:
    watch, rate = Watch(), Rate(10)
    rate.spend("a", 5000, watch)
    assert watch.slept == 0


def test_without_a_limit_nobody_waits() -> None:
    assert copied(Rate(0), Watch(), "a", messages=1000) == 0
