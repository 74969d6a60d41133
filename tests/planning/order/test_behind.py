"""What the switch of a federation waits for, and what never shares a run with it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType

import pytest
from tests.applying.memory import NOW, World

from reconcile.planning.guards.staleness import LIFETIME
from reconcile.planning.inputs import Inputs
from reconcile.planning.order.behind import one_too_many, spared
from reconcile.planning.plan.plan import Action, Basis, Cause, Change, Plan
from reconcile.planning.plan.targets import restrict
from reconcile.planning.planner import make_plan
from reconcile.planning.splits import Late
from reconcile.providers.base import Observation, Scope, Unknown
from reconcile.resources.address import Address
from reconcile.resources.resource import Desired, Live
from reconcile.state.snapshot.snapshot import Record, Snapshot

MX = Address("spf55", "dns", "spf55.org/MX")
FAREWELL = Address("spf55", "dns", "spf55.org/TXT/spf-without-_spf.mutualise.example")
BOXES = tuple(Address("spf55", "mailbox", f"{name}@spf55.org") for name in ("anne", "lou", "zoe"))
SWITCH = Desired(MX, {"values": ("0 spf55-org.mail.example.",)}, due=NOW, behind=BOXES, spare=1)


def planned(
    *desired: Desired,
    unknown: tuple[Address, ...] = (),
    world: World | None = None,
    records: Mapping[Address, Record] = MappingProxyType({}),
) -> Plan:
    world = world or World()

    class Reader:
        def observe(self, scope: Scope) -> Observation:
            seen = dict(world.observe(scope).observed)
            return Observation(seen | {address: Unknown("cut short") for address in unknown})

    inputs = Inputs(
        desired=desired,
        snapshots={"spf55": Snapshot("spf55", lineage="l", records=records)},
        interrupted=(),
        domains={"spf55.org": "spf55"},
        basis={"spf55": Basis("Meuse", "", "l", 0)},
        partial=False,
    )
    return make_plan(inputs, dict.fromkeys(("microsoft", "dns", "copies"), Reader()), NOW, "test")


def box(address: Address) -> Desired:
    return Desired(address, {"licence": "E1"}, due=NOW)


@pytest.mark.parametrize(("unknown", "blocked"), [(BOXES[:1], False), (BOXES[:2], True)])
def test_mailboxes_nothing_is_known_about_hold_the_switch_back_once_they_are_too_many(
    unknown: tuple[Address, ...], blocked: bool
) -> None:
    plan = planned(SWITCH, *map(box, BOXES), unknown=unknown)
    assert (MX in {one.address for one in plan.blocked}) is blocked
    if not blocked:
        (switch,) = (change for change in plan.changes if change.address == MX)
        assert (switch.behind, switch.spare) == (BOXES[1:], 0)


def test_the_farewell_of_the_old_host_waits_for_a_plan_in_which_the_switch_is_over() -> None:
    farewell = Desired(FAREWELL, {"gone": True}, (MX,), due=NOW, apart=(MX,))
    plan = planned(SWITCH, farewell)
    (put_off,) = (change for change in plan.changes if change.address == FAREWELL)
    assert put_off.due == NOW + LIFETIME == plan.expires
    assert put_off.note == "never in the same apply as spf55.org/MX"
    there = World({MX: Live(MX, {"values": ("0 spf55-org.mail.example.",)}, "id")})
    (alone,) = planned(SWITCH, farewell, world=there).changes
    assert (alone.address, alone.due) == (FAREWELL, NOW)


def test_a_mailbox_missing_after_the_switch_is_late() -> None:
    there = World({MX: Live(MX, {"values": ("0 spf55-org.mail.example.",)}, "id")})
    record = Record(MX, "id", {"values": ("0 spf55-org.mail.example.",)}, "r", "r", "2025-01-19T17:05:00+00:00")
    plan = planned(SWITCH, *map(box, BOXES), unknown=BOXES[2:], world=there, records={MX: record})
    assert plan.late == (Late("spf55", BOXES),)
    assert planned(SWITCH, *map(box, BOXES)).late == (), "not before the switch"


def test_a_switch_asked_for_alone_brings_the_mailboxes_it_comes_behind() -> None:
    plan = restrict(planned(SWITCH, *map(box, BOXES)), ["*/MX"])
    assert {change.address for change in plan.changes} == {MX, *BOXES}


def test_what_was_lost_is_taken_from_the_spare() -> None:
    change = Change(MX, Action.CREATE, Cause.YAML, None, {}, behind=BOXES, spare=1)
    assert one_too_many(change, BOXES[:1]) is None
    assert one_too_many(change, BOXES) == BOXES[1]
    assert spared(change, BOXES[:1]) == dataclasses.replace(change, behind=BOXES[1:], spare=0)
