"""A handover on a real Postfix: what leaves, what is proved, what comes back byte for byte, and what a kill leaves."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from tests.legacy.handover.conftest import BUREAU, CONTACT, OUTSIDE, World

from reconcile.problem import Problem
from reconcile.providers.base import ABSENT, Order, Scope, Wanted
from reconcile.providers.legacy.handover.by_hand import ByHand
from reconcile.providers.legacy.handover.provider import HandoverReader, HandoverWriter
from reconcile.resources.address import Address
from reconcile.resources.resource import Desired, Live, Value

HANDOVER = Address("spf55", "handover", "spf55.example")
DOMAINS = ("spf55.example",)
FIELDS: dict[str, Value] = {"host": "mutualise", "domains": DOMAINS, "known": (CONTACT,), "proved": "once"}


def tables(world: World) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in world.host.postfix.tables.folder.iterdir()}


def seen(world: World, recorded: Live | None = None) -> object:
    reader = HandoverReader({"mutualise": world.handed_over()})
    wanted = Wanted(HANDOVER, Desired(HANDOVER, FIELDS), "", recorded.fields if recorded else {})
    return reader.observe(Scope([wanted], {})).observed[HANDOVER]


def test_a_handed_over_domain_arrives_in_the_tenant_and_comes_back_exactly(world: World) -> None:
    before = tables(world)
    writer = HandoverWriter({"mutualise": world.handed_over()})
    assert seen(world) == ABSENT

    live = writer.create(Order(HANDOVER, None, FIELDS, frozenset()))

    assert live.fields == FIELDS
    assert seen(world, live) == live
    assert CONTACT in world.tenant.taken
    assert BUREAU in world.tenant.taken, "the former redirection wins no longer"
    assert OUTSIDE not in world.tenant.taken
    assert tables(world)["virtual_mailboxes"] == before["virtual_mailboxes"], "the copier still opens the boxes"

    writer.delete(Order(HANDOVER, live, {}, frozenset()))

    assert tables(world) == before
    assert seen(world) == ABSENT
    assert not list(world.dump.rglob("*.json"))


def test_by_hand_counts_once_it_is_proved(world: World) -> None:
    by_hand = ByHand(["make {domain} a relay domain"], ["make {domain} local"])
    host = dataclasses.replace(world.handed_over(), driver=by_hand)
    with pytest.raises(Problem) as told:
        host.hand_over("spf55", DOMAINS, (CONTACT,))
    assert told.value.code == "HOV01"
    assert CONTACT in told.value.message
    assert "1. make spf55.example a relay domain" in told.value.message
    assert world.tenant.taken == []

    world.driver().hand_over("spf55", DOMAINS)
    host.hand_over("spf55", DOMAINS, (CONTACT,))
    with pytest.raises(Problem) as told:
        host.take_back("spf55", DOMAINS, (CONTACT,))
    assert told.value.code == "HOV04"


def test_a_redirection_left_elsewhere_is_found_out(world: World) -> None:
    """A table that reconcile.toml does not name still redirects."""
    other = world.host.postfix.folder / "more_aliases"
    other.write_text(f"{CONTACT} {OUTSIDE}\n")
    other.chmod(0o644)
    main = world.host.postfix.configuration / "main.cf"
    text = main.read_text().replace("virtual_alias_maps = ", f"virtual_alias_maps = texthash:{other} ")
    main.write_text(text)
    with pytest.raises(Problem) as told:
        world.handed_over().hand_over("spf55", DOMAINS, (CONTACT,))
    assert told.value.code == "HOV01"
    assert f"still redirects {CONTACT}" in told.value.message


def test_a_tenant_that_refuses_a_known_address_is_not_proved(world: World) -> None:
    world.tenant.known.remove(CONTACT)
    with pytest.raises(Problem) as told:
        world.handed_over().hand_over("spf55", DOMAINS, (CONTACT,))
    assert told.value.code == "HOV02"
    assert "5.4.1" in told.value.message


def test_two_relays_that_point_at_each_other_are_told_apart(world: World) -> None:
    world.tenant.refusal = "554 5.4.14 Hop count exceeded - possible mail loop ATTR34"
    with pytest.raises(Problem) as told:
        world.handed_over().hand_over("spf55", DOMAINS, (CONTACT,))
    assert told.value.code == "HOV02"
    assert "goes round" in told.value.message


def test_what_a_panel_writes_at_night_shows_and_is_mended(world: World) -> None:
    before = tables(world)
    writer = HandoverWriter({"mutualise": world.handed_over()})
    live = writer.create(Order(HANDOVER, None, FIELDS, frozenset()))
    file = world.host.postfix.tables.file("virtual_aliases")
    file.write_bytes(before["virtual_aliases"])

    found = seen(world, live)

    assert isinstance(found, Live)
    assert (found.fields["domains"], found.fields["proved"]) == ((), "")
    again = writer.update(Order(HANDOVER, found, {**FIELDS, "proved": "again"}, frozenset({"domains"})))
    assert again.fields == {**FIELDS, "proved": "again"}
    writer.delete(Order(HANDOVER, again, {}, frozenset()))
    assert tables(world) == before


def test_the_dump_is_there_before_anything_leaves(world: World, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    before = tables(world)
    blocked = dataclasses.replace(world, dump=tmp_path / "file")
    with pytest.raises(Problem) as told:
        blocked.driver().hand_over("spf55", DOMAINS)
    assert told.value.code == "HOV11"
    assert tables(world) == before
