"""MTA-STS against the MX about to be published: RFC 8461 section 4.1, in the preflight, the check and the write."""

from __future__ import annotations

import dataclasses

import pytest
from tests.providers.dns.checks.test_preflight import NEW, seen, stopped
from tests.providers.dns.servers import SECRET, Server, change
from tests.providers.dns.world import ORDINARY, World, settings_of, zone_on

from reconcile.clock import SystemClock
from reconcile.problem import Problem
from reconcile.providers.base import InOneGo, Weight
from reconcile.providers.dns.checks.resolver import Resolver
from reconcile.providers.dns.checks.survey import Surveyor
from reconcile.providers.dns.primary.client import Primary
from reconcile.providers.dns.primary.update_message import not_journalled
from reconcile.providers.dns.primary.updates import PrimaryStore
from reconcile.providers.dns.provider import signing_primary
from reconcile.providers.dns.reader import DnsReader
from reconcile.providers.dns.records.mta_sts_policy import Policy, announced
from reconcile.providers.dns.writer import DnsWriter

ENFORCED = "version: STSv1\nmode: enforce\nmx: {}\nmax_age: 604800\n"
DIRECT = ['_mta-sts 3600 TXT "v=STSv1; id=1"']
THROUGH_AN_ALIAS = ["_mta-sts 3600 CNAME sts", 'sts 3600 TXT "v=STSv1; id=1"']


@pytest.mark.parametrize(
    ("pattern", "host", "allowed"),
    [
        ("spf55-org.o-v1.mx.microsoft", "SPF55-org.o-v1.mx.microsoft.", True),
        ("*.o-v1.mx.microsoft", "spf55-org.o-v1.mx.microsoft", True),
        ("*.mx.microsoft", "spf55-org.o-v1.mx.microsoft", False),
        ("*.mail.protection.outlook.com", "spf55-org.o-v1.mx.microsoft", False),
        ("*.mail.protection.outlook.com", "spf55-org.mail.protection.outlook.com", True),
        ("mx.microsoft", "spf55-org.o-v1.mx.microsoft", False),
        ("*.o-v1.mx.microsoft", "o-v1.mx.microsoft", False),
    ],
)
def test_a_wildcard_stands_for_exactly_one_label(pattern: str, host: str, allowed: bool) -> None:
    policy = Policy.parse(ENFORCED.format(pattern))
    assert policy is not None
    assert policy.allows(host) is allowed


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (("v=STSv1; id=1",), True),
        (("v=STSv1;id=20240101T000000;",), True),
        (("noise", "v=STSv1; id=1"), True),
        (("v=STSv1; id=1", "v=STSv1; id=2"), False),
        (("v=STSv1;",), False),
        (("v=spf1 -all",), False),
        ((), False),
    ],
)
def test_a_record_senders_ignore_announces_nothing(texts: tuple[str, ...], expected: bool) -> None:
    assert announced(texts) is expected


@pytest.mark.parametrize("pattern", ["*.mail.protection.outlook.com", "*.mx.microsoft", "*.oldhost.example"])
@pytest.mark.parametrize("records", [DIRECT, THROUGH_AN_ALIAS], ids=["direct", "alias"])
def test_a_policy_that_refuses_the_new_mx_stops_the_switch(server: Server, pattern: str, records: list[str]) -> None:
    world = zone_on(server, ORDINARY)
    change(world.port, world.origin, add=records)
    reason = stopped(world, seen(world, ENFORCED.format(pattern)))
    assert "check mta-sts" in reason
    assert "spf55-org.o-v1.mx.microsoft" in reason
    assert "604800 s" in reason


@pytest.mark.parametrize("pattern", ["*.o-v1.mx.microsoft", "spf55-org.o-v1.mx.microsoft"])
def test_a_policy_that_allows_the_new_mx_through_an_alias_lets_it_pass(embedded: Server, pattern: str) -> None:
    world = zone_on(embedded, ORDINARY)
    change(world.port, world.origin, add=THROUGH_AN_ALIAS)
    assert stopped(world, seen(world, ENFORCED.format(pattern))) == ""


def test_without_a_known_mx_a_check_promises_nothing(embedded: Server) -> None:
    """``dns check`` before the domain is verified: the MX is not assigned yet."""
    world = zone_on(embedded, ORDINARY)
    change(world.port, world.origin, add=DIRECT)
    assert _checked(world, ENFORCED.format("*.oldhost.example")) == [Weight.BLOCKS]
    assert _checked(world, ENFORCED.format("*.mx.microsoft")) == [Weight.BLOCKS]
    assert _checked(world, ENFORCED.format("*.o-v1.mx.microsoft")) == [Weight.WARNS]
    assert _checked(world, ENFORCED.format("*.mail.protection.outlook.com")) == [Weight.WARNS]


def test_once_the_mx_is_microsofts_the_check_judges_the_mx_that_is_published(embedded: Server) -> None:
    world = zone_on(embedded, ORDINARY)
    change(world.port, world.origin, add=[*DIRECT, f"@ 300 MX {NEW[0]}"])
    assert _checked(world, ENFORCED.format("*.mx.microsoft")) == [Weight.BLOCKS]
    assert _checked(world, ENFORCED.format("*.o-v1.mx.microsoft")) == [Weight.FINE]


@pytest.mark.parametrize("policy", [None, ENFORCED.format("*.mx.microsoft")])
@pytest.mark.parametrize("records", [DIRECT, THROUGH_AN_ALIAS], ids=["direct", "alias"])
def test_the_write_itself_refuses_an_mx_that_a_policy_in_force_does_not_allow(
    server: Server, records: list[str], policy: str | None
) -> None:
    world = zone_on(server, ORDINARY)
    change(world.port, world.origin, add=records)
    refusing = _writing_with(world, policy)
    with pytest.raises(Problem) as refusal:
        refusing.put("MX", values=NEW)
    assert refusal.value.code == "DNS22"
    assert refusing.see("MX").fields["values"][0].startswith("10 ")
    allowing = _writing_with(world, ENFORCED.format("*.o-v1.mx.microsoft"))
    assert allowing.put("MX", values=NEW).fields["values"] == NEW


def _writing_with(world: World, policy: str | None) -> World:
    resolver = Resolver(Primary("127.0.0.1", world.port), (f"127.0.0.1:{world.port}",))
    clock = SystemClock()
    store = PrimaryStore(signing_primary(settings_of(world.port), SECRET, clock), clock, not_journalled)
    reader = DnsReader(Primary("127.0.0.1", world.port))  # without the preflight, which would stop it before
    writer = InOneGo(DnsWriter(store, resolver, lambda _domain: policy), clock)
    return dataclasses.replace(world, provider=dataclasses.replace(world.provider, reader=reader, writer=writer))


def _checked(world: World, policy: str) -> list[Weight]:
    primary = Primary("127.0.0.1", world.port)
    surveyor = Surveyor(primary, Resolver(primary, (f"127.0.0.1:{world.port}",)), policy=lambda _domain: policy)
    return [one.weight for one in surveyor.check([world.origin]) if one.check == "mta-sts"]
