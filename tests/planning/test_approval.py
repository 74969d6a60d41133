"""What is approved is what is written: at any moment of the calendar, whatever drifted, and nothing else."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from reconcile.config.settings.tables.calendar import Calendar
from reconcile.planning.approval import ABSENT, Decisions, Difference, decisions, differences, unapproved
from reconcile.planning.plan.plan import Action, Basis, Cause, Change, Plan
from reconcile.resources.address import Address
from reconcile.resources.milestones import Milestones, milestones
from reconcile.resources.resource import Desired, Reference, Value

BOX = Address("spf55", "mailbox", "contact@spf55.org")
LIFE = Address("spf55", "dns", "spf55.org/MX/ttl")
MX = Address("spf55", "dns", "spf55.org/MX")
GONE = Address("spf55", "mailbox", "old@spf55.org")
DAY = milestones(dt.date(2025, 1, 20), Calendar())
NOW = dt.datetime(2025, 1, 6, 12, tzinfo=dt.UTC)


def compiled(now: dt.datetime, licence: str = "E1", moments: Milestones = DAY) -> list[Desired]:
    """A mailbox, and records that are something else once the switch is over."""
    over = now >= moments.cutover
    found = [
        Desired(BOX, {"licence": licence}),
        Desired(MX, {"values": Reference(Address("spf55", "domain", "spf55.org"), "mx")}, due=moments.cutover),
        Desired(LIFE, {"ttl": 3600 if over else 300}, due=moments.settled if over else moments.preparation),
    ]
    return found if now < moments.authoritative else found[:2]


def decided(licence: str = "E1", moments: Milestones = DAY) -> Decisions:
    return decisions("spf55", lambda now: compiled(now, licence, moments), moments, [BOX, GONE])


def plan(*changes: Change) -> Plan:
    return Plan(NOW, NOW, "test", {"spf55": Basis("Meuse", "", "", 0)}, changes)


def change(address: Address, action: Action = Action.UPDATE, cause: Cause = Cause.YAML) -> Change:
    return Change(address, action, cause, None, {})


def test_what_was_approved_a_fortnight_before_is_approved_on_the_eve_and_after() -> None:
    approved = {"spf55": decided()}
    for moment in (NOW, DAY.preparation, DAY.lock, DAY.cutover, DAY.settled, DAY.departure):
        asked = compiled(moment)
        changes = plan(*(change(one.address) for one in asked))
        assert unapproved(changes, approved, asked) == ()


@pytest.mark.parametrize("cause", [Cause.YAML, Cause.DRIFT])
def test_drift_is_corrected_to_what_was_approved_and_another_value_is_not_written(cause: Cause) -> None:
    changes = plan(change(BOX, cause=cause))
    assert unapproved(changes, {"spf55": decided()}, compiled(NOW)) == ()
    assert unapproved(changes, {"spf55": decided()}, compiled(NOW, "E3")) == changes.changes


def test_a_date_that_moved_is_another_decision() -> None:
    later = milestones(dt.date(2025, 3, 3), Calendar())
    found = differences(decided(), decided(moments=later))
    assert {one.address for one in found} == {str(MX), str(LIFE)}


def test_a_deletion_is_approved_by_its_address_alone() -> None:
    approved = {"spf55": decided()}
    assert unapproved(plan(change(GONE, Action.DELETE)), approved, []) == ()
    unseen = Address("spf55", "mailbox", "other@spf55.org")
    assert unapproved(plan(change(unseen, Action.DELETE)), approved, []) != ()
    assert unapproved(plan(change(BOX, Action.DELETE)), approved, []) != ()
    assert unapproved(plan(change(LIFE, Action.DELETE)), approved, []) == (), "the calendar takes it away"


def test_a_federation_nobody_approved_writes_nothing() -> None:
    changes = plan(change(BOX), change(GONE, Action.FORGET))
    assert [one.address for one in unapproved(changes, {}, compiled(NOW))] == [BOX]


def test_what_differs_is_told_by_address_and_what_went_meanwhile_is_no_difference() -> None:
    assert differences(decided(), decided()) == ()
    (licence,) = differences(decided(), decided("E3"))
    assert licence.address == str(BOX)
    assert ("E1" in licence.approved[0], "E3" in licence.now[0]) == (True, True)
    after = dataclasses.replace(decided(), removed=())
    assert differences(decided(), after) == ()
    assert differences(after, decided()) == (Difference(str(GONE), (), (ABSENT,)),)


def test_the_digest_is_that_of_the_decisions_and_not_of_their_order() -> None:
    turned = decisions("spf55", lambda now: compiled(now)[::-1], DAY, [GONE, BOX])
    assert turned.digest == decided().digest
    assert decided("E3").digest != decided().digest


def test_letters_follow_from_what_happened() -> None:
    letter = Address("spf55", "notice", "opening")
    fields: dict[str, Value | Reference] = {}
    found = decisions("spf55", lambda _: [Desired(letter, fields)], DAY, [])
    assert found.wanted == {}
    assert unapproved(plan(change(letter, Action.CREATE)), {"spf55": found}, [Desired(letter, fields)]) == ()
