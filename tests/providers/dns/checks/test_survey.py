"""A domain checked on every server: named checks, and which caches still hold old answers."""

from __future__ import annotations

import datetime as dt
import zoneinfo

import dns.name
import dns.rdatatype
import pytest
from tests.ports import free_port
from tests.providers.dns.caching import caching_resolver
from tests.providers.dns.servers import Server, change
from tests.providers.dns.world import ORDINARY, World, zone_on

from reconcile.cli.dns.output import survey_lines
from reconcile.providers.base import Weight
from reconcile.providers.dns.checks.facts import read_facts
from reconcile.providers.dns.checks.propagation import Nameserver, State, last_clean, query_all
from reconcile.providers.dns.checks.resolver import Resolver
from reconcile.providers.dns.checks.servers import SwitchMoments
from reconcile.providers.dns.checks.survey import Surveyor
from reconcile.providers.dns.primary.answers import Question
from reconcile.providers.dns.primary.client import Primary

MX = ("0 ns1.{}.",)
NOON = dt.datetime(2025, 1, 19, 12, tzinfo=dt.UTC)
PARIS = zoneinfo.ZoneInfo("Europe/Paris")


def looking_at(world: World, *resolvers: str) -> Surveyor:
    primary = Primary("127.0.0.1", world.port)
    return Surveyor(primary, Resolver(primary, resolvers), resolvers, PARIS, policy=lambda _domain: None)


def findings(world: World, check: str) -> list[tuple[Weight, str]]:
    """What one named check says of the zone; the server is its own resolver."""
    found = looking_at(world, f"127.0.0.1:{world.port}").check([world.origin])
    return [(one.weight, one.sentence) for one in found if one.check == check]


@pytest.mark.parametrize(
    ("records", "check", "weight", "word"),
    [
        ("", "mx", None, ""),
        ("@ 86400 MX 0 .", "mx", Weight.BLOCKS, "null MX"),
        ("@ 86400 MX 5 nowhere.ORIGIN", "mx", Weight.WARNS, "no address"),
        ("@ 86400 MX 0 x.o-v1.mx.microsoft.", "mx", Weight.WARNS, "nobody reads it"),
        ("* 3600 MX 5 mx1.oldhost.example.", "wildcard", Weight.WARNS, "undeclared names"),
        ("", "wildcard", None, ""),
        ("", "spf", Weight.WARNS, "says mx"),
        ('@ 1800 TXT "v=spf1 -all"', "spf", Weight.BLOCKS, "2 SPF records"),
        ("selector1._domainkey 3600 CNAME nokey.ORIGIN", "dkim", Weight.BLOCKS, "holds no key"),
        ("", "dmarc", Weight.WARNS, "no DMARC"),
        ('_dmarc 3600 TXT "v=DMARC1; p=reject"', "dmarc", Weight.FINE, "reject"),
        ('_dmarc 3600 TXT "v=DMARC1; rua=mailto:x@y.example"', "dmarc", Weight.WARNS, "no valid policy"),
        ('_mta-sts 3600 TXT "v=STSv1; id=1"', "mta-sts", Weight.BLOCKS, "policy"),
        ("_autodiscover._tcp 3600 SRV 0 0 443 old.example.", "leftovers", Weight.WARNS, "old.example"),
    ],
)
def test_each_trap_has_a_named_check_with_a_plain_sentence(
    embedded: Server, records: str, check: str, weight: Weight | None, word: str
) -> None:
    world = zone_on(embedded, ORDINARY)
    if records:
        change(world.port, world.origin, add=[records.replace("ORIGIN", f"{world.origin}.")])
    found = findings(world, check)
    if weight is None:
        assert found == []
    else:
        assert [sentence for heavy, sentence in found if heavy is weight and word in sentence], found


def test_a_domain_that_is_an_alias_or_elsewhere_blocks(embedded: Server) -> None:
    world = zone_on(embedded, ORDINARY)
    found = looking_at(world).check([f"www.{world.origin}", "elsewhere.test"])
    blocking = {one.domain: one.sentence for one in found if one.check == "readable" and one.weight is Weight.BLOCKS}
    assert "alias" in blocking[f"www.{world.origin}"]
    assert "elsewhere.test" in blocking["elsewhere.test"]


def test_a_selector_that_leads_to_a_key_is_fine(embedded: Server) -> None:
    world = zone_on(embedded, ORDINARY)
    records = ["selector1._domainkey 3600 CNAME key", 'key 3600 TXT "v=DKIM1; k=rsa; p=MIGf"']
    change(world.port, world.origin, add=records)
    assert findings(world, "dkim") == [(Weight.FINE, "selector1 leads to a key.")]


def test_a_cache_that_holds_the_old_answer_is_named_with_its_seconds(embedded: Server) -> None:
    world = zone_on(embedded, ORDINARY)
    with caching_resolver(world.port) as resolver:
        through = looking_at(world, f"127.0.0.1:{resolver.port}")
        assert states(through, world) == {State.CURRENT}
        world.put("MX", values=(MX[0].format(world.origin),))
        resolver.age(86400 - 512)
        survey = through.survey([world.origin], SwitchMoments(NOON, NOON), NOON)
        (old,) = [one for one in survey.reports if one.state is State.OLD]
        assert (old.question.rdtype, old.seconds) == (dns.rdatatype.MX, 512)
        assert last_clean(survey.reports) == 512
        lines = list(survey_lines(survey, [world.origin], NOON, PARIS))
        assert f"{world.origin} MX: old for 512 s more on 127.0.0.1:{resolver.port}" in lines
        assert lines[-1] == "The last cache asked is clean in 512 s, at 13:08:32 CET."


def test_a_cache_that_remembers_an_absence_says_how_long(embedded: Server) -> None:
    world = zone_on(embedded, ORDINARY)
    name = dns.name.from_text(f"_dmarc.{world.origin}")
    question = Question(name, dns.rdatatype.TXT)
    with caching_resolver(world.port) as resolver:
        nameserver = Nameserver("resolver", "127.0.0.1", resolver.port, recursive=True)
        query_all([(question, None)], [nameserver])
        change(world.port, world.origin, add=['_dmarc 3600 TXT "v=DMARC1; p=none"'])
        resolver.age(100)
        (facts,) = read_facts(Primary("127.0.0.1", world.port), [world.origin])
        (report,) = query_all([(question, facts.rdataset("_dmarc", "TXT"))], [nameserver])
    assert (report.state, report.seconds) == (State.MISSING, 800)


def test_a_resolver_is_never_asked_for_what_is_not_published_yet(embedded: Server) -> None:
    world = zone_on(embedded, ORDINARY)
    with caching_resolver(world.port) as resolver:
        looking_at(world, f"127.0.0.1:{resolver.port}").survey([world.origin], SwitchMoments(NOON, NOON), NOON)
        assert f"selector1._domainkey.{world.origin}" not in resolver.asked
        assert world.origin in resolver.asked


def test_what_is_published_nowhere_is_not_called_current(embedded: Server) -> None:
    world = zone_on(embedded, ORDINARY)
    survey = looking_at(world).survey([world.origin], SwitchMoments(NOON, NOON), NOON)
    lines = list(survey_lines(survey, [world.origin], NOON, PARIS))
    reported = {line.partition(":")[0]: line for line in lines}
    assert "current on ns1" in reported[f"{world.origin} MX"]
    assert "not published on ns1" in reported[f"selector1._domainkey.{world.origin} CNAME"]


def test_servers_that_are_down_or_not_authoritative_are_told_apart(embedded: Server, knot: Server) -> None:
    world = zone_on(embedded, ORDINARY)
    (facts,) = read_facts(Primary("127.0.0.1", world.port), [world.origin])
    truth = (Question(dns.name.from_text(world.origin), dns.rdatatype.MX), facts.rdataset("", "MX"))
    down, lame = Nameserver("down", "127.0.0.1", free_port()), Nameserver("lame", "127.0.0.1", knot.port)
    reports = query_all([truth], [down, lame, Nameserver("good", "127.0.0.1", world.port)], timeout=3)
    assert {one.nameserver.name: one.state for one in reports} == {
        "down": State.UNREACHABLE,
        "lame": State.LAME,
        "good": State.CURRENT,
    }


@pytest.mark.parametrize(
    ("lowered", "days", "weight", "words"),
    [
        (0, 3, Weight.FINE, "lowered before Tue 21 Jan 2025 13:00"),
        (0, 0.5, Weight.WARNS, "use the old host until Mon 20 Jan 2025 13:00"),
        (2.5, 3, Weight.WARNS, "preparation_days to 2 or more"),
    ],
)
def test_a_ttl_is_to_be_lowered_one_old_ttl_before_the_switch(
    embedded: Server, lowered: float, days: float, weight: Weight, words: str
) -> None:
    world = zone_on(embedded, ORDINARY)
    moments = SwitchMoments(NOON + dt.timedelta(days=lowered), NOON + dt.timedelta(days=days))
    found = looking_at(world).before_switch({world.origin: moments}, NOON)
    (reported,) = [one for one in found if one.check == "ttl"]
    assert reported.weight is weight
    assert words in reported.sentence


def states(looking: Surveyor, world: World) -> set[State]:
    return {one.state for one in looking.survey([world.origin], SwitchMoments(NOON, NOON), NOON).reports}
