"""A zone full of odd records, its whole content compared before and after: only what was asked has moved."""

from __future__ import annotations

import pytest
from tests.providers.dns.servers import Server, change, transfer
from tests.providers.dns.world import World, zone_on

from reconcile.problem import Problem
from reconcile.providers.base import ABSENT, Unknown
from reconcile.resources.resource import Live

ODD = f"""\
$TTL 3600
@ IN SOA ns1 hostmaster 2026010101 3600 600 1209600 900
@ IN NS ns1
@ IN NS ns2.far.example.
ns1 IN A 127.0.0.1
@ IN A 192.0.2.10
@ IN AAAA 2001:db8::10
@ 86400 IN MX 10 Mx1.OldHost.example.
@ IN TXT "v=spf1 a mx include:spf.oldhost.example" " ?all"
@ IN TXT "semi;colon \\"quoted\\" back\\\\slash \\195\\169"
@ IN TXT "caf\\233 in Latin-1"
@ IN TXT "{"x" * 255}" "{"y" * 100}"
@ IN TXT "two " "strings"
@ IN TXT ""
@ IN CAA 0 issue "letsencrypt.org"
@ IN HINFO "PC" "Linux"
@ IN LOC 48 51 29.000 N 2 17 40.000 E 33.00m 1m 10000m 10m
private IN TYPE65534 \\# 4 0a000001
WwW IN CNAME Web.Hoster.example.
web 300 IN A 192.0.2.11
web 300 IN A 192.0.2.12
ssh IN SSHFP 4 2 123456789abcdef67890123456789abcdef67890123456789abcdef123456789
sip IN NAPTR 100 10 "S" "SIP+D2U" "" _sip._udp
_sip._udp IN SRV 10 60 5060 sip
_443._tcp.www2 IN TLSA 3 1 1 0b9fa5a59eed715c26c1020c711b4f6ec42d58b0015e14337a39dad301c5afc3
svc IN HTTPS 1 . alpn="h2,h3" ipv4hint=192.0.2.10
uri IN URI 10 1 "https://example.org/a;b"
dname IN DNAME other.example.
child IN NS ns.child.example.
child IN DS 12345 13 2 123456789abcdef67890123456789abcdef67890123456789abcdef123456789
*.wild IN MX 5 elsewhere.example.
*.wild IN TXT "wild"
_acme-challenge IN TXT "token1"
_acme-challenge IN TXT "token2"
key IN OPENPGPKEY AwEAAQ==
autodiscover 86400 IN CNAME autodiscover.oldhost.example.
_autodiscover._tcp IN SRV 0 0 443 autodiscover.oldhost.example.
_dmarc IN TXT "v=DMARC1; p=none"
old._domainkey IN TXT "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC" "restofkey"
"""

SWITCH = {
    "TXT/verification": {"contains": ("MS=ms12345678",)},
    "TXT/spf": {"includes": ("spf.protection.outlook.com",)},
    "MX": {"values": ("0 odd-example.o-v1.mx.microsoft.",)},
    "autodiscover CNAME": {"values": ("autodiscover.outlook.com.",)},
    "selector1._domainkey CNAME": {"values": ("selector1-odd-example._domainkey.t.a-v1.dkim.mail.microsoft.",)},
}


@pytest.fixture(params=["knot", "knot signed", "bind", "bind signed", "powerdns", "powerdns signed", "embedded"])
def odd(request: pytest.FixtureRequest) -> World:
    kind, _, signed = request.param.partition(" ")
    return zone_on(request.getfixturevalue(kind), ODD, signed=bool(signed))


def test_everything_that_was_not_asked_comes_through_octet_for_octet(odd: World) -> None:
    before = transfer(odd.port, odd.origin)
    for key, fields in SWITCH.items():
        odd.put(key, **fields)
    after = transfer(odd.port, odd.origin)
    moved = {key for key in before | after if before.get(key) != after.get(key)}
    apex = f"{odd.origin}."
    assert moved == {(apex, 16), (apex, 15), (f"autodiscover.{apex}", 5), (f"selector1._domainkey.{apex}", 5)}
    old_texts, new_texts = before[apex, 16][1], after[apex, 16][1]
    assert len(old_texts - new_texts) == 1, "only the SPF record was replaced"
    assert len(new_texts - old_texts) == 2, "by the merged one, and the token came"


def test_after_the_switch_a_second_look_finds_everything_as_asked(odd: World) -> None:
    for key, fields in SWITCH.items():
        odd.put(key, **fields)
    for key, shown in odd.see_all(SWITCH).items():
        assert isinstance(shown, Live)
        for name, value in SWITCH[key].items():
            assert set(value) <= set(shown.fields[name])
            assert name != "values" or shown.fields[name] == value


def test_a_ttl_lowered_then_raised_again_leaves_the_zone_as_it_was(odd: World) -> None:
    before = transfer(odd.port, odd.origin)
    for key in ("MX", "autodiscover CNAME"):
        values = odd.see(key).fields["values"]
        assert odd.put(key, values=values, ttl=300).fields["ttl"] == 300
        odd.put(key, values=values, ttl=86400)
    after = transfer(odd.port, odd.origin)
    # A name goes back in lower case, which DNS holds equal.
    assert {k for k in before | after if before.get(k) != after.get(k)} <= {(f"{odd.origin}.", 15)}


def test_a_race_on_a_signed_or_plain_zone_writes_nothing(odd: World) -> None:
    planned = odd.see("autodiscover CNAME")
    change(odd.port, odd.origin, add=["autodiscover 86400 CNAME somewhere.else.example."])
    before = transfer(odd.port, odd.origin)
    with pytest.raises(Problem, match=r"somewhere\.else\.example"):
        odd.provider.writer.update(odd.order("autodiscover CNAME", planned, **SWITCH["autodiscover CNAME"]))
    assert transfer(odd.port, odd.origin) == before


def test_a_name_that_somebody_took_meanwhile_is_not_overwritten(odd: World) -> None:
    key = "selector1._domainkey CNAME"
    change(odd.port, odd.origin, add=["selector1._domainkey 3600 TXT taken"])
    with pytest.raises(Problem) as refusal:
        odd.provider.writer.create(odd.order(key, ABSENT, **SWITCH[key]))
    assert refusal.value.code == "DNS10"
    assert "TXT" in refusal.value.message


@pytest.mark.parametrize(
    ("key", "code", "word"),
    [
        ("below.child MX", "DNS06", "authoritative"),
        ("any.wild MX", "DNS10", "wildcard"),
        ("any.wild TXT/spf", "DNS10", "wildcard"),
        ("selector1._domainkey.any.wild CNAME", "DNS10", "MX"),
        ("www MX", "DNS10", "web.hoster.example"),
    ],
)
def test_a_name_that_cannot_bear_the_record_is_unknown_in_the_plan_and_refused_by_the_writer(
    odd: World, key: str, code: str, word: str
) -> None:
    before = transfer(odd.port, odd.origin)
    shown = odd.see(key)
    assert isinstance(shown, Unknown)
    assert word in shown.reason
    value = "5 x.example." if key.endswith("MX") else "x.example."
    with pytest.raises(Problem) as refusal:
        odd.provider.writer.create(odd.order(key, ABSENT, values=(value,), includes=("x.example",)))
    assert refusal.value.code == code
    assert transfer(odd.port, odd.origin) == before


def test_an_alias_of_ours_may_be_published_under_a_wildcard_alias(odd: World) -> None:
    change(odd.port, odd.origin, add=["*.web 300 CNAME elsewhere.example."])
    assert odd.see("autodiscover.web CNAME") == ABSENT
    assert odd.put("autodiscover.web CNAME", values=("autodiscover.outlook.com.",)).fields["ttl"] == 300


def test_an_explicit_name_beside_an_equal_wildcard_is_its_own(odd: World) -> None:
    change(
        odd.port, odd.origin, add=["ville.wild 300 MX 5 elsewhere.example.", "*.ville.wild 300 MX 5 elsewhere.example."]
    )
    shown = odd.see("ville.wild MX")
    assert isinstance(shown, Live)
    assert odd.put("ville.wild MX", values=("0 x.example.",)).fields["values"] == ("0 x.example.",)


def test_a_name_below_a_redirection_is_left_alone(outside_server: Server) -> None:
    odd = zone_on(outside_server, ODD)
    shown = odd.see("below.dname CNAME")
    assert isinstance(shown, Unknown)
    assert "DNAME" in shown.reason
    with pytest.raises(Problem):
        odd.provider.writer.create(odd.order("below.dname CNAME", ABSENT, values=("x.example.",)))
