"""Zones nobody lets us write: said in full, and checked once made."""

from __future__ import annotations

import dataclasses

import dns.name
import pytest
from tests.providers.dns.servers import Server, change, transfer
from tests.providers.dns.world import ORDINARY, World, zone_on

from reconcile.problem import Problem
from reconcile.providers.dns.checks.resolver import Resolver
from reconcile.providers.dns.manual import manual_provider
from reconcile.providers.dns.primary.client import Primary

MX = ("0 spf55-example.o-v1.mx.microsoft.",)


@pytest.fixture
def by_hand(embedded: Server) -> World:
    world = zone_on(embedded, ORDINARY)
    primary = Primary("127.0.0.1", world.port)
    return dataclasses.replace(
        world, provider=manual_provider(primary, Resolver(primary, (f"127.0.0.1:{world.port}",)))
    )


def test_a_change_is_said_as_lines_of_a_zone_and_nothing_is_written(by_hand: World) -> None:
    before = transfer(by_hand.port, by_hand.origin)
    with pytest.raises(Problem) as asked:
        by_hand.put("MX", values=MX)
    assert asked.value.code == "DNS19"
    assert f"remove {by_hand.origin}. IN MX 10 mx1.oldhost.example." in asked.value.message
    assert f"add {by_hand.origin}. 86400 IN MX {MX[0]}" in asked.value.message
    assert transfer(by_hand.port, by_hand.origin) == before


def test_the_whole_merged_spf_record_is_given_to_be_copied(by_hand: World) -> None:
    with pytest.raises(Problem) as asked:
        by_hand.put("TXT/spf", includes=("spf.protection.outlook.com",))
    assert "ip4:198.51.100.7 include:spf.protection.outlook.com ~all" in asked.value.message
    assert "google-site-verification" not in asked.value.message


def test_once_a_human_made_it_it_is_found_done(by_hand: World) -> None:
    planned = by_hand.see("MX")
    change(by_hand.port, by_hand.origin, delete=["@ MX"], add=[f"@ 300 MX {MX[0]}"])
    assert by_hand.provider.writer.update(by_hand.order("MX", planned, values=MX)).fields["values"] == MX


def test_what_a_human_made_otherwise_is_not_taken_for_it(by_hand: World) -> None:
    planned = by_hand.see("MX")
    change(by_hand.port, by_hand.origin, delete=["@ MX"], add=["@ 300 MX 0 typing.error.example."])
    with pytest.raises(Problem) as refusal:
        by_hand.provider.writer.update(by_hand.order("MX", planned, values=MX))
    assert refusal.value.code == "DNS07"


def test_what_our_alias_takes_the_place_of_is_said_along(by_hand: World) -> None:
    change(by_hand.port, by_hand.origin, delete=["autodiscover CNAME"], add=["autodiscover 14400 A 192.0.2.44"])
    primary = Primary("127.0.0.1", by_hand.port)
    replace = frozenset({dns.name.from_text(f"autodiscover.{by_hand.origin}")})
    provider = manual_provider(primary, Resolver(primary, (f"127.0.0.1:{by_hand.port}",)), replace=replace)
    world = dataclasses.replace(by_hand, provider=provider)
    target = ("autodiscover.outlook.com.",)
    with pytest.raises(Problem) as asked:
        world.put("autodiscover CNAME", values=target)
    owner = f"autodiscover.{by_hand.origin}."
    assert f"remove {owner} IN A 192.0.2.44; add {owner} 300 IN CNAME {target[0]}" in asked.value.message
    change(world.port, world.origin, delete=["autodiscover A"], add=[f"autodiscover 300 CNAME {target[0]}"])
    assert world.put("autodiscover CNAME", values=target).fields["values"] == target
