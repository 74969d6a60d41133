"""Names that are an alias, delegated, answered by a wildcard, or taken: in the plan and in the check."""

from __future__ import annotations

import pytest
from tests.providers.dns.checks.test_preflight import seen, stopped
from tests.providers.dns.checks.test_survey import findings, looking_at
from tests.providers.dns.servers import Server, change
from tests.providers.dns.world import ORDINARY, World, zone_on

from reconcile.clock import SystemClock
from reconcile.providers.base import ABSENT, Observed, Scope, Unknown, Wanted, Weight
from reconcile.providers.dns.checks.preflight import Preflight
from reconcile.providers.dns.reader import DnsReader
from reconcile.resources.resource import Desired, Live, Value

DMARC: dict[str, Value] = {"contains": ("v=DMARC1",)}
TLS: dict[str, Value] = {"values": ("v=TLSRPTv1; rua=mailto:tls@spf55.example",)}
POLICY = 'dmarc-policy 3600 TXT "v=DMARC1; p=reject"'


def odd(server: Server, *records: str) -> World:
    world = zone_on(server, ORDINARY)
    change(world.port, world.origin, add=records)
    return world


@pytest.mark.parametrize(
    ("key", "wanted", "records"),
    [
        ("_dmarc TXT/dmarc", DMARC, ["_dmarc 3600 CNAME dmarc-policy", POLICY]),
        ("_dmarc TXT/dmarc", DMARC, ["_dmarc 3600 CNAME spf55.dmarc.service.example."]),
        ("_dmarc TXT/dmarc", DMARC, ["_dmarc 3600 NS ns1.service.example."]),
        ("_smtp._tls TXT", TLS, ["_smtp._tls 3600 CNAME tls.service.example."]),
        ("_smtp._tls TXT", TLS, ["_tls 3600 NS ns1.service.example."]),
    ],
)
def test_a_policy_behind_an_alias_or_a_delegation_is_its_owners_and_nothing_is_to_be_done(
    server: Server, key: str, wanted: dict[str, Value], records: list[str]
) -> None:
    shown = odd(server, *records).see(key, **wanted)
    assert isinstance(shown, Live), shown
    assert shown.fields == wanted


def test_the_check_reads_a_policy_through_its_alias(server: Server) -> None:
    world = odd(server, "_dmarc 3600 CNAME dmarc-policy", POLICY)
    assert findings(world, "dmarc") == [(Weight.FINE, "The DMARC policy is reject.")]


def test_the_check_says_an_alias_that_leads_to_no_policy(server: Server) -> None:
    world = odd(server, "_dmarc 3600 CNAME ns1")
    ((weight, sentence),) = findings(world, "dmarc")
    assert weight is Weight.WARNS
    assert "is an alias (CNAME) of ns1" in sentence


@pytest.mark.parametrize("wildcard", ['* 3600 TXT "v=spf1 -all"', "* 3600 CNAME www", '* 3600 TXT "v=DMARC1; p=none"'])
def test_what_only_a_wildcard_answers_is_absent_and_can_be_published(server: Server, wildcard: str) -> None:
    world = odd(server, wildcard)
    for key, fields in (("_dmarc TXT/dmarc", DMARC), ("_smtp._tls TXT", TLS)):
        assert world.see(key, **fields) == ABSENT
        assert isinstance(world.put(key, **fields), Live)
        assert isinstance(world.see(key, **fields), Live)
    assert not [sentence for _, sentence in findings(world, "leftovers") if "mail programs" in sentence]


def test_a_wildcard_is_no_dmarc_record_for_the_check(server: Server) -> None:
    world = odd(server, '* 3600 TXT "v=DMARC1; p=reject"')
    ((weight, sentence),) = findings(world, "dmarc")
    assert weight is Weight.WARNS
    assert "no DMARC record" in sentence


def test_a_record_that_would_hide_a_wildcards_mx_from_a_mail_domain_is_not_published(server: Server) -> None:
    world = odd(server, "* 3600 MX 5 mx1.oldhost.example.")
    shown = world.see("ville TXT/spf", includes=("x.example",))
    assert isinstance(shown, Unknown)
    assert "its mail would stop" in shown.reason


@pytest.mark.parametrize(
    ("record", "types"),
    [
        ("autodiscover 3600 A 192.0.2.44", "A"),
        ("autodiscover 3600 AAAA 2001:db8::44", "AAAA"),
        ('autodiscover 3600 TXT "cpanel"', "TXT"),
    ],
)
def test_what_stands_at_autodiscover_is_said_in_the_plan_the_rehearsal_and_the_check(
    server: Server, record: str, types: str
) -> None:
    world = zone_on(server, ORDINARY.replace("autodiscover 86400", "; "))
    change(world.port, world.origin, add=[record])
    shown = world.see("autodiscover CNAME", values=("autodiscover.outlook.com.",))
    assert isinstance(shown, Unknown)
    assert f"holds other records ({types})" in shown.reason
    mx = seen(world).observed[world.address("MX")]
    assert isinstance(mx, Unknown), "the MX waits, too"
    assert f"holds other records ({types})" in mx.reason
    assert [weight for weight, sentence in findings(world, "occupied") if types in sentence] == [Weight.BLOCKS]


def test_a_key_at_a_selector_is_said_and_stops_the_signing_alone(server: Server) -> None:
    world = odd(server, 'selector1._domainkey 3600 TXT "v=DKIM1; p=MIGf"')
    shown = world.see("selector1._domainkey CNAME", values=("s1.example.",))
    assert isinstance(shown, Unknown)
    assert "holds other records (TXT)" in shown.reason
    assert stopped(world, seen(world)) == ""
    assert [weight for weight, _ in findings(world, "occupied")] == [Weight.WARNS]


def test_a_selector_that_is_delegated_is_said_with_the_zone_it_belongs_in(server: Server) -> None:
    world = odd(server, "_domainkey 3600 NS ns1.service.example.")
    shown = world.see("selector1._domainkey CNAME", values=("s1.example.",))
    assert isinstance(shown, Unknown)
    assert f"_domainkey.{world.origin} is delegated to other name servers" in shown.reason


def test_names_below_autodiscover_are_not_in_its_way(server: Server) -> None:
    world = zone_on(server, ORDINARY.replace("autodiscover 86400", "; "))
    change(world.port, world.origin, add=["x.autodiscover 3600 A 192.0.2.44"])
    assert world.see("autodiscover CNAME", values=("autodiscover.outlook.com.",)) == ABSENT


ASSIGNED: dict[str, Value] = {"values": ("selector1-x._domainkey.y.z-v1.dkim.mail.microsoft.",)}


@pytest.mark.parametrize("chain", [["two"], ["two", "three"]])
def test_a_selector_that_leads_to_the_assigned_key_by_another_name_is_its_owners(
    server: Server, chain: list[str]
) -> None:
    assert isinstance(ASSIGNED["values"], tuple)
    names = ["selector1._domainkey", *chain]
    targets = [*chain, ASSIGNED["values"][0]]
    world = odd(server, *(f"{name} 3600 CNAME {target}" for name, target in zip(names, targets, strict=True)))
    shown = wanting(world, "selector1._domainkey CNAME", ASSIGNED)
    assert isinstance(shown, Live), shown
    assert shown.fields["values"] == ASSIGNED["values"]
    assert f"is an alias (CNAME) of two.{world.origin}" in str(shown.context["record"])


@pytest.mark.parametrize("target", ["ns1", "nowhere", "loop"])
def test_a_selector_that_leads_elsewhere_is_to_be_changed(server: Server, target: str) -> None:
    world = odd(server, f"selector1._domainkey 3600 CNAME {target}", "loop 3600 CNAME selector1._domainkey")
    shown = wanting(world, "selector1._domainkey CNAME", ASSIGNED)
    assert isinstance(shown, Live), shown
    assert shown.fields["values"] == (f"{target}.{world.origin}.",)


def wanting(world: World, key: str, fields: dict[str, Value]) -> Observed:
    """As a plan sees it, aliases followed."""
    address = world.address(key)
    surveyor = looking_at(world, f"127.0.0.1:{world.port}")
    reader = DnsReader(surveyor.primary, Preflight(surveyor, SystemClock()))
    return reader.observe(Scope([Wanted(address, Desired(address, fields))], {})).observed[address]
