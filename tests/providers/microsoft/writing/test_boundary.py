"""Before each write the object just read is inside the declared domains, unprotected and ours, whatever a file says."""

from __future__ import annotations

import dataclasses
import functools

import pytest
from tests.providers.microsoft.world import DOMAINS, SLUG, World

from reconcile.planning.guards.boundary import Boundary
from reconcile.planning.plan.plan import Action, Cause, Change
from reconcile.problem import Problem
from reconcile.providers.base import Order
from reconcile.resources.address import Address
from reconcile.resources.resource import Live, Value

ANNE = "anne.perrin@spf55.org"
STAFF = "theo.ricard@national.example"
PERSON: dict[str, Value] = {
    "licence": "E1",
    "display_name": "Anne Perrin",
    "aliases": (),
    "first_name": "Anne",
    "last_name": "Perrin",
    "usage_location": "FR",
}
BOUNDARY = Boundary(frozenset(DOMAINS), {"direction@spf55.org"}, owners=DOMAINS)


def ordered(action: Action, key: str, before: Live | None, fields: dict[str, Value], kind: str = "mailbox") -> Order:
    """As the performer orders it."""
    change = Change(Address(SLUG, kind, key), action, Cause.YAML, before, fields)
    outside = functools.partial(BOUNDARY.outside, change)
    return Order(change.address, before, fields, frozenset(fields), outside)


def test_an_identity_that_a_file_swapped_leads_to_no_write_outside(world: World) -> None:
    world.make("mailbox", ANNE, PERSON)
    theirs = world.live("mailbox", STAFF)
    swapped = dataclasses.replace(world.live("mailbox", ANNE), identity=theirs.identity, fields=theirs.fields)
    with pytest.raises(Problem, match="outside the declared domains") as refused:
        world.provider.writer.update(ordered(Action.UPDATE, ANNE, swapped, {"job_title": "Trésorière"}))
    assert refused.value.code == "GRD02"
    with pytest.raises(Problem):
        world.provider.writer.delete(ordered(Action.DELETE, ANNE, swapped, {}))
    assert world.live("mailbox", STAFF) == theirs


def test_an_adopted_object_has_all_its_addresses_inside(world: World) -> None:
    made = world.make("mailbox", ANNE, PERSON)
    world.by_hand(ANNE, add_alias="anne@national.example")
    with pytest.raises(Problem, match=r"anne@national\.example"):
        world.provider.writer.update(ordered(Action.ADOPT, ANNE, made, {"job_title": "Trésorière"}))


def test_an_object_with_a_protected_address_is_left_alone(world: World) -> None:
    made = world.make("mailbox", ANNE, PERSON)
    world.by_hand(ANNE, add_alias="direction@spf55.org")
    with pytest.raises(Problem, match="protected list"):
        world.provider.writer.update(ordered(Action.UPDATE, ANNE, made, {"job_title": "Trésorière"}))
    with pytest.raises(Problem, match="protected list"):
        world.provider.writer.delete(ordered(Action.DELETE, ANNE, made, {}))


def test_what_does_not_bear_our_mark_is_not_deleted(world: World) -> None:
    theirs = world.live("mailbox", STAFF)
    everything = dataclasses.replace(BOUNDARY, domains=frozenset({*DOMAINS, "national.example"}))
    change = Change(Address(SLUG, "mailbox", STAFF), Action.DELETE, Cause.YAML, theirs, {})
    outside = functools.partial(everything.outside, change)
    with pytest.raises(Problem) as refused:
        world.provider.writer.delete(Order(change.address, theirs, {}, frozenset(), outside))
    assert refused.value.code == "GRD07"
    assert world.live("mailbox", STAFF) == theirs


@pytest.mark.parametrize("kind", ["access", "copy_access"])
def test_no_right_is_given_on_a_mailbox_that_only_has_an_alias_inside(world: World, kind: str) -> None:
    world.by_hand(STAFF, add_alias="theo@spf55.org")
    fields: dict[str, Value] = {"granted": True} if kind == "copy_access" else {"full_access": (ANNE,)}
    with pytest.raises(Problem, match="outside the declared domains"):
        world.provider.writer.create(ordered(Action.CREATE, "theo@spf55.org", None, fields, kind))


def test_our_own_object_is_written_and_deleted(world: World) -> None:
    made = world.make("mailbox", ANNE, PERSON)
    changed = world.provider.writer.update(ordered(Action.UPDATE, ANNE, made, {**PERSON, "job_title": "Trésorière"}))
    assert changed.fields["job_title"] == "Trésorière"
    world.provider.writer.delete(ordered(Action.DELETE, ANNE, changed, {}))
