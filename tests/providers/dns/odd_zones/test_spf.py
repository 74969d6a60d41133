"""SPF as receivers evaluate it: pyspf judges every record the plan would publish."""

from __future__ import annotations

import contextlib
import re
import socket
from collections.abc import Iterator
from typing import Any

import dns.rdataset
import pytest
import spf as pyspf
from dns.rdatatype import RdataType
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.providers.dns.checks.test_preflight import seen, stopped
from tests.providers.dns.checks.test_survey import findings
from tests.providers.dns.servers import Server, change
from tests.providers.dns.world import ORDINARY, World, zone_on

from reconcile.problem import Problem
from reconcile.providers.base import Live, Order, Unknown, Weight
from reconcile.providers.dns.desired.publication import CheckedPublish
from reconcile.providers.dns.records.canonical import rdata_of, texts_of
from reconcile.providers.dns.spf.record import is_spf
from reconcile.resources.address import Address
from reconcile.resources.resource import Value

HERE = "here.example"
INC = "spf.protection.outlook.com"
MICROSOFT = ("40.92.1.1", "2a01:111:f400::1")
#: name, type → values, as the checks see the world; what is not here does not exist.
WORLD: dict[tuple[str, str], tuple[str, ...]] = {
    (INC, "TXT"): ("v=spf1 ip4:40.92.0.0/15 ip6:2a01:111:f400::/48 -all",),
    ("good.example", "TXT"): ("v=spf1 ip4:203.0.113.0/24 ~all",),
    ("deep.example", "TXT"): ("v=spf1 include:good.example a:one.example -all",),
    ("two.example", "TXT"): ("v=spf1 -all", "v=spf1 ip4:192.0.2.1 -all"),
    ("bad.example", "TXT"): ("v=spf1 ip4:192.0.2 -all",),
    ("loop.example", "TXT"): ("v=spf1 ip4:192.0.2.9 include:loop2.example -all",),
    ("loop2.example", "TXT"): ("v=spf1 include:loop.example -all",),
    ("wide.example", "TXT"): ("v=spf1 a:v1.example a:v2.example a:v3.example a:v4.example -all",),
    ("strict.example", "TXT"): ("v=spf1 ip4:198.51.100.0/24 -all",),
    ("text.example", "TXT"): ("no spf here",),
    ("one.example", "A"): ("192.0.2.1",),
    ("six.example", "AAAA"): ("2001:db8::6",),
    (f"_spf.{HERE}", "TXT"): ("v=spf1 ip4:203.0.113.0/24 -all",),
    (HERE, "A"): ("192.0.2.10",),
    (HERE, "MX"): ("10 m1.example.", "10 m2.example.", "20 m1.example."),
    ("m1.example", "A"): ("192.0.2.21",),
    ("m2.example", "A"): ("192.0.2.22",),
    ("many.example", "MX"): tuple(f"10 m{number}.many.example." for number in range(11)),
    **{(f"m{number}.many.example", "A"): (f"192.0.2.{100 + number}",) for number in range(11)},
}
SENDERS = (
    "192.0.2.1",
    "192.0.2.9",
    "192.0.2.10",
    "192.0.2.21",
    "192.0.2.22",
    "192.0.2.100",
    "198.51.100.7",
    "203.0.113.5",
    "2001:db8::6",
    *MICROSOFT,
)
TARGETS = sorted({name for name, _ in WORLD} | {"gone.example", "gone2.example", "gone3.example", HERE})


def resolve(name: str, rdtype: str) -> tuple[str, ...] | None:
    return WORLD.get((name.lower().rstrip("."), rdtype), ())


def verdict(text: str, sender: str, mx: tuple[str, ...] | None = None) -> str:
    """What pyspf makes of a sender under this record of HERE; ``mx``: other MX records than those of the world."""
    original = pyspf.DNSLookup
    world = WORLD | {(HERE, "TXT"): (text,)} | ({(HERE, "MX"): mx} if mx else {})
    pyspf.DNSLookup = lambda name, rdtype, strict=True, timeout=None: list(_answers(world, name, rdtype))
    try:
        return str(pyspf.query(i=sender, s=f"a@{HERE}", h=f"mail.{HERE}", strict=True).check()[0])
    finally:
        pyspf.DNSLookup = original


def merged(text: str, part: str = "spf", **fields: Value) -> str:
    """The record the plan would publish. Raises the Problem it gives instead."""
    now = dns.rdataset.from_rdata_list(3600, [rdata_of(RdataType.TXT, text)])
    address = Address("spf55", "dns", f"{HERE}/TXT/{part}")
    order = Order(address, None, fields or {"includes": (INC,)}, frozenset())
    change = CheckedPublish(order, resolve, lambda _domain: None)
    after = now if change.satisfied_by(now) else change.applied_to(now)
    (record,) = [one for one in texts_of(after) if is_spf(one)]
    return record


QUALIFIERS = st.sampled_from(["", "", "", "+", "?", "~", "-"])
TERMS = st.one_of(
    st.builds("{}include:{}".format, QUALIFIERS, st.sampled_from(TARGETS)),
    st.builds("{}{}:{}".format, QUALIFIERS, st.sampled_from(["a", "mx", "exists"]), st.sampled_from(TARGETS)),
    st.builds("{}{}".format, QUALIFIERS, st.sampled_from(["a", "mx", "a/24", "mx/30//64", "mx:HERE.example."])),
    st.builds(
        "{}{}".format, QUALIFIERS, st.sampled_from(["ip4:198.51.100.7", "ip4:40.92.0.0/16", "ip6:2a01:111::/32"])
    ),
    st.builds("{}exists:%{{i}}.{}".format, QUALIFIERS, st.sampled_from(TARGETS)),
    st.builds(
        "{}{}".format,
        QUALIFIERS,
        st.sampled_from(
            ["include:_spf.%{d}", "include:gone.%{d2}", "a:one.%{d1}", "include:%{D}", "include:%{i}.%{d}"]
        ),
    ),
    st.builds("{}{}".format, QUALIFIERS, st.just("all")),
    st.builds("{}include:{}".format, QUALIFIERS, st.just(INC)),
)
RECORDS = st.builds(
    lambda terms, redirect: " ".join(["v=spf1", *terms, *redirect]),
    st.lists(TERMS, max_size=9),
    st.lists(st.builds("redirect={}".format, st.sampled_from(TARGETS)), max_size=1),
)


@given(RECORDS)
@settings(max_examples=400, deadline=None)
def test_what_would_be_published_lets_microsoft_pass_and_everybody_who_passed(text: str) -> None:
    with contextlib.suppress(Problem):
        after = merged(text)
        if after != text:
            for sender in MICROSOFT:
                assert verdict(after, sender) == "pass", (text, after)
            for sender in SENDERS:
                assert verdict(text, sender) != "pass" or verdict(after, sender) == "pass", (text, after)


@given(RECORDS)
@settings(max_examples=300, deadline=None)
def test_with_mx_by_name_everybody_who_passed_passes_before_the_switch_and_after(text: str) -> None:
    with contextlib.suppress(Problem):
        after = merged(text, "spf-mx", gone=True)
        if after != text:
            for sender in SENDERS:
                if verdict(text, sender) == "pass":
                    assert verdict(after, sender) == "pass", (text, after)
                    assert verdict(after, sender, mx=("0 x.o-v1.mx.microsoft.",)) == "pass", (text, after)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("v=spf1 include:gone.%{d} -all", f"include:gone.%{{d}}: gone.{HERE} has no SPF record"),
        ("v=spf1 include:%{d2} -all", f"{HERE} includes itself"),
        ("v=spf1 redirect=gone.%{d1r}", "gone.here has no SPF record"),
    ],
)
def test_a_macro_of_the_domain_alone_is_judged_before_the_write(text: str, why: str) -> None:
    with pytest.raises(Problem) as refusal:
        merged(text)
    assert refusal.value.code == "DNS09"
    assert why in refusal.value.message
    assert verdict(text, MICROSOFT[0]) == "permerror"


@pytest.mark.parametrize(
    ("record", "says"),
    [
        ("v=spf1 include:unread.elsewhere.test ~all", "what include:unread.elsewhere.test says could not be read"),
        ("v=spf1 include:%{i}._ip.ORIGIN ~all", "include:%{i}._ip.ORIGIN depends on each sender"),
    ],
)
def test_what_could_not_be_judged_is_said_beside_the_plan(embedded: Server, record: str, says: str) -> None:
    world = zone_on(embedded, ORDINARY.replace("v=spf1 a mx include:spf.oldhost.example ip4:198.51.100.7 ~all", "x"))
    origin = world.origin
    change(world.port, origin, add=[f'@ 1800 TXT "{record.replace("ORIGIN", origin)}"'])
    observation = seen(world)
    assert stopped(world, observation) == ""
    (found,) = [one for one in observation.findings if one.check == "spf-terms"]
    assert found.weight is Weight.WARNS
    assert says.replace("ORIGIN", origin) in found.sentence


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"v=spf1 ip4:198.51.100.7 -all include:{INC}", f"v=spf1 ip4:198.51.100.7 include:{INC} -all"),
        ("v=spf1 a:one.example ?mx -all", f"v=spf1 a:one.example include:{INC} ?mx -all"),
        ("v=spf1 exists:%{i}.x.example -all", f"v=spf1 include:{INC} exists:%{{i}}.x.example -all"),
        (f"v=spf1 ?include:{INC} -all", f"v=spf1 include:{INC} ?include:{INC} -all"),
        ("v=spf1 redirect=good.example", f"v=spf1 include:{INC} redirect=good.example"),
    ],
)
def test_the_include_stands_where_every_receiver_reaches_it(before: str, after: str) -> None:
    assert merged(before) == after
    assert {verdict(after, sender) for sender in MICROSOFT} == {"pass"}


BROKEN = [
    (
        "v=spf1 include:gone.example ip4:198.51.100.7 -all",
        "gone.example has no SPF record",
        f"v=spf1 ip4:198.51.100.7 include:{INC} -all",
    ),
    ("v=spf1 include:text.example -all", "text.example has no SPF record", f"v=spf1 include:{INC} -all"),
    ("v=spf1 include:two.example -all", "two.example has 2 SPF records", f"v=spf1 include:{INC} -all"),
    ("v=spf1 include:bad.example -all", "the SPF record of bad.example is malformed", f"v=spf1 include:{INC} -all"),
    ("v=spf1 include:loop.example -all", "includes itself", f"v=spf1 include:{INC} -all"),
    (f"v=spf1 include:{HERE} -all", f"{HERE} includes itself", f"v=spf1 include:{INC} -all"),
    ("v=spf1 redirect=gone.example", "gone.example has no SPF record", "v=spf1"),
    ("v=spf1 mx:many.example -all", "11 MX hosts", f"v=spf1 include:{INC} -all"),
    ("v=spf1 a:v1.example a:v2.example a:v3.example -all", "3 lookups .* find nothing", "v=spf1"),
    ("v=spf1 include:wide.example -all", "lookups .* find nothing", "v=spf1"),
]


@pytest.mark.parametrize(("text", "why", "write"), BROKEN)
def test_a_record_receivers_answer_permerror_to_is_not_merged_and_the_plan_says_what_to_write(
    text: str, why: str, write: str
) -> None:
    with pytest.raises(Problem, match=why) as refusal:
        merged(text)
    assert refusal.value.code == "DNS09"
    assert write in refusal.value.hint
    assert {verdict(text, sender) for sender in MICROSOFT} == {"permerror"}, "pyspf agrees"


def test_an_mx_host_in_two_records_is_written_once() -> None:
    assert merged("v=spf1 mx ~all", "spf-mx", gone=True) == "v=spf1 a:m1.example a:m2.example ~all"


@pytest.mark.parametrize(
    ("target", "after"),
    [("good.example", "~all"), ("strict.example", "-all"), ("silent.example", "?all")],
)
def test_the_old_hosts_redirect_leaves_too_and_its_all_stays(
    monkeypatch: pytest.MonkeyPatch, target: str, after: str
) -> None:
    text = f"v=spf1 include:{INC} redirect={target}"
    assert merged(text, f"spf-without-{target}", gone=True) == f"v=spf1 include:{INC} {after}"


#: In the zone itself: what the primary can answer for, on every server.
IN_ZONE = [
    ("include:gone.ORIGIN", "", "no SPF record"),
    ("include:two.ORIGIN", 'two TXT "v=spf1 -all"\ntwo TXT "v=spf1 ~all"\n', "2 SPF records"),
    ("include:bad.ORIGIN", 'bad TXT "v=spf1 ip4:1.2 -all"\n', "malformed"),
    ("include:ORIGIN", "", "includes itself"),
    ("mx:many.ORIGIN", "".join(f"many MX 10 m{number}.example.\n" for number in range(11)), "11 MX hosts"),
    ("a:v1.ORIGIN a:v2.ORIGIN a:v3.ORIGIN", "", "find nothing"),
]


@pytest.mark.parametrize(("terms", "records", "why"), IN_ZONE, ids=[why for _, _, why in IN_ZONE])
def test_a_broken_record_is_told_in_the_plan_the_write_and_the_check(
    server: Server, terms: str, records: str, why: str
) -> None:
    world = zone_on(server, ORDINARY.replace("a mx include:spf.oldhost.example ", "") + records)
    text = world.see("TXT/spf").context["record"] if isinstance(world.see("TXT/spf"), Live) else ""
    assert text
    _rewrite(world, str(text), terms.replace("ORIGIN", world.origin))
    assert why in stopped(world, seen(world))
    planned = world.see("TXT/spf", includes=(INC,))
    assert isinstance(planned, Unknown)
    assert why in planned.reason
    assert re.search(
        f"write: 'v=spf1 (ip4:198.51.100.7 include:{INC}|include:{INC} ip4:198.51.100.7) ~all'", planned.reason
    )
    ((weight, sentence),) = [found for found in findings(world, "spf") if why in found[1]]
    assert weight is Weight.BLOCKS
    assert f"include:{INC}" in sentence, "nobody is told to write a record that forbids all mail"


def _rewrite(world: World, old: str, terms: str) -> None:
    from tests.providers.dns.servers import change

    change(
        world.port,
        world.origin,
        delete=[f'@ TXT "{old}"'],
        add=[f'@ 1800 TXT "v=spf1 {terms} ip4:198.51.100.7 ~all"'],
    )


def _answers(world: dict[tuple[str, str], tuple[str, ...]], name: str, rdtype: str) -> Iterator[Any]:
    """As pyspf's own drivers hand values over."""
    for text in world.get((name.lower().rstrip("."), rdtype), ()):
        value: Any = text
        if rdtype == "TXT":
            value = (text.encode(),)
        elif rdtype == "MX":
            preference, _, host = text.partition(" ")
            value = (int(preference), host.rstrip("."))
        elif rdtype == "AAAA":
            value = socket.inet_pton(socket.AF_INET6, text)
        yield (name, rdtype), value
