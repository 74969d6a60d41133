"""Whose first password was delivered, as the people of a federation come and go."""

from __future__ import annotations

from pathlib import Path

from reconcile.planning.diff.diff import diff
from reconcile.planning.plan.plan import Cause, Change
from reconcile.providers.delivery.outbox import Outbox
from reconcile.providers.delivery.provider import shown_of
from reconcile.resources.address import Address
from reconcile.resources.resource import Desired, Value
from reconcile.state.snapshot.snapshot import Record

MEUSE = Address("spf55", "credentials", "spf55.org")
DELIVERED: dict[str, Value] = {"account": "meuse", "people": ("anne@spf55.org", "luc@spf55.org")}


def change_for(outbox: Path, *people: str) -> Change | None:
    record = Record(MEUSE, "", DELIVERED, "run", "run", "2025-01-19T17:00:00+00:00")
    live = shown_of(Outbox(outbox), MEUSE, people, record.fields)
    return diff(Desired(MEUSE, {"account": "meuse", "people": people}), live, record, lambda reference: None)


def test_whoever_left_asks_for_no_delivery(tmp_path: Path) -> None:
    assert change_for(tmp_path, "anne@spf55.org") is None


def test_a_successor_is_a_change_of_the_file_and_no_drift(tmp_path: Path) -> None:
    change = change_for(tmp_path, "anne@spf55.org", "zoe@spf55.org")
    assert change is not None
    assert [field.cause for field in change.fields] == [Cause.YAML]
