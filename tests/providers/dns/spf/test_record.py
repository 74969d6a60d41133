"""SPF as text: what is well formed, and what a merge leaves as it was."""

from __future__ import annotations

import pytest

from reconcile.providers.dns.spf.record import MalformedSpf, is_spf, parse

OURS = "spf.protection.outlook.com"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("v=spf1 -all", f"v=spf1 include:{OURS} -all"),
        ("v=spf1", f"v=spf1 include:{OURS}"),
        ("v=spf1 a mx", f"v=spf1 a mx include:{OURS}"),
        ("v=spf1  a   mx  ~all", f"v=spf1  a   mx  include:{OURS} ~all"),
        ("V=SPF1 A ?ALL", f"V=SPF1 A include:{OURS} ?ALL"),
        ("v=spf1 redirect=_spf.example.org", f"v=spf1 include:{OURS} redirect=_spf.example.org"),
        ("v=spf1 mx exp=why.example.org -all", f"v=spf1 mx include:{OURS} exp=why.example.org -all"),
        ("v=spf1 a:x.example/24//64 -all", f"v=spf1 a:x.example/24//64 include:{OURS} -all"),
        (f"v=spf1 include:{OURS} -all", f"v=spf1 include:{OURS} -all"),
        (f"v=spf1 +include:{OURS.upper()}. -all", f"v=spf1 +include:{OURS.upper()}. -all"),
        (f"v=spf1 ?include:{OURS} -all", f"v=spf1 ?include:{OURS} include:{OURS} -all"),
    ],
)
def test_the_include_goes_before_all_and_the_rest_stays_as_written(before: str, after: str) -> None:
    assert str(parse(before).with_include(OURS)) == after


def test_an_include_added_and_taken_away_leaves_the_record_as_it_was() -> None:
    before = "v=spf1  a mx include:spf.oldhost.example  ~all"
    assert str(parse(before).with_include(OURS).without_include(OURS)) == before


def test_an_explicit_refusal_of_the_include_does_not_count_as_having_it() -> None:
    assert parse(f"v=spf1 -include:{OURS} ~all").includes == ()


@pytest.mark.parametrize(
    "text",
    [
        "v=spf1 a:%{d}.example.org exists:%{i}.%{h}.spf.example.org -all",
        "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 ip6:::ffff:192.0.2.1 ~all",
        "v=spf1 ptr ptr:example.org. a/0 mx//0 mx:example.org/32//128 ?all",
        "v=spf1 unknown-modifier=some%%thing other= -all",
        "v=spf1 include:_spf-a_b.example.xn--p1ai -all",
        "v=spf1 a:foo-bar.example2 all redirect=%{d2}.x.example",
        "v=spf1 exists:%{l1r-}.%{d}",
    ],
)
def test_a_well_formed_record_is_never_rejected(text: str) -> None:
    assert str(parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "v=spf1 include -all",
        "v=spf1 include: spf.example.org -all",
        "v=spf1 include:localhost -all",
        "v=spf1 include:example.123 -all",
        "v=spf1 include:a..b.example. .",
        "v=spf1 ip4:192.0.2 -all",
        "v=spf1 ip4:192.0.2.0/33 -all",
        "v=spf1 ip4:192.0.2.0/024 -all",
        "v=spf1 ip4:192.0.2.1\n -all",
        "v=spf1 ip6:2001:db8::/129 -all",
        "v=spf1 ip6:fe80::1%eth0 -all",
        "v=spf1 a/33 -all",
        "v=spf1 a//129 -all",
        "v=spf1 a:/24 -all",
        "v=spf1 mx:example.org/ -all",
        "v=spf1 -all:example.org",
        "v=spf1 exists:%{z}.example.org -all",
        "v=spf1 exists:%{r}.example.org -all",
        "v=spf1 exists:100%.example.org -all",
        "v=spf1 redirect=a.example redirect=b.example",
        "v=spf1 redirect= -all",
        "v=spf1 ipv4:192.0.2.1 -all",
        "v=spf1 a.mx -all",
        "v=spf1 caf\u00e9 -all",
        "v=spf1 + -all",
    ],
)
def test_a_malformed_record_is_refused_with_the_place(text: str) -> None:
    with pytest.raises(MalformedSpf):
        parse(text)


@pytest.mark.parametrize(
    ("text", "claims"), [("v=spf1", True), ("V=sPf1 a", True), ("v=spf10 a", False), ("spf", False)]
)
def test_only_the_exact_version_makes_a_record_spf(text: str, claims: bool) -> None:
    assert is_spf(text) is claims


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("v=spf1 mx ~all", "v=spf1 a:m1.example a:m2.example ~all"),
        ("v=spf1 ?mx/24 a -all", "v=spf1 ?a:m1.example/24 ?a:m2.example/24 a -all"),
        ("v=spf1 MX:SPF55.example. -all", "v=spf1 a:m1.example a:m2.example -all"),
        ("v=spf1 mx:other.example -all", "v=spf1 mx:other.example -all"),
    ],
)
def test_mx_can_be_said_by_the_hosts_it_means_today(before: str, after: str) -> None:
    assert str(parse(before).with_mx_as(("m1.example", "m2.example"), "spf55.example")) == after
    assert not parse(after).says_mx("spf55.example")
