"""Each change has an end, and the postmaster is told it: every verdict of a primary, scripted, zone by zone."""

from __future__ import annotations

import contextlib
import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import cast

import dns.name
import dns.rdataset
import dns.update
import pytest
from dns.rdatatype import RdataType

from reconcile.problem import Problem
from reconcile.providers.dns.primary.answers import Answer, Failure, Question
from reconcile.providers.dns.primary.client import Primary, Verdict
from reconcile.providers.dns.primary.compare_and_swap import Swap
from reconcile.providers.dns.primary.updates import PrimaryStore
from reconcile.providers.dns.records.keys import RecordKey

Rdataset = dns.rdataset.Rdataset
MEUSE, MARNE = "spf55.example", "spf51.example"
REFUSED = Problem("DNS05", "the DNS server refused to change it.")
ACCEPTED, CONFLICT, UNHEARD = Verdict.ACCEPTED, Verdict.CONFLICT, Verdict.UNHEARD


def rrset(rdtype: str, *values: str) -> Rdataset:
    return dns.rdataset.from_text("IN", rdtype, 300, *values)


@dataclasses.dataclass(frozen=True)
class MadeChange:
    """A change to one value at one name."""

    key: RecordKey
    value: Rdataset
    federation: str = "spf55"

    replaces: tuple[str, ...] | None = None

    def satisfied_by(self, now: Rdataset | None) -> bool:
        return now == self.value

    def refuse_drift(self, now: Rdataset | None) -> None:
        pass

    def applied_to(self, now: Rdataset | None) -> Rdataset:
        return self.value


def mx(zone: str) -> MadeChange:
    return MadeChange(RecordKey.parse(f"{zone}/MX"), rrset("MX", "0 new.example."))


def alias(zone: str) -> MadeChange:
    return MadeChange(RecordKey.parse(f"autodiscover.{zone}/CNAME"), rrset("CNAME", "new.example."))


class Steady:
    """A clock that only counts."""

    def __init__(self) -> None:
        self.slept = 0.0

    def sleep(self, seconds: float) -> None:
        self.slept += seconds


class Scripted:
    """A primary of two zones that gives the verdicts it was told to, and keeps what it accepts unless it drops it."""

    def __init__(self, **verdicts: Sequence[Verdict | Problem]) -> None:
        self.records: dict[Question, Rdataset] = {}
        self.failing: dict[Question, Problem] = {}
        self.verdicts = defaultdict(list, {f"{zone}.example": list(said) for zone, said in verdicts.items()})
        self.drops = False
        #: Kept though its answer is lost.
        self.keeps_unheard = False
        self.sent: list[list[str]] = []

    @contextlib.contextmanager
    def connected(self) -> Iterator[Scripted]:
        yield self

    def ask(self, questions: Iterable[Question]) -> Mapping[Question, Answer | Failure]:
        return {one: self._answer(one) for one in questions}

    def _answer(self, question: Question) -> Answer | Failure:
        if question in self.failing:
            return Failure(self.failing[question])
        zone = next((one for one in (MEUSE, MARNE) if question.name.is_subdomain(dns.name.from_text(one))), None)
        apex = dns.name.from_text(zone) if zone and question.rdtype == RdataType.SOA else None
        return Answer(self.records.get(question), zone=apex)

    def update(self, messages: Sequence[dns.update.UpdateMessage]) -> list[Verdict | Problem]:
        zones = [message.zone[0].name.to_text(omit_final_dot=True) for message in messages]
        if zones:
            self.sent.append(zones)
        return [self._verdict(zone, message) for zone, message in zip(zones, messages, strict=True)]

    def _verdict(self, zone: str, message: dns.update.UpdateMessage) -> Verdict | Problem:
        verdict = self.verdicts[zone].pop(0) if self.verdicts[zone] else ACCEPTED
        if (verdict is ACCEPTED and not self.drops) or (verdict is UNHEARD and self.keeps_unheard):
            for added in message.update:
                if len(added) and added.rdclass == 1:
                    self.records[Question(added.name, added.rdtype)] = dns.rdataset.from_rdata(added.ttl, *added)
        return verdict

    def __str__(self) -> str:
        return "the DNS server scripted"


class Journal:
    def __init__(self) -> None:
        self.told: list[tuple[str, str, Verdict | None]] = []

    def __call__(self, federation: str, zone: dns.name.Name, swaps: Sequence[Swap], verdict: Verdict | None) -> None:
        assert swaps
        self.told.append((federation, zone.to_text(omit_final_dot=True), verdict))


def applied(primary: Scripted, *changes: MadeChange, journal: Journal | None = None) -> list[Rdataset | str | None]:
    """The end of each change: what stands there, or the code of what was told."""
    exchange = PrimaryStore(cast("Primary", primary), cast("object", Steady()), journal or Journal())  # type: ignore[arg-type]
    ends = exchange.apply(changes)
    return [end.code if isinstance(end, Problem) else end for end in ends]


def test_what_is_accepted_is_read_back_and_journalled_before_and_after() -> None:
    primary, journal = Scripted(), Journal()
    assert applied(primary, mx(MEUSE), mx(MARNE), journal=journal) == [mx(MEUSE).value, mx(MARNE).value]
    assert primary.sent == [[MEUSE, MARNE]]
    assert journal.told == [
        ("spf55", MEUSE, None),
        ("spf55", MARNE, None),
        ("spf55", MEUSE, ACCEPTED),
        ("spf55", MARNE, ACCEPTED),
    ]


def test_what_stands_already_is_not_sent() -> None:
    primary = Scripted()
    change = mx(MEUSE)
    primary.records[Question(change.key.name, RdataType.MX)] = change.value
    assert applied(primary, change) == [change.value]
    assert primary.sent == []


def test_a_refusal_is_told_for_every_change_of_its_zone_at_once_and_the_other_zone_goes_on() -> None:
    primary, journal = Scripted(spf55=[REFUSED]), Journal()
    assert applied(primary, mx(MEUSE), alias(MEUSE), mx(MARNE), journal=journal) == ["DNS05", "DNS05", mx(MARNE).value]
    assert primary.sent[:1] == [[MEUSE, MARNE]], "what was refused is not tried again"
    assert primary.sent[1:] == [[MEUSE, MEUSE]], "each record is tried alone, by an update that changes nothing"
    assert (("spf55", MARNE, ACCEPTED) in journal.told, ("spf55", MEUSE, ACCEPTED) in journal.told) == (True, False)


def test_a_race_that_is_lost_is_run_again_from_a_fresh_reading() -> None:
    primary, journal = Scripted(spf55=[CONFLICT]), Journal()
    change = mx(MEUSE)
    question = Question(change.key.name, RdataType.MX)
    update = primary.update

    def somebody_else_writes(messages: Sequence[dns.update.UpdateMessage]) -> list[Verdict | Problem]:
        verdicts = update(messages)
        if len(primary.sent) == 1:
            primary.records[question] = rrset("MX", "10 other.example.")
        return verdicts

    primary.update = somebody_else_writes  # type: ignore[method-assign]
    assert applied(primary, change, journal=journal) == [change.value]
    assert [verdict for _, _, verdict in journal.told] == [None, CONFLICT, None, ACCEPTED]


def test_the_same_reading_refused_twice_is_told_and_not_sent_a_third_time() -> None:
    primary = Scripted(spf55=[CONFLICT, CONFLICT])
    assert applied(primary, mx(MEUSE), alias(MEUSE)) == ["DNS13", "DNS13"]
    assert len(primary.sent) == 1


def test_an_alias_where_other_records_stand_is_told_with_them_and_the_rest_of_the_zone_goes_on() -> None:
    """Seen before anything is sent: the name is known to exist, so it is asked for its other types."""
    primary = Scripted()
    crowded = alias(MEUSE)
    primary.records[Question(crowded.key.name, RdataType.TXT)] = rrset("TXT", '"x"')
    primary.records[Question(crowded.key.name, RdataType.A)] = rrset("A", "192.0.2.1")
    exchange = PrimaryStore(cast("Primary", primary), Steady(), Journal())  # type: ignore[arg-type]
    end, other = exchange.apply([crowded, mx(MEUSE)])
    assert isinstance(end, Problem)
    assert (end.code, "(A, TXT)" in end.message) == ("DNS10", True)
    assert other == mx(MEUSE).value


def test_a_name_that_others_keep_changing_is_given_up_and_told() -> None:
    primary = Scripted(spf55=[CONFLICT] * 9)
    change = mx(MEUSE)
    update = primary.update

    def somebody_else_writes(messages: Sequence[dns.update.UpdateMessage]) -> list[Verdict | Problem]:
        primary.records[Question(change.key.name, RdataType.MX)] = rrset("MX", f"{len(primary.sent)} other.example.")
        return update(messages)

    primary.update = somebody_else_writes  # type: ignore[method-assign]
    assert applied(primary, change) == ["DNS07"]
    assert len(primary.sent) == 5


def test_what_is_accepted_and_dropped_is_told_with_what_stands_there() -> None:
    primary = Scripted()
    primary.drops = True
    clock = Steady()
    [end] = PrimaryStore(cast("Primary", primary), clock, Journal()).apply([mx(MEUSE)])  # type: ignore[arg-type]
    assert isinstance(end, Problem)
    assert end.code == "DNS08"
    assert clock.slept == pytest.approx(3.8), "an answer from a cache is waited for"


def test_what_is_accepted_and_cannot_be_read_back_says_why() -> None:
    primary = Scripted()
    primary.drops = True
    update = primary.update

    def then_silent(messages: Sequence[dns.update.UpdateMessage]) -> list[Verdict | Problem]:
        verdicts = update(messages)
        primary.failing[Question(mx(MEUSE).key.name, RdataType.MX)] = Problem("DNS02", "no answer")
        return verdicts

    primary.update = then_silent  # type: ignore[method-assign]
    assert applied(primary, mx(MEUSE)) == ["DNS02"]


@pytest.mark.parametrize(("kept", "sent"), [(True, 1), (False, 2)], ids=["kept", "lost"])
def test_a_lost_answer_is_settled_by_reading_and_only_then_by_writing_again(kept: bool, sent: int) -> None:
    primary = Scripted(spf55=[UNHEARD])
    primary.keeps_unheard = kept
    assert applied(primary, mx(MEUSE)) == [mx(MEUSE).value]
    assert len(primary.sent) == sent


def test_a_failed_read_ends_its_own_change_alone() -> None:
    primary = Scripted()
    primary.failing[Question(mx(MEUSE).key.name, RdataType.MX)] = Problem("DNS02", "no answer")
    assert applied(primary, mx(MEUSE), mx(MARNE)) == ["DNS02", mx(MARNE).value]
    assert primary.sent == [[MARNE]]


def test_a_name_of_no_zone_is_told_and_never_sent() -> None:
    primary = Scripted()
    assert applied(primary, mx("elsewhere.test")) == ["DNS06"]
    assert primary.sent == []
