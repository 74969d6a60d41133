"""A key that may change some names only (BIND's update-policy)."""

from __future__ import annotations

import itertools

import pytest
from tests.providers.dns.servers import SECRET, Bind, Server, transfer
from tests.providers.dns.world import ORDINARY, World, provider_of, settings_of, zone_on

from reconcile.clock import SystemClock
from reconcile.problem import Problem
from reconcile.providers.base import Live
from reconcile.providers.dns.primary.key_probe import try_key
from reconcile.providers.dns.provider import signing_primary
from reconcile.resources.resource import Value

NEW = ("0 x.o-v1.mx.microsoft.",)
WANTED: dict[str, dict[str, Value]] = {
    "MX": {"values": NEW},
    "TXT/verification": {"contains": ("MS=ms12345678",)},
    "TXT/spf": {"includes": ("spf.protection.outlook.com",)},
    "autodiscover CNAME": {"values": ("autodiscover.outlook.com.",)},
    "selector1._domainkey CNAME": {"values": ("s1.example.",)},
    "_dmarc TXT/dmarc": {"contains": ("v=DMARC1",)},
}
_numbers = itertools.count(1)


def granting(bind: Bind, *rules: str) -> World:
    origin = f"policy{next(_numbers):03}.example"
    bind.policies[origin] = [rule.replace("ORIGIN", f"{origin}.") for rule in rules]
    bind.add(origin, ORDINARY)
    return World(bind, origin, provider_of(bind.port))


ALL_BUT_AUTODISCOVER = (
    "name ORIGIN MX TXT",
    "name _dmarc.ORIGIN TXT",
    "name selector1._domainkey.ORIGIN CNAME",
    "name selector2._domainkey.ORIGIN CNAME",
)


def tried(world: World) -> Problem | None:
    return try_key(signing_primary(settings_of(world.port), SECRET, SystemClock()), [world.origin])[world.origin]


def test_the_rehearsal_names_what_the_key_may_not_change_and_changes_nothing(bind: Bind) -> None:
    world = granting(bind, *ALL_BUT_AUTODISCOVER)
    before = transfer(world.port, world.origin), world.see("SOA")
    refused = tried(world)
    assert refused is not None
    assert refused.code == "DNS05"
    assert f"change autodiscover.{world.origin} CNAME." in refused.message
    assert (transfer(world.port, world.origin), world.see("SOA")) == before


def test_a_key_for_texts_alone_is_refused_the_rest_by_name(bind: Bind) -> None:
    world = granting(bind, "name ORIGIN TXT")
    refused = tried(world)
    assert refused is not None
    assert f"{world.origin} MX, autodiscover.{world.origin} CNAME" in refused.message
    assert f"{world.origin} TXT" not in refused.message.replace(f"_dmarc.{world.origin} TXT", "")


def test_a_key_that_may_change_everything_is_taken_without_a_change(server: Server) -> None:
    world = zone_on(server, ORDINARY)
    before = transfer(world.port, world.origin), world.see("SOA")
    assert tried(world) is None
    assert (transfer(world.port, world.origin), world.see("SOA")) == before


@pytest.mark.parametrize("count", [2, len(WANTED)])
def test_what_is_allowed_is_carried_out_and_what_is_not_is_named(bind: Bind, count: int) -> None:
    world = granting(bind, *ALL_BUT_AUTODISCOVER)
    wanted = {key: WANTED[key] for key in [*list(WANTED)[: count - 1], "autodiscover CNAME"]}
    planned = world.see_all(wanted)
    orders = [world.order(key, planned[key], **fields) for key, fields in wanted.items()]
    ends = dict(zip(wanted, world.provider.writer.writer.together(orders), strict=True))  # type: ignore[attr-defined]
    refused = ends.pop("autodiscover CNAME")
    assert isinstance(refused, Problem)
    assert refused.code == "DNS05"
    assert f"autodiscover.{world.origin} CNAME" in refused.message
    assert all(isinstance(end, Live) for end in ends.values()), ends
    assert world.see("MX").fields["values"] == NEW
