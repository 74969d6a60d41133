"""Until when senders may hold an MX of before the switch, told by what was written of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import dns.name
import dns.rdataset
import pytest
from dns.rdatatype import RdataType

from reconcile.providers.dns.journal import RecordJournal
from reconcile.providers.dns.old_mx import old_mx_until
from reconcile.providers.dns.primary.client import Verdict
from reconcile.providers.dns.primary.compare_and_swap import Swap

OLD, NEW = "10 mx1.mutualise.example.", "0 spf55-org.k-v1.mx.microsoft."
ZONE = dns.name.from_text("spf55.org")
DAY = 86400
CUTOVER = dt.datetime(2025, 1, 19, 17, tzinfo=dt.UTC)


class Clock:
    def __init__(self) -> None:
        self.moment = CUTOVER

    def now(self) -> dt.datetime:
        return self.moment

    def sleep(self, seconds: float) -> None:
        raise NotImplementedError


def mx(value: str, ttl: int) -> dns.rdataset.Rdataset:
    return dns.rdataset.from_text("IN", "MX", ttl, value)


#: When, in days from the cutover; the MX and its TTL before and after; what the server said.
Written = tuple[float, tuple[str, int], tuple[str, int], Verdict]


@pytest.mark.parametrize(
    ("written", "until"),
    [
        ([], None),
        # Lowered in time: the old answer of a day is forgotten long before.
        ([(-7, (OLD, DAY), (OLD, 300), Verdict.ACCEPTED), (0, (OLD, 300), (NEW, 300), Verdict.ACCEPTED)], 300),
        # Lowered too late for what it was: caches hold it beyond the switch.
        ([(-7, (OLD, 10 * DAY), (OLD, 300), Verdict.ACCEPTED), (0, (OLD, 300), (NEW, 300), Verdict.ACCEPTED)], 3 * DAY),
        # Not lowered at all.
        ([(0, (OLD, 2 * DAY), (NEW, 2 * DAY), Verdict.ACCEPTED)], 2 * DAY),
        # Switched late.
        ([(3, (OLD, 300), (NEW, 300), Verdict.ACCEPTED)], 3 * DAY + 300),
        # Raised once it leads to the tenant: that is not the old one.
        ([(0, (OLD, 300), (NEW, 300), Verdict.ACCEPTED), (2, (NEW, 300), (NEW, DAY), Verdict.ACCEPTED)], 300),
        # Went back and came again.
        (
            [
                (0, (OLD, 300), (NEW, 300), Verdict.ACCEPTED),
                (1, (NEW, 300), (OLD, 300), Verdict.ACCEPTED),
                (28, (OLD, 600), (NEW, 300), Verdict.ACCEPTED),
            ],
            28 * DAY + 600,
        ),
        # What was refused did not happen; what nobody heard of may have.
        ([(0, (OLD, 2 * DAY), (NEW, 300), Verdict.CONFLICT)], None),
        ([(0, (OLD, 2 * DAY), (NEW, 300), Verdict.UNHEARD)], 2 * DAY),
    ],
)
def test_each_change_of_an_old_mx_counts_for_its_life(
    tmp_path: Path, written: Sequence[Written], until: float | None
) -> None:
    clock = Clock()
    journal = RecordJournal(tmp_path, clock)
    for days, before, after, verdict in written:
        clock.moment = CUTOVER + dt.timedelta(days=days)
        swaps = [Swap(ZONE, RdataType.MX, mx(*before), mx(*after))]
        journal("spf55", ZONE, swaps, None)
        journal("spf55", ZONE, swaps, verdict)
    expected = None if until is None else CUTOVER + dt.timedelta(seconds=until)
    assert old_mx_until(journal.entries("spf55")) == expected
