"""Addresses that another object of the tenant has: what a plan says of them, and what a write does."""

from __future__ import annotations

import pytest
from tests.providers.microsoft.world import DOMAIN, DOMAINS, SLUG, World

from reconcile.problem import Problem
from reconcile.providers.base import ABSENT, Absent, Observed, Scope, Unknown, Wanted
from reconcile.providers.microsoft.reading import records, tenant
from reconcile.resources.address import Address
from reconcile.resources.resource import Desired, Live, Value

PAUL = f"paul.noir@{DOMAIN}"
PERSON: dict[str, Value] = {"licence": "E1", "display_name": "Paul Noir", "aliases": (), "usage_location": "FR"}
SHARED: dict[str, Value] = {"licence": "shared", "display_name": "Contact", "aliases": ()}
GUEST = f"the guest paul.noir_{DOMAIN}#ext#@entraide.onmicrosoft.com"
HOLDERS = [
    ("guest", GUEST),
    ("contact", f"the contact {PAUL}"),
    ("group", f"the group {PAUL}"),
    ("mail_user", f"the mail user {PAUL}"),
]


def planned(world: World, *mailboxes: tuple[str, dict[str, Value]]) -> dict[str, Observed]:
    """What a plan that describes these mailboxes sees of each."""
    wanted = []
    for key, fields in mailboxes:
        address = Address(SLUG, "mailbox", key)
        wanted.append(Wanted(address, Desired(address, {**fields, "primary": key})))
    observed = world.provider.reader.observe(Scope(wanted, DOMAINS)).observed
    return {address.key: shown for address, shown in observed.items()}


@pytest.mark.parametrize(("kind", "holder"), HOLDERS)
@pytest.mark.parametrize("fields", [PERSON, SHARED], ids=["person", "shared"])
def test_a_plan_does_not_create_what_another_object_has_the_address_of(
    world: World, kind: str, holder: str, fields: dict[str, Value]
) -> None:
    world.control("recipient", {"kind": kind, "address": PAUL})
    shown = planned(world, (PAUL, fields))[PAUL]
    assert isinstance(shown, Unknown)
    assert shown.reason.startswith(f"M365-10 {PAUL}: {PAUL} is already an address of ")
    assert holder in shown.reason
    assert " – " in shown.reason  # what to do


@pytest.mark.parametrize(("kind", "holder"), HOLDERS)
@pytest.mark.parametrize("fields", [PERSON, SHARED], ids=["person", "shared"])
def test_a_write_that_meets_the_holder_names_it(world: World, kind: str, holder: str, fields: dict[str, Value]) -> None:
    order = world.order("mailbox", PAUL, fields)
    world.control("recipient", {"kind": kind, "address": PAUL})
    with pytest.raises(Problem) as refused:
        world.provider.writer.create(order)
    assert refused.value.code == "M365-10"
    assert holder in str(refused.value)


@pytest.mark.parametrize("aliases", [(), (PAUL,)], ids=["its own", "an alias"])
def test_a_deleted_group_keeps_its_address_and_is_named_by_plan_and_write(
    world: World, aliases: tuple[str, ...]
) -> None:
    key = f"lou@{DOMAIN}" if aliases else PAUL
    fields = {**PERSON, "aliases": aliases}
    order = world.order("mailbox", key, fields)
    world.control("recipient", {"kind": "office_group", "address": PAUL})
    assert "is already an address of the Microsoft 365 group" in str(planned(world, (key, fields))[key])
    world.remove_recipient(PAUL)
    shown = planned(world, (key, fields))[key]
    assert isinstance(shown, Unknown)
    assert shown.reason.startswith(f"M365-27 {key}: the deleted Microsoft 365 group {PAUL} still has {PAUL}.")
    with pytest.raises(Problem) as refused:
        world.provider.writer.create(order)
    assert f"the deleted Microsoft 365 group {PAUL}" in str(refused.value)
    world.remove_recipient(PAUL)  # for good
    assert planned(world, (f"zoe@{DOMAIN}", {**PERSON, "aliases": (PAUL,)}))[f"zoe@{DOMAIN}"] is ABSENT


def test_deleted_groups_are_asked_for_only_where_an_address_is_new(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def list_them(exchange: object) -> list[records.Recipient]:
        asked.append(exchange)
        return []

    monkeypatch.setattr(tenant, "list_deleted_groups", list_them)
    world.make("mailbox", PAUL, PERSON)
    asked.clear()
    planned(world, (PAUL, PERSON))
    assert not asked
    planned(world, (PAUL, {**PERSON, "aliases": (f"noir@{DOMAIN}", f"pn@{DOMAIN}")}))
    assert len(asked) == 1


def test_an_alias_somebody_else_has_stops_its_mailbox_alone(world: World) -> None:
    world.control("recipient", {"kind": "contact", "address": PAUL})
    lou, zoe = f"lou@{DOMAIN}", f"zoe@{DOMAIN}"
    shown = planned(world, (lou, {**PERSON, "aliases": (PAUL,)}), (zoe, PERSON))
    assert isinstance(shown[lou], Unknown)
    assert shown[zoe] is ABSENT


def test_an_address_that_a_mailbox_of_the_plan_gives_up_is_no_conflict(world: World) -> None:
    lou = f"lou@{DOMAIN}"
    world.make("mailbox", lou, {**PERSON, "aliases": (PAUL,)})
    shown = planned(world, (lou, PERSON), (PAUL, PERSON))
    assert isinstance(shown[lou], Live)
    assert shown[PAUL] is ABSENT


def test_a_deleted_account_of_somebody_elses_keeps_its_name_and_ours_comes_back(world: World) -> None:
    world.make("mailbox", PAUL, PERSON)
    world.remove("mailbox", PAUL)
    assert planned(world, (PAUL, PERSON))[PAUL] == Absent("deleted less than 30 days ago: restored, with its mail")
    assert planned(world, (f"lou@{DOMAIN}", PERSON))[f"lou@{DOMAIN}"] == ABSENT
    world.make("mailbox", PAUL, PERSON)
    world.control("recipient", {"kind": "guest", "address": f"zoe@{DOMAIN}"})
    world.by_hand(f"zoe@{DOMAIN}", delete=True)
    shown = planned(world, (f"zoe@{DOMAIN}", PERSON))[f"zoe@{DOMAIN}"]
    assert isinstance(shown, Unknown)
    assert "M365-27" in shown.reason
    assert "the deleted account zoe_" in shown.reason
