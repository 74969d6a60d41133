"""openspf's RFC 7208 suite, judged by pyspf: what we read, and what our merge does to the verdicts.

The suite comes with the sources of pyspf (BSD licence); scripts/setup dev puts it in .setup/openspf.
"""

from __future__ import annotations

import copy
import dataclasses
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import spf as pyspf
import yaml

from reconcile.providers.dns.spf.lookups import count
from reconcile.providers.dns.spf.record import MalformedSpf, is_spf, parse

SUITE = Path(__file__).resolve().parents[4] / ".setup" / "openspf" / "rfc7208-tests.yml"
OURS = "spf.protection.outlook.com"
MICROSOFT = {"TXT": "v=spf1 ip4:40.92.0.0/15 ip4:40.107.0.0/16 ip6:2a01:111:f400::/48 -all"}
A_MICROSOFT_SENDER = "40.107.9.9"

#: Permerrors that come of what other names hold; the record itself is well formed.
FAULTS_OF_OTHER_NAMES = {"include-permerror", "include-none", "redirect-none", "redirect-loop", "include-loop"}
#: More than ten hosts behind one MX: a limit on addresses, not on the record's own terms (RFC 7208 section 4.6.4).
FAULTS_OF_ONE_HOST = {"mx-limit"}
#: Permerrors by the limits on lookups, which we count ourselves.
OVER_LIMIT = {"mech-over-limit", "include-over-limit", "void-over-limit"}
#: Sound records that our include would push over the limit: never merged.
FULL = {"mech-at-limit", "include-at-limit"}
#: Merged records under which a Microsoft sender still does not pass, by the owner's own change.
OWNER_SAYS_OTHERWISE = {
    "p-macro-multiple": "permerror",  # its %{p} terms find nothing three times for a sender without a name
    "require-valid-helo": "fail",  # it forbids any sender whose greeting is not its own name
}

Zone = dict[str, list[Any]]


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    zone: Zone
    sender: str
    mail_from: str
    helo: str
    results: tuple[str, ...]
    domain: str
    text: str

    def verdict(self, zone: Zone, sender: str) -> str:
        """What pyspf makes of a sender when the world is ``zone``."""
        query = pyspf.query(i=sender, s=self.mail_from, h=self.helo, strict=True)
        original = pyspf.DNSLookup
        pyspf.DNSLookup = lambda name, rdtype, strict=True, timeout=None: list(_answers(zone, name, rdtype))
        try:
            return str(query.check()[0])
        finally:
            pyspf.DNSLookup = original

    def with_record(self, text: str) -> Zone:
        """The world with another record in the place of the domain's, Microsoft's host in it."""
        zone = copy.deepcopy(self.zone)
        records = _with_generated(zone[self.domain])
        zone[self.domain] = [{"TXT": text} if _text_of(record) == self.text else record for record in records]
        zone[OURS] = [MICROSOFT]
        return zone

    def resolve(self, name: str, rdtype: str) -> tuple[str, ...] | None:
        """The scenario's world, as our own counting asks it."""
        if name == OURS:
            return (MICROSOFT["TXT"],)
        try:
            found = [value for (_, kind), value in _answers(self.zone, name, rdtype) if kind == rdtype]
        except pyspf.TempError:
            return None
        return tuple(b"".join(value).decode() if rdtype == "TXT" else str(value) for value in found)


def test_the_judge_agrees_with_the_suite_and_we_read_records_as_it_does() -> None:
    rejected, accepted, judged = [], [], 0
    excused = FAULTS_OF_OTHER_NAMES | FAULTS_OF_ONE_HOST | OVER_LIMIT
    for case in _cases():
        verdict = case.verdict(case.zone, case.sender)
        assert verdict in case.results, case.name
        judged += 1
        try:
            parse(case.text)
            sound = True
        except MalformedSpf:
            sound = False
        if not sound and verdict != "permerror":
            rejected.append((case.name, case.text, verdict))
        if sound and verdict == "permerror" and case.name not in excused:
            accepted.append((case.name, case.text))
    assert judged > 150
    assert not rejected, "good records that we reject"
    assert not accepted, "syntax errors that we accept"


def test_the_limits_we_count_are_the_ones_receivers_keep() -> None:
    over = {case.name for case in _sound_cases() if count(parse(case.text), case.domain, case.resolve).over_limit}
    # We count the worst case over all senders; the suite's sender is met before the eleventh lookup.
    assert over - FAULTS_OF_OTHER_NAMES == OVER_LIMIT | {"include-at-limit"}


def test_our_merge_leaves_every_verdict_as_it_was_and_lets_microsoft_pass() -> None:
    changed, stopped, full, merged = [], {}, set(), 0
    for case in _sound_cases():
        before = case.verdict(case.zone, case.sender)
        if before in ("permerror", "temperror"):
            continue
        record = parse(case.text).with_include(OURS)
        if count(record, case.domain, case.resolve).over_limit:
            full.add(case.name)
            continue
        merged += 1
        after = case.with_record(str(record))
        if case.verdict(after, case.sender) != before:
            changed.append((case.name, case.text))
        if (verdict := case.verdict(after, A_MICROSOFT_SENDER)) != "pass":
            stopped[case.name] = verdict
    assert merged > 100
    assert not changed
    assert full == FULL
    assert stopped == OWNER_SAYS_OTHERWISE


def _sound_cases() -> Iterator[Case]:
    for case in _cases():
        try:
            parse(case.text)
        except MalformedSpf:
            continue
        yield case


def _cases() -> Iterator[Case]:
    """Every test whose domain has exactly one SPF record."""
    if not SUITE.exists():
        pytest.fail(f"{SUITE} is missing: run scripts/setup dev")
    for scenario in yaml.safe_load_all(SUITE.read_text(encoding="utf-8")):
        zone = {name.lower(): records for name, records in scenario["zonedata"].items()}
        for name, test in scenario["tests"].items():
            domain = (test["mailfrom"].rpartition("@")[2] or test["helo"]).lower()
            texts = [text for record in _with_generated(zone.get(domain, [])) if is_spf(text := _text_of(record))]
            if len(texts) == 1:
                results = test["result"] if isinstance(test["result"], list) else [test["result"]]
                mail_from, helo = test["mailfrom"], test["helo"]
                yield Case(name, zone, test["host"], mail_from, helo, tuple(results), domain, texts[0])


def _with_generated(records: list[Any]) -> list[Any]:
    """The suite gives records as the withdrawn type SPF; where there is no TXT, they stand for TXT (suite's header)."""
    if any(isinstance(record, dict) and "TXT" in record for record in records):
        return [record for record in records if record != {"TXT": "NONE"}]
    return [{"TXT": record["SPF"]} if isinstance(record, dict) and "SPF" in record else record for record in records]


def _text_of(record: Any) -> str:
    value = record.get("TXT", "") if isinstance(record, dict) else ""
    return "".join(value) if isinstance(value, list) else str(value)


def _answers(zone: Zone, name: str, rdtype: str, *, followed: bool = False) -> Iterator[tuple[tuple[str, str], Any]]:
    labels = [label for label in name.split(".") if label]
    if any(len(label) > 63 for label in labels):
        raise pyspf.TempError("label too long")
    name = ".".join(labels).lower()
    if name.startswith("error."):
        raise pyspf.TempError("no answer")
    records = zone.get(name, [])
    answered = any(isinstance(record, dict) and rdtype in record for record in records)
    for record in _with_generated(records):
        if record == "TIMEOUT":
            if not answered:
                raise pyspf.TempError("no answer")
            continue
        for found, value in record.items():
            if value == "TIMEOUT" and found == rdtype:
                raise pyspf.TempError("no answer")
            if value != "TIMEOUT" and found in (rdtype, "CNAME"):
                yield (name, found), _simulated(found, value)
                if found == "CNAME" and not followed:
                    yield from _answers(zone, value, rdtype, followed=True)


def _simulated(rdtype: str, value: Any) -> Any:
    """A value as pyspf's own drivers hand it over."""
    if rdtype == "AAAA":
        return socket.inet_pton(socket.AF_INET6, value)
    if rdtype in ("TXT", "SPF"):
        return tuple(part.encode() for part in ([value] if isinstance(value, str) else value))
    return tuple(value) if isinstance(value, list) else value
