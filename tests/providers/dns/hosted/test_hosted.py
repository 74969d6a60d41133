"""Zones at a DNS host: our records alone, and never a moment without an MX."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping

import pytest
import responses
from tests.providers.dns.hosts import Cloudflare, Gandi, Host, Ovh

from reconcile.clock import SystemClock
from reconcile.problem import Problem
from reconcile.providers.base import ABSENT, Observed, Order, Provider, Scope, Unknown, Wanted
from reconcile.providers.dns.hosted.account import HostedZones
from reconcile.providers.dns.hosted.backends import open_backend
from reconcile.providers.dns.hosted.provider import hosted_provider
from reconcile.resources.address import Address
from reconcile.resources.resource import Desired, Live, Value

ZONE = "spf55.example"
SECRET = "not-to-be-seen"
SWITCH: Mapping[str, Mapping[str, Value]] = {
    f"{ZONE}/TXT/verification": {"contains": ("MS=ms12345678",)},
    f"{ZONE}/TXT/spf": {"includes": ("spf.protection.outlook.com",)},
    f"{ZONE}/MX": {"values": ("0 spf55-example.o-v1.mx.microsoft.",)},
    f"autodiscover.{ZONE}/CNAME": {"values": ("autodiscover.outlook.com.",)},
}


class SteadyClock(SystemClock):
    def sleep(self, seconds: float) -> None:
        """Nothing here takes time."""


def gandi() -> Gandi:
    return Gandi(
        ZONE,
        {
            ("@", "A"): (3600, ["192.0.2.1"]),
            ("@", "MX"): (10800, ["10 mx1.oldhost.example.", "20 mx2"]),
            ("@", "TXT"): (10800, ['"v=spf1 include:spf.oldhost.example ~all"', '"google=abc; x"']),
            ("www", "CNAME"): (3600, ["web.oldhost.example."]),
            ("odd", "LOC"): (3600, ["48 51 29.000 N 2 17 40.000 E 33.00m"]),
        },
    )


def rows(default: int, dot: str) -> list[tuple[str, str, int, str]]:
    """What OVH and Cloudflare keep alike, but for how they write the zone's own TTL and the end of a name."""
    return [
        ("", "A", default, "192.0.2.1"),
        ("", "MX", 3600, f"10 mx1.oldhost.example{dot}"),
        ("", "MX", 3600, f"20 mx2.oldhost.example{dot}"),
        ("", "TXT", 600, '"google=abc; x"'),
        ("odd", "LOC", default, "48 51 29.000 N 2 17 40.000 E 33.00m"),
    ]


def ovh() -> Ovh:
    own = [
        ("", "SPF", 600, '"v=spf1 include:spf.oldhost.example ~all"'),
        ("", "TXT", 600, '"two " "strings"'),
        ("_dmarc", "DMARC", 0, '"v=DMARC1;p=none"'),
    ]
    return Ovh(ZONE, rows(0, ".") + own)


def cloudflare() -> Cloudflare:
    own = [
        ("", "TXT", 600, '"v=spf1 include:spf.oldhost.example ~all"'),
        ("_dmarc", "TXT", 1, '"v=DMARC1;p=none"'),
    ]
    return Cloudflare(ZONE, rows(1, "") + own)


OPTIONS = {
    Cloudflare: ("cloudflare", {"token": SECRET}),
    Gandi: ("gandi", {"token": SECRET}),
    Ovh: ("ovh", {"endpoint": "ovh-eu", "application_key": "k", "application_secret": SECRET, "consumer_key": "c"}),
}


@contextlib.contextmanager
def served(host: Host) -> Iterator[Provider]:
    """A provider for the account, its API answered by ``host``."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mocked:
        host.play(mocked)
        yield provider_for(host)


@pytest.fixture(params=[gandi, ovh, cloudflare])
def host(request: pytest.FixtureRequest) -> Iterator[Host]:
    played: Host = request.param()
    with served(played):
        yield played


def provider_for(host: Host) -> Provider:
    name, options = OPTIONS[type(host)]
    zones = HostedZones(lambda: open_backend(name, options), [ZONE])
    return hosted_provider(zones, lambda _name, _rdtype: None, SteadyClock())


def see(provider: Provider, key: str) -> Observed:
    address = Address("spf55", "dns", key)
    return provider.reader.observe(Scope([Wanted(address, Desired(address, SWITCH.get(key, {})))], {})).observed[
        address
    ]


def order(provider: Provider, key: str) -> Order:
    shown = see(provider, key)
    return Order(Address("spf55", "dns", key), shown if isinstance(shown, Live) else None, SWITCH[key], frozenset())


def put(provider: Provider, key: str) -> Live:
    return provider.writer.update(order(provider, key))


def test_a_domain_is_switched_and_a_second_look_finds_it_done(host: Host) -> None:
    provider = provider_for(host)
    for key in SWITCH:
        put(provider, key)
    written = host.state()
    for key in SWITCH:
        put(provider, key)
    assert host.state() == written
    mx = see(provider, f"{ZONE}/MX")
    assert isinstance(mx, Live)
    assert mx.fields["values"] == ("0 spf55-example.o-v1.mx.microsoft.",)


def test_other_peoples_records_stay_as_they_stood_at_gandi() -> None:
    host = gandi()
    before = dict(host.records)
    with served(host) as provider:
        for key in SWITCH:
            put(provider, key)
    moved = {key for key in before | host.records if before.get(key) != host.records.get(key)}
    assert moved == {("@", "TXT"), ("@", "MX"), ("autodiscover", "CNAME")}
    ttl, texts = host.records["@", "TXT"]
    assert ttl == 10800
    assert '"google=abc; x"' in texts


def test_other_peoples_records_stay_untouched_at_ovh_and_spf_does_not_double() -> None:
    host = ovh()
    before = set(host.live)
    with served(host) as provider:
        for key in SWITCH:
            put(provider, key)
    gone = {(name, kind) for name, kind, _, _ in before - host.live}
    assert gone == {("", "MX"), ("", "SPF")}
    assert len([target for _, _, _, target in host.live if "v=spf1" in target]) == 1
    assert ("", "TXT", 600, '"two " "strings"') in host.live


def test_other_peoples_records_stay_untouched_at_cloudflare() -> None:
    host = cloudflare()
    before = dict(host.records)
    with served(host) as provider:
        for key in SWITCH:
            put(provider, key)
    moved = {key for key in before if host.records.get(key) != before[key]}
    assert sorted((before[key]["type"], before[key]["content"]) for key in moved) == [
        ("MX", "mx1.oldhost.example"),
        ("MX", "mx2.oldhost.example"),
        ("TXT", '"v=spf1 include:spf.oldhost.example ~all"'),
    ]
    assert len([row for row in host.records.values() if "v=spf1" in row["content"]]) == 1


@pytest.mark.parametrize("failing", range(1, 8))
def test_a_host_that_fails_midway_never_leaves_the_domain_without_mx(host: Host, failing: int) -> None:
    """The host looks after itself at every call: see ``look``."""
    provider = provider_for(host)
    host.fail_at = failing
    problems = []
    for key in SWITCH:
        try:
            put(provider, key)
        except Problem as problem:
            problems.append(problem)
    assert {problem.code for problem in problems} <= {"DNS17"}
    assert SECRET not in "".join(problem.message + problem.hint for problem in problems)
    for key in SWITCH:
        put(provider, key)
    mx = see(provider, f"{ZONE}/MX")
    assert isinstance(mx, Live)
    assert mx.fields["values"] == SWITCH[f"{ZONE}/MX"]["values"]
    assert host.all_live


def test_an_edit_since_the_plan_is_refused(host: Host) -> None:
    provider = provider_for(host)
    planned = order(provider, f"{ZONE}/MX")
    put(provider_for(host), f"{ZONE}/MX")
    late = Order(planned.address, planned.before, {"values": ("0 other.example.",)}, frozenset())
    with pytest.raises(Problem) as refusal:
        provider.writer.update(late)
    assert refusal.value.code == "DNS07"


def test_texts_the_host_would_store_otherwise_are_not_sent_again() -> None:
    host = gandi()
    ttl, texts = host.records["@", "TXT"]
    host.records["@", "TXT"] = (ttl, [*texts, '"two " "strings"'])
    before = dict(host.records)
    with served(host) as provider, pytest.raises(Problem) as refusal:
        put(provider, f"{ZONE}/TXT/verification")
    assert refusal.value.code == "DNS18"
    assert "MS=ms12345678" in refusal.value.hint
    assert host.records == before


def test_texts_of_several_strings_are_not_sent_again_to_cloudflare() -> None:
    host = cloudflare()
    host.records["f" * 32] = {"name": ZONE, "type": "TXT", "ttl": 600, "content": '"two " "strings"', "proxied": False}
    before = dict(host.records)
    with served(host) as provider, pytest.raises(Problem) as refusal:
        put(provider, f"{ZONE}/TXT/verification")
    assert refusal.value.code == "DNS18"
    assert host.records == before


def test_a_zone_the_account_does_not_hold_is_unknown_and_never_made(host: Host) -> None:
    provider = provider_for(host)
    shown = see(provider, "elsewhere.example/MX")
    assert isinstance(shown, Unknown)
    assert "elsewhere.example" in shown.reason
    assert host.writes == 0


def test_a_name_that_is_an_alias_or_taken_is_told(host: Host) -> None:
    provider = provider_for(host)
    assert see(provider, f"nothing.{ZONE}/CNAME") == ABSENT
    taken = see(provider, f"{ZONE}/CNAME")
    assert isinstance(taken, Unknown)
    assert "other records" in taken.reason


def test_a_host_that_is_not_known_is_refused() -> None:
    with pytest.raises(Problem) as refusal:
        open_backend("nowhere", {})
    assert refusal.value.code == "DNS16"
    with pytest.raises(Problem) as refusal:
        open_backend("gandi", {"tokn": SECRET})
    assert refusal.value.code == "DNS16"
    assert SECRET not in str(refusal.value) + refusal.value.hint
