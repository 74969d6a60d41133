"""Who may open a shared mailbox, send as it or for it, and the copier's temporary right."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from tests.providers.microsoft.world import DOMAIN, DOMAINS, SLUG, World

from reconcile.providers.base import ABSENT, Order, Scope, Unknown, Wanted
from reconcile.resources.address import Address
from reconcile.resources.resource import Desired, Live, Value

CONTACT = "contact@spf55.org"
ANNE, LUC = "anne.perrin@spf55.org", "luc.colin@spf55.org"
RIGHTS: dict[str, Value] = {"full_access": (ANNE, LUC), "send_as": (ANNE,), "send_on_behalf": (LUC,)}


@pytest.fixture
def office(world: World) -> World:
    """A federation's shared mailbox and two people."""
    for key, name in ((ANNE, "Anne Perrin"), (LUC, "Luc Colin")):
        fields: dict[str, Value] = {"licence": "E1", "display_name": name, "aliases": (), "usage_location": "FR"}
        world.make("mailbox", key, fields)
    world.make("mailbox", CONTACT, {"licence": "shared", "display_name": "Contact", "aliases": (), "sign_in": False})
    return world


def test_a_mailbox_nobody_opens_shows_no_delegate(office: World) -> None:
    assert office.live("access", CONTACT).fields == {"full_access": (), "send_as": (), "send_on_behalf": ()}


def test_without_its_mailbox_there_is_no_access_to_see(world: World) -> None:
    assert world.see("access", CONTACT) == ABSENT
    assert world.see("copy_access", CONTACT) == ABSENT


def test_delegates_get_their_rights_one_by_one(office: World) -> None:
    made = office.make("access", CONTACT, RIGHTS)
    assert made.fields == RIGHTS
    assert office.live("access", CONTACT) == made


def test_a_delegate_taken_out_of_the_file_loses_every_right(office: World) -> None:
    office.make("access", CONTACT, RIGHTS)
    left = {"full_access": (ANNE,), "send_as": (ANNE,), "send_on_behalf": ()}
    assert office.make("access", CONTACT, left).fields == left
    assert office.live("access", CONTACT).fields == left


def test_a_right_given_by_hand_is_seen_and_taken_back(office: World) -> None:
    office.make("access", CONTACT, {**RIGHTS, "full_access": (ANNE,)})
    office.by_hand(CONTACT, add_full_access=LUC)
    assert office.live("access", CONTACT).fields["full_access"] == (ANNE, LUC)
    assert office.make("access", CONTACT, {**RIGHTS, "full_access": (ANNE,)}).fields["full_access"] == (ANNE,)


def test_the_copier_gets_in_is_no_drift_and_leaves(office: World) -> None:
    assert office.see("copy_access", ANNE) == ABSENT
    assert office.make("copy_access", ANNE, {"granted": True}).fields == {"granted": True}
    office.make("copy_access", CONTACT, {"granted": True})
    assert office.live("copy_access", ANNE).fields == {"granted": True}
    assert office.live("access", CONTACT).fields["full_access"] == ()
    office.remove("copy_access", ANNE)
    assert office.see("copy_access", ANNE) == ABSENT


def test_a_deleted_delegate_leaves_no_trace_in_the_plan(office: World) -> None:
    office.make("access", CONTACT, RIGHTS)
    office.remove("mailbox", LUC)
    assert office.live("access", CONTACT).fields["full_access"] == (ANNE,)


def test_all_rights_end_with_the_access_itself(office: World) -> None:
    office.make("access", CONTACT, RIGHTS)
    office.remove("access", CONTACT)
    assert office.live("access", CONTACT).fields == {"full_access": (), "send_as": (), "send_on_behalf": ()}


def test_who_is_renamed_between_plan_and_write_loses_the_right_all_the_same(office: World) -> None:
    office.make("access", CONTACT, RIGHTS)
    office.new_run()
    planned = office.live("access", CONTACT)
    person = office.live("mailbox", LUC)
    married = "luc.perrin@spf55.org"
    fields: dict[str, Value] = {"primary": married, "aliases": (LUC,)}
    renamed = Order(Address("spf55", "mailbox", married), person, {**person.fields, **fields}, frozenset(fields))
    office.provider.writer.update(renamed)
    wanted: dict[str, Value] = {**RIGHTS, "full_access": (ANNE, married), "send_on_behalf": ()}
    order = Order(Address("spf55", "access", CONTACT), planned, wanted, frozenset({"full_access", "send_on_behalf"}))
    assert office.provider.writer.update(order).fields == wanted
    assert office.live("access", CONTACT).fields == wanted


def test_access_for_a_finished_copy_may_be_gone_and_for_a_pending_one_may_not(office: World) -> None:
    done, pending = Address(SLUG, "copy_access", ANNE), Address(SLUG, "copy_access", LUC)
    recorded = {"granted": True}
    office.make("copy_access", ANNE, recorded)
    guid = office.live("copy_access", ANNE).identity
    office.remove("copy_access", ANNE)
    office.copied = {ANNE}

    def observed(identity: str) -> Mapping[Address, object]:
        wanted = [Wanted(one, Desired(one, recorded), identity, recorded) for one in (done, pending)]
        return office.connect().reader.observe(Scope(wanted, DOMAINS)).observed

    assert observed(guid) == {done: Live(done, recorded, guid), pending: ABSENT}
    assert observed("guid-of-a-mailbox-that-was-made-anew") == {done: ABSENT, pending: ABSENT}


def test_taking_a_finished_mailbox_out_of_the_file_reads_its_access(office: World) -> None:
    made = office.make("copy_access", ANNE, {"granted": True})
    wanted = Wanted(made.address, None, made.identity, made.fields)
    office.remove("copy_access", ANNE)
    office.copied = {ANNE}
    assert office.connect().reader.observe(Scope([wanted], DOMAINS)).observed == {made.address: ABSENT}


def _remembered(office: World) -> dict[str, Wanted]:
    """What the state knows of Contact and of the copier's door to it, by kind."""
    access = office.make("access", CONTACT, {**RIGHTS, "full_access": (ANNE,)})
    made = [access, office.make("copy_access", CONTACT, {"granted": True})]
    return {
        one.address.kind: Wanted(one.address, Desired(one.address, one.fields), one.identity, one.fields)  # type: ignore[arg-type]
        for one in made
    }


def test_rights_on_mailboxes_the_state_knows_are_read_as_they_are_now(office: World) -> None:
    wanted = _remembered(office)
    office.by_hand(CONTACT, add_full_access=LUC)
    observed = office.connect().reader.observe(Scope(list(wanted.values()), DOMAINS)).observed
    access, door = (observed[one.address] for one in wanted.values())
    assert isinstance(access, Live)
    assert access.fields == RIGHTS
    assert isinstance(door, Live)


def test_rights_on_a_mailbox_the_state_knows_and_the_tenant_lost_are_absent(office: World) -> None:
    wanted = _remembered(office)
    office.remove("mailbox", CONTACT)
    observed = office.connect().reader.observe(Scope(list(wanted.values()), DOMAINS)).observed
    assert set(observed.values()) == {ABSENT}


def test_rights_that_cannot_be_read_are_unknown_for_whoever_asks(office: World) -> None:
    wanted = _remembered(office)
    office.fault("throttle", "Get-MailboxPermission", count=400)
    observed = office.connect().reader.observe(Scope(list(wanted.values()), DOMAINS)).observed
    assert all(isinstance(shown, Unknown) and shown.reason.startswith("M365-02") for shown in observed.values())


KARIM, ACCUEIL = "karim.benali@national.example", f"accueil@{DOMAIN}"


def given_by_others(office: World) -> None:
    """Rights that nobody of the federation gave: a group's, national staff's, and one of the federation's own."""
    office.control("recipient", {"kind": "group", "address": ACCUEIL})
    for holder in (KARIM, ACCUEIL, LUC):
        office.by_hand(CONTACT, add_full_access=holder, add_send_as=holder)


def planned(office: World, desired: dict[str, Value], recorded: dict[str, Value] | None = None) -> dict[str, Value]:
    address = Address(SLUG, "access", CONTACT)
    wanted = Wanted(address, Desired(address, desired), "", recorded or {})
    shown = office.connect().reader.observe(Scope([wanted], DOMAINS)).observed[address]
    assert isinstance(shown, Live), shown
    return dict(shown.fields)


def test_rights_of_groups_and_outsiders_are_theirs_unless_the_file_names_them(office: World) -> None:
    given_by_others(office)
    none: dict[str, Value] = {"full_access": (), "send_as": (), "send_on_behalf": ()}
    assert planned(office, none) == {"full_access": (LUC,), "send_as": (LUC,), "send_on_behalf": ()}
    named = {**none, "full_access": (KARIM,)}
    assert planned(office, named)["full_access"] == (KARIM, LUC)
    assert planned(office, none, named)["full_access"] == (KARIM, LUC)  # named until now: taken away if left out


def test_taking_a_right_from_one_leaves_groups_and_outsiders_theirs(office: World) -> None:
    given_by_others(office)
    none: dict[str, Value] = {"full_access": (), "send_as": (), "send_on_behalf": ()}
    address = Address(SLUG, "access", CONTACT)
    before = Live(address, planned(office, none))
    office.provider.writer.update(Order(address, before, none, frozenset(none)))
    everybody = {**none, "full_access": (ACCUEIL, KARIM, LUC), "send_as": (ACCUEIL, KARIM, LUC)}
    left = planned(office, everybody)
    assert (left["full_access"], left["send_as"]) == ((ACCUEIL, KARIM), (ACCUEIL, KARIM))


def test_an_outsider_the_file_names_is_given_a_right(office: World) -> None:
    desired: dict[str, Value] = {"full_access": (KARIM,), "send_as": (), "send_on_behalf": ()}
    office.make("access", CONTACT, desired)
    assert planned(office, desired) == desired
