"""Whether a run could do anything: what is due, free of gates, and waits for nothing unknown."""

from __future__ import annotations

import dataclasses
import datetime as dt

from tests.views.sample_plans import MIGRATION

from reconcile.applying.able import could_begin
from reconcile.planning.plan.plan import Blocked, Plan

LATE = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
EVERYTHING = {change.address for change in MIGRATION.changes}


def only(kind: str, **otherwise: object) -> Plan:
    changes = tuple(change for change in MIGRATION.changes if change.address.kind == kind)
    assert changes
    return dataclasses.replace(MIGRATION, changes=changes, unrecorded=(), blocked=(), **otherwise)  # type: ignore[arg-type]


def test_what_is_due_and_free_can_begin() -> None:
    assert could_begin(only("mailbox"), (), LATE)


def test_what_gates_hold_back_cannot() -> None:
    assert not could_begin(only("mailbox"), EVERYTHING, LATE)


def test_what_is_not_due_cannot() -> None:
    plan = only("mailbox")
    coming = tuple(dataclasses.replace(change, due=LATE) for change in plan.changes)
    plan = dataclasses.replace(plan, changes=coming)
    assert could_begin(plan, (), LATE)
    assert not could_begin(plan, (), LATE - dt.timedelta(minutes=1))


def test_what_waits_for_something_unknown_cannot_nor_what_waits_for_that() -> None:
    first, *others = only("mailbox").changes
    assert others
    chain = [dataclasses.replace(first, after=(others[-1].address,))]
    for one in others:
        chain.append(dataclasses.replace(one, after=(chain[-1].address,)))
    unknown = Blocked(others[-1].address, "nobody answers")
    plan = dataclasses.replace(only("mailbox"), changes=tuple(chain[:-1]), blocked=(unknown,))
    assert not could_begin(plan, (), LATE)
    assert could_begin(dataclasses.replace(plan, blocked=()), (), LATE)
