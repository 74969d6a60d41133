"""The life of a mailbox: created, drifted, changed in place, deleted without losing it."""

from __future__ import annotations

import datetime as dt

import pytest
from tests.providers.microsoft.world import SLUG, Build, World

from reconcile.problem import Problem
from reconcile.providers.base import ABSENT, Order
from reconcile.resources.address import Address
from reconcile.resources.resource import Live, Value
from reconcile.sandbox.tenant.behaviour.delays import Delays

ANNE = "anne.perrin@spf55.org"
CONTACT = "contact@spf55.org"
PERSON: dict[str, Value] = {
    "licence": "E1",
    "display_name": "Anne Perrin",
    "aliases": ("a.perrin@spf55.org", "anne@spf55.org"),
    "first_name": "Anne",
    "last_name": "Perrin",
    "job_title": "Présidente",
    "phone": "03 29 00 00 00",
    "atrium_id": "2689",
    "usage_location": "FR",
}
SHARED: dict[str, Value] = {
    "licence": "shared",
    "display_name": "Contact – Meuse",
    "aliases": ("accueil@spf55.org",),
    "phone": "03 29 00 00 01",
    "sign_in": False,
    "sent_copies": True,
    "hidden": True,
}


#: The sandbox's tenant was bought in France in 2024: it holds the SKUs without Teams.
E1, E3 = "Office_365_w/o_Teams_Bundle_E1", "O365_w/o_Teams_Bundle_E3"


def shows(live: Live, fields: dict[str, Value]) -> bool:
    return {name: live.fields[name] for name in fields} == fields


def test_a_person_gets_an_account_a_licence_a_mailbox_and_every_alias(world: World) -> None:
    made = world.make("mailbox", ANNE, PERSON)
    assert shows(made, PERSON)
    assert made.fields["sign_in"] is True
    assert world.live("mailbox", ANNE) == made


def test_a_shared_mailbox_costs_no_licence_and_nobody_signs_in_to_it(world: World) -> None:
    taken = world.status()["seats"]
    made = world.make("mailbox", CONTACT, SHARED)
    assert shows(made, SHARED)
    assert world.live("mailbox", CONTACT) == made
    assert world.status()["seats"] == taken


def test_every_federation_may_have_a_contact(world: World) -> None:
    """The national staff of the sandbox has its own, named contact."""
    assert isinstance(world.live("mailbox", "contact@national.example"), Live)
    world.make("mailbox", CONTACT, SHARED)
    assert world.live("mailbox", CONTACT).identity != world.live("mailbox", "contact@national.example").identity


def test_a_licence_swap_keeps_every_alias(world: World) -> None:
    seats = world.status()["seats"]
    before = world.make("mailbox", ANNE, PERSON)
    after = world.make("mailbox", ANNE, {**PERSON, "licence": "E3"})
    assert after.fields == {**before.fields, "licence": "E3"}
    assert after.identity == before.identity
    assert world.status()["seats"][E1]["taken"] == seats[E1]["taken"]
    assert world.status()["seats"][E3]["taken"] == seats[E3]["taken"] + 1


def test_what_somebody_changed_by_hand_is_seen_and_corrected(world: World) -> None:
    made = world.make("mailbox", ANNE, PERSON)
    world.by_hand(ANNE, licence="E3", add_alias="presidence@spf55.org", remove_alias="anne@spf55.org")
    drifted = world.live("mailbox", ANNE)
    assert drifted.fields["licence"] == "E3"
    assert drifted.fields["aliases"] == ("a.perrin@spf55.org", "presidence@spf55.org")
    assert world.make("mailbox", ANNE, PERSON) == made


def test_addresses_outside_the_declared_domains_are_neither_shown_nor_touched(world: World) -> None:
    world.make("mailbox", ANNE, PERSON)
    world.by_hand(ANNE, add_alias="anne@national.example")
    assert world.live("mailbox", ANNE).fields["aliases"] == PERSON["aliases"]
    world.make("mailbox", ANNE, {**PERSON, "aliases": ("a.perrin@spf55.org",)})
    # Still Anne's: nobody else can have it.
    with pytest.raises(AssertionError, match="AddressTaken"):
        world.by_hand("contact@national.example", add_alias="anne@national.example")


def test_an_unmanaged_field_is_left_as_it_is(world: World) -> None:
    world.make("mailbox", ANNE, PERSON)
    world.by_hand(ANNE, block_sign_in=True)
    changed = world.make("mailbox", ANNE, {"licence": "E1", "display_name": "Anne Perrin-Colin"})
    assert changed.fields["sign_in"] is False
    assert changed.fields["aliases"] == PERSON["aliases"]


def test_a_field_can_be_emptied(world: World) -> None:
    world.make("mailbox", ANNE, PERSON)
    emptied: dict[str, Value] = {"phone": None, "job_title": None, "aliases": ()}
    assert shows(world.make("mailbox", ANNE, {**PERSON, **emptied}), emptied)


def test_a_change_made_since_the_plan_is_not_overwritten(world: World) -> None:
    planned = world.make("mailbox", ANNE, PERSON)
    world.by_hand(ANNE, display_name="Anne Perrin (trésorière)")
    order = Order(
        Address(SLUG, "mailbox", ANNE), planned, {**PERSON, "display_name": "A. Perrin"}, frozenset({"display_name"})
    )
    with pytest.raises(Problem, match="somebody changed its display name") as told:
        world.provider.writer.update(order)
    assert told.value.code == "M365-15"
    assert world.live("mailbox", ANNE).fields["display_name"] == "Anne Perrin (trésorière)"


def test_a_mailbox_is_known_by_its_identity_when_its_address_was_changed(world: World) -> None:
    made = world.make("mailbox", ANNE, PERSON)
    shown = world.observe(("mailbox", "presidence@spf55.org", made.identity)).observed
    (live,) = shown.values()
    assert isinstance(live, Live)
    assert live.identity == made.identity
    assert live.fields["primary"] == ANNE


def test_an_existing_mailbox_is_taken_under_management_in_place(world: World) -> None:
    staff = "theo.ricard@national.example"
    before = world.live("mailbox", staff)
    after = world.make("mailbox", staff, {"job_title": "Logisticien"})
    assert after.identity == before.identity
    assert after.fields["job_title"] == "Logisticien"


def test_deleting_is_soft_and_leaves_nothing_visible(world: World) -> None:
    deleted = world.status()["deleted_users"]
    for key, fields in ((ANNE, PERSON), (CONTACT, SHARED)):
        world.make("mailbox", key, fields)
        world.remove("mailbox", key)
        assert world.see("mailbox", key) == ABSENT
    assert world.status()["deleted_users"] == deleted + 2


def test_mailboxes_nobody_declares_are_counted_not_touched(world: World) -> None:
    world.make("mailbox", ANNE, PERSON)
    world.make("mailbox", CONTACT, SHARED)
    assert world.observe(("mailbox", ANNE, "")).unmanaged == (Address(SLUG, "mailbox", CONTACT),)


def test_a_person_becomes_a_shared_mailbox_and_frees_the_seat(world: World) -> None:
    taken = world.status()["seats"]
    made = world.make("mailbox", ANNE, PERSON)
    shared = world.make("mailbox", ANNE, {**PERSON, "licence": "shared", "sign_in": False})
    assert shared.identity == made.identity
    assert shared.fields["aliases"] == made.fields["aliases"]
    assert world.status()["seats"] == taken


def test_a_shared_mailbox_becomes_a_persons_who_can_sign_in(world: World) -> None:
    made = world.make("mailbox", CONTACT, SHARED)
    own = world.make("mailbox", CONTACT, {**PERSON, "aliases": SHARED["aliases"]})
    assert own.identity == made.identity
    assert own.fields["licence"] == "E1"
    assert own.fields["sign_in"] is True


def test_a_deleted_mailbox_of_ours_comes_back_with_its_mail(world: World) -> None:
    for key, fields in ((ANNE, PERSON), (CONTACT, SHARED)):
        made = world.make("mailbox", key, fields)
        world.by_hand(key, delete=True)
        assert world.see("mailbox", key) == ABSENT
        world.new_run()
        back = world.make("mailbox", key, {**fields, "aliases": ()})
        assert back.identity == made.identity
        assert back.fields["aliases"] == ()
    assert world.status()["deleted_users"] == 0


def test_a_deleted_mailbox_of_somebody_elses_is_not_given_to_a_namesake(world: World) -> None:
    staff = "theo.ricard@national.example"
    world.by_hand(staff, delete=True)
    world.new_run()
    with pytest.raises(Problem, match="a deleted account had this address") as told:
        world.make("mailbox", staff, {**PERSON, "aliases": ()})
    assert told.value.code == "M365-27"


def test_a_mailbox_too_full_for_the_smaller_licence_keeps_its_own(world: World) -> None:
    world.make("mailbox", ANNE, {**PERSON, "licence": "E3"})
    world.by_hand(ANNE, stored_bytes=63 * 1024**3)
    for smaller in ("E1", "shared"):
        with pytest.raises(Problem, match=r"63\.0 GB .* 50 GB") as told:
            world.make("mailbox", ANNE, {**PERSON, "licence": smaller})
        assert told.value.code == "M365-28"
    assert world.live("mailbox", ANNE).fields["licence"] == "E3"


def test_an_address_somebody_else_holds_is_reported_with_its_holder(world: World) -> None:
    world.make("mailbox", ANNE, PERSON)
    with pytest.raises(Problem) as told:
        world.make("mailbox", CONTACT, {**SHARED, "aliases": ("anne@spf55.org",)})
    assert told.value.code == "M365-10"
    assert told.value.message == (
        "contact@spf55.org: anne@spf55.org is already an address of the mailbox anne.perrin@spf55.org."
    )


def test_an_address_of_somebody_deleted_just_now_is_waited_for(build: Build) -> None:
    world = build(delays=Delays(released_address=3600))
    world.add_domain()
    world.make("mailbox", ANNE, PERSON)
    world.remove("mailbox", ANNE)
    began = world.clock.now()
    taken: dict[str, Value] = {**SHARED, "aliases": ("anne@spf55.org",)}
    assert shows(world.make("mailbox", CONTACT, taken), taken)
    assert world.clock.now() - began > dt.timedelta(minutes=50)


def test_a_new_person_whose_address_is_an_alias_elsewhere_is_reported_with_its_holder(world: World) -> None:
    world.make("mailbox", CONTACT, SHARED)
    with pytest.raises(Problem, match=r"an address of the shared mailbox contact@spf55\.org") as told:
        world.make("mailbox", "accueil@spf55.org", {**PERSON, "aliases": ()})
    assert told.value.code == "M365-10"


PLACE: dict[str, Value] = {
    "office": "Siège – Bar-le-Duc",
    "street": "12 rue des Fontaines",
    "postal_code": "55000",
    "city": "Bar-le-Duc",
    "website": "https://www.spf55.org",
    "networks": "facebook.com/spf55",
}


@pytest.mark.parametrize(("key", "fields"), [(ANNE, PERSON), (CONTACT, SHARED)], ids=["a person", "a shared mailbox"])
def test_where_an_address_is_goes_to_the_directory_and_moves_with_it(
    world: World, key: str, fields: dict[str, Value]
) -> None:
    assert shows(world.make("mailbox", key, {**fields, **PLACE}), PLACE)
    moved = {**PLACE, "office": "Antenne de Verdun", "city": "Verdun", "website": "https://verdun.spf55.org"}
    assert shows(world.make("mailbox", key, {**fields, **moved}), moved)
    emptied: dict[str, Value] = {**moved, "website": None, "networks": None, "street": None}
    assert shows(world.make("mailbox", key, {**fields, **emptied}), emptied)
    # The mark of ownership stands beside the site's attributes, and is not lost with them.
    assert world.live("mailbox", key).owner == SLUG


def test_accents_are_the_same_however_they_are_written(world: World) -> None:
    fields: dict[str, Value] = {**PERSON, "display_name": "Noëlle Lefèvre", "job_title": "Secrétaire générale"}
    world.control("behaviour", {"switches": {"decomposed": "on"}})
    assert shows(world.make("mailbox", ANNE, fields), fields)


def test_what_the_file_does_not_say_of_a_place_is_left_as_it_is(world: World) -> None:
    world.make("mailbox", ANNE, {**PERSON, **PLACE})
    world.make("mailbox", ANNE, {**PERSON, "job_title": "Trésorière", "city": "Verdun"})
    assert shows(world.live("mailbox", ANNE), {**PLACE, "city": "Verdun"})


def test_without_a_free_seat_the_missing_licence_is_reported(build: Build) -> None:
    world = build(seats={E1: 6, E3: 9})
    world.add_domain()
    before = world.status()["users"]
    with pytest.raises(Problem, match="no seat of licence E1 is left; nothing was written") as told:
        world.make("mailbox", ANNE, PERSON)
    assert told.value.code == "M365-12"
    assert world.status()["users"] == before


def test_a_shared_mailbox_that_finds_no_seat_stays_closed_to_sign_in(build: Build) -> None:
    world = build(seats={E1: 6, E3: 9})
    world.add_domain()
    world.make("mailbox", CONTACT, SHARED)
    with pytest.raises(Problem, match="no seat of licence E1 is left; nothing was written"):
        world.make("mailbox", CONTACT, {**PERSON, "aliases": SHARED["aliases"], "display_name": "Contact – Meuse"})
    assert world.live("mailbox", CONTACT).fields["sign_in"] is False


def test_a_mailbox_that_never_comes_is_reported_with_a_diagnosis_and_completed_later(build: Build) -> None:
    world = build(delays=Delays(mailbox=5000))
    world.add_domain()
    with pytest.raises(Problem, match="still without a mailbox; no reason is shown") as told:
        world.make("mailbox", ANNE, PERSON)
    assert told.value.code == "M365-14"
    pending = world.live("mailbox", ANNE)
    assert pending.fields["licence"] is None
    assert pending.fields["display_name"] == "Anne Perrin"
    assert shows(world.make("mailbox", ANNE, PERSON), PERSON)
    assert world.status()["users"] == 14


def test_a_mailbox_a_conflict_keeps_away_is_not_waited_for_in_vain(world: World) -> None:
    without_mail = world.settings.licences.model_copy(update={"E1": ("FLOW_FREE",)})
    order = Order(Address(SLUG, "mailbox", ANNE), None, PERSON, frozenset(PERSON))
    with pytest.raises(Problem, match="brings no Exchange plan"):
        world.connect(settings=world.settings.model_copy(update={"licences": without_mail})).writer.create(order)
    world.by_hand(ANNE, latent_conflict=True)
    began = world.clock.now()
    with pytest.raises(Problem, match="provisioning error") as told:
        world.make("mailbox", ANNE, PERSON)
    assert told.value.code == "M365-14"
    assert world.clock.now() - began < dt.timedelta(minutes=20)
    world.by_hand(ANNE, latent_conflict=False)
    assert shows(world.make("mailbox", ANNE, PERSON), PERSON)


def test_no_password_is_kept_anywhere_a_plan_or_a_log_could_show_it(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"):
        made = world.make("mailbox", ANNE, PERSON)
    assert world.passwords
    for password in world.passwords:
        assert password not in caplog.text
        assert password not in repr(made)
