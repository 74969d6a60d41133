"""A few mailboxes without a seat are named, and a thousand are counted."""

from __future__ import annotations

from reconcile.planning.plan.plan import SeatCount
from reconcile.resources.address import Address
from reconcile.views.alarms import lacking, lacking_by_federation


def test_a_few_missing_seats_are_named() -> None:
    few = _seats(2)
    assert lacking(few).endswith("an apply leaves out p0000@spf55.org, p0001@spf55.org, and what depends on them")
    assert lacking_by_federation(few) == ["spf55/mailbox/p0000@spf55.org", "spf55/mailbox/p0001@spf55.org"]


def test_a_thousand_missing_seats_are_counted() -> None:
    many = _seats(1000)
    assert lacking(many).startswith("M365-12 1000 seats of licence E1 missing: an apply leaves out p0000@spf55.org, ")
    assert "p0009@spf55.org and 990 others (reconcile plan --json names them all)" in lacking(many)
    assert "p0010@spf55.org" not in lacking(many)
    assert lacking_by_federation(many) == ["spf55: 1000 mailboxes"]


def _seats(number: int) -> SeatCount:
    boxes = tuple(Address("spf55", "mailbox", f"p{index:04}@spf55.org") for index in range(number))
    return SeatCount("E1", 0, 0, 0, boxes)
