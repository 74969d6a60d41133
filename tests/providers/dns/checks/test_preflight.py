"""Before a switch: what must stop it does, the rest is reported, and nobody's cache learns of an absence."""

from __future__ import annotations

import contextlib
import datetime as dt
import socket

import dns.name
import dns.rdatatype
import pytest
from tests.providers.dns.caching import caching_resolver
from tests.providers.dns.servers import Server, change
from tests.providers.dns.world import ORDINARY, World, zone_on

from reconcile.clock import SystemClock
from reconcile.providers.base import Observation, Scope, Unknown, Wanted, Weight
from reconcile.providers.dns.checks.preflight import Preflight
from reconcile.providers.dns.checks.propagation import Nameserver, Report, State, delegated_to, query_each
from reconcile.providers.dns.checks.resolver import Resolver
from reconcile.providers.dns.checks.servers import delegation, servers_agree
from reconcile.providers.dns.checks.survey import Surveyor
from reconcile.providers.dns.primary.answers import Question
from reconcile.providers.dns.primary.client import Primary
from reconcile.providers.dns.reader import DnsReader
from reconcile.resources.resource import Desired

NEW = ("0 spf55-org.o-v1.mx.microsoft.",)
ENFORCED = "version: STSv1\nmode: enforce\nmx: {}\nmax_age: 604800\n"


def seen(world: World, policy: str | None = None, resolver: int | None = None) -> Observation:
    """What the reader answers for the records of the switch, planned for tomorrow."""
    primary = Primary("127.0.0.1", world.port)
    resolvers = (f"127.0.0.1:{resolver or world.port}",)
    surveyor = Surveyor(primary, Resolver(primary, resolvers), resolvers, policy=lambda _domain: policy)
    tomorrow = SystemClock().now() + dt.timedelta(days=1)
    asked = []
    for key in ("MX", "autodiscover CNAME", "TXT/spf"):
        address = world.address(key)
        asked.append(Wanted(address, Desired(address, {"values": NEW}, due=tomorrow)))
    return DnsReader(primary, Preflight(surveyor, SystemClock())).observe(Scope(asked, {}))


def stopped(world: World, observation: Observation) -> str:
    """Why the switch may not be made; "" when it may."""
    observed = {key: observation.observed[world.address(key)] for key in ("MX", "autodiscover CNAME")}
    reasons = {shown.reason for shown in observed.values() if isinstance(shown, Unknown)}
    assert len(reasons) <= 1
    assert not reasons or all(isinstance(shown, Unknown) for shown in observed.values()), "all of it, or nothing"
    return next(iter(reasons), "")


def test_an_ordinary_domain_may_be_switched_and_only_its_ttl_is_told(embedded: Server) -> None:
    world = zone_on(embedded, ORDINARY.replace("include:spf.oldhost.example ", ""))
    observation = seen(world)
    assert stopped(world, observation) == ""
    assert [(one.check, one.weight, one.federation) for one in observation.findings] == [("ttl", Weight.WARNS, "spf55")]


@pytest.mark.parametrize(
    ("record", "policy", "reason"),
    [
        ("@ 86400 MX 0 .", None, "check mx: .* takes no mail"),
        ('@ 1800 TXT "v=spf1 -all"', None, "check spf: .* 2 SPF records"),
        ('_mta-sts 3600 TXT "v=STSv1; id=1"', None, "check mta-sts: .* cannot be read"),
        ('_mta-sts 3600 TXT "v=STSv1; id=1"', ENFORCED.format("*.oldhost.example"), "check mta-sts: .* 604800 s"),
    ],
)
def test_what_would_stop_mail_stops_the_switch_whole(
    embedded: Server, record: str, policy: str | None, reason: str
) -> None:
    world = zone_on(embedded, ORDINARY)
    change(world.port, world.origin, add=[record])
    observation = seen(world, policy)
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(stopped(world, observation))


@pytest.mark.parametrize("hosts", ["*.o-v1.mx.microsoft", "spf55-org.o-v1.mx.microsoft"])
def test_a_policy_that_names_microsoft_lets_the_switch_through(embedded: Server, hosts: str) -> None:
    world = zone_on(embedded, ORDINARY)
    change(world.port, world.origin, add=['_mta-sts 3600 TXT "v=STSv1; id=1"'])
    assert stopped(world, seen(world, ENFORCED.format(hosts))) == ""


@pytest.mark.parametrize(
    ("record", "check"),
    [
        ("* 3600 MX 5 mx1.oldhost.example.", "wildcard"),
        ("_imaps._tcp 3600 SRV 0 0 993 imap.oldhost.example.", "leftovers"),
        ("selector1._domainkey 3600 CNAME nokey.ORIGIN", "dkim"),
    ],
)
def test_what_harms_no_mail_is_told_and_stops_nothing(embedded: Server, record: str, check: str) -> None:
    world = zone_on(embedded, ORDINARY)
    change(world.port, world.origin, add=[record.replace("ORIGIN", f"{world.origin}.")])
    observation = seen(world)
    assert stopped(world, observation) == ""
    assert check in {one.check for one in observation.findings}


MAIL = Question(dns.name.from_text("spf55.example"), dns.rdatatype.MX)


@pytest.mark.parametrize(
    ("states", "listed", "weights"),
    [
        ((State.CURRENT, State.CURRENT), False, []),
        ((State.OLD, State.MISSING), False, [Weight.BLOCKS]),  # a hidden primary that nobody follows
        ((State.OLD, State.OLD), True, [Weight.WARNS]),  # its secondaries are late
        ((State.CURRENT, State.OLD), False, [Weight.WARNS]),
        ((State.CURRENT, State.LAME), False, [Weight.WARNS]),
        ((State.UNREACHABLE, State.UNREACHABLE), False, [Weight.WARNS]),
    ],
)
def test_servers_that_differ_block_only_when_none_shows_what_the_primary_holds(
    states: tuple[State, State], listed: bool, weights: list[Weight]
) -> None:
    reports = [Report(Nameserver(f"ns{number}", "192.0.2.1"), MAIL, state) for number, state in enumerate(states)]
    found = list(servers_agree("spf55.example", reports, "the primary", listed=listed))
    assert [weight for weight, _ in found] == weights


@pytest.mark.parametrize(
    ("delegated", "weights"),
    [
        (None, []),
        ({"ns1.example", "ns2.example"}, []),
        ({"ns1.example"}, []),  # the zone may name more
        ({"ns1.example", "ns9.example"}, [Weight.WARNS]),
        ({"ns8.example", "ns9.example"}, [Weight.BLOCKS]),  # the zone was moved, and this is what was left behind
    ],
)
def test_a_zone_the_world_is_not_sent_to_is_not_the_one_to_change(
    delegated: set[str] | None, weights: list[Weight]
) -> None:
    found = list(delegation("spf55.example", ["ns1.example", "ns2.example"], delegated))
    assert [weight for weight, _ in found] == weights


def test_the_parent_is_asked_whom_it_sends_the_world_to(server: Server) -> None:
    world = zone_on(server, ORDINARY)
    change(world.port, world.origin, add=["verdun 3600 NS NS.elsewhere.example.", "verdun 3600 NS ns1"])
    below = dns.name.from_text(f"verdun.{world.origin}")
    (reported,) = delegated_to([(Nameserver("parent", "127.0.0.1", world.port), below)])
    assert reported == {"ns.elsewhere.example", f"ns1.{world.origin}"}


def test_a_server_that_does_not_answer_is_not_waited_for_again(embedded: Server) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        deaf = Nameserver("deaf", "127.0.0.1", silent.getsockname()[1])
        reports = query_each([(deaf, MAIL, None)] * 2000, timeout=0.2)
        silent.setblocking(False)
        heard = 0
        with contextlib.suppress(BlockingIOError):
            while silent.recv(512):
                heard += 1
    assert {one.state for one in reports} == {State.UNREACHABLE}
    assert heard <= 64 * 2, "at most what was in flight when its silence showed"


def test_a_domain_that_is_switched_is_not_looked_at_any_more(embedded: Server) -> None:
    world = zone_on(embedded, ORDINARY)
    change(world.port, world.origin, delete=["@ MX"], add=[f"@ 300 MX {NEW[0]}", "* 3600 MX 5 mx1.oldhost.example."])
    assert seen(world).findings == ()


def test_no_resolver_is_asked_for_what_is_not_published_yet(embedded: Server) -> None:
    world = zone_on(embedded, ORDINARY)
    with caching_resolver(world.port) as resolver:
        seen(world, resolver=resolver.port)
        ours = {name for name in resolver.asked if name.endswith(world.origin)}
    assert ours <= {world.origin}, "its SOA exists"
