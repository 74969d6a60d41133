"""The limits a receiver keeps to when it evaluates SPF."""

from __future__ import annotations

import pytest
from tests.providers.dns.servers import Server
from tests.providers.dns.world import ORDINARY, zone_on

from reconcile.problem import Problem
from reconcile.providers.dns.spf.lookups import count, refuse_over_limit
from reconcile.providers.dns.spf.record import parse

INTERNET = {
    ("spf.protection.outlook.com", "TXT"): ("v=spf1 ip4:40.92.0.0/15 -all",),
    ("big.example", "TXT"): ("noise", "v=spf1 include:a.big.example include:b.big.example a mx -all"),
    ("a.big.example", "TXT"): ("v=spf1 a -all",),
    ("b.big.example", "TXT"): ("v=spf1 exists:%{i}.big.example redirect=a.big.example",),
    ("loop.example", "TXT"): ("v=spf1 include:loop.example -all",),
    ("big.example", "A"): ("192.0.2.1",),
    ("a.big.example", "AAAA"): ("2001:db8::1",),
    ("big.example", "MX"): ("10 mx.big.example.",),
}


def resolve(name: str, rdtype: str) -> tuple[str, ...] | None:
    return None if name == "silent.example" else INTERNET.get((name, rdtype), ())


@pytest.mark.parametrize(
    ("text", "asking"),
    [
        ("v=spf1 ip4:192.0.2.1 -all", 0),
        ("v=spf1 a:big.example/24 mx:big.example ptr -all", 3),
        ("v=spf1 include:big.example -all", 9),
        ("v=spf1 redirect=big.example", 9),
        ("v=spf1 -all a:big.example redirect=big.example", 0),
        ("v=spf1 a:big.example ?all redirect=big.example", 1),
        ("v=spf1 include:loop.example -all", 2),
        ("v=spf1 include:silent.example -all", 1),
    ],
)
def test_every_term_a_receiver_can_reach_is_counted(text: str, asking: int) -> None:
    assert len(count(parse(text), "here.example", resolve).asking) == asking


def test_a_host_with_addresses_of_one_family_only_is_not_void() -> None:
    assert count(parse("v=spf1 a:a.big.example -all"), "here.example", resolve).void == ()


def test_what_could_not_be_asked_is_neither_void_nor_free() -> None:
    lookups = count(parse("v=spf1 include:silent.example mx:silent.example -all"), "here.example", resolve)
    assert lookups.unknown == ("include:silent.example", "mx:silent.example")
    assert lookups.void == ()
    assert not lookups.over_limit


def test_over_ten_lookups_is_refused_with_the_count() -> None:
    record = parse("v=spf1 include:big.example include:a.big.example mx:big.example -all")
    with pytest.raises(Problem, match="would need 12 DNS lookups"):
        refuse_over_limit(record, "here.example", resolve)


def test_more_than_two_lookups_that_find_nothing_are_refused() -> None:
    record = parse("v=spf1 a:x.example a:y.example mx:z.example -all")
    with pytest.raises(Problem, match="3 lookups that find nothing"):
        refuse_over_limit(record, "here.example", resolve)


def test_a_merge_that_would_break_the_limit_writes_nothing(server: Server) -> None:
    full = " ".join(f"include:s{number}.example" for number in range(10))
    world = zone_on(server, ORDINARY.replace("a mx include:spf.oldhost.example", full))
    planned = world.see("TXT/spf")
    with pytest.raises(Problem) as refusal:
        world.put("TXT/spf", includes=("spf.protection.outlook.com",))
    assert refusal.value.code == "DNS09"
    assert world.see("TXT/spf") == planned
