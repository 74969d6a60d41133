"""Each wish has an end, and the postmaster is told it: every verdict of a primary, scripted, zone by zone."""

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
from reconcile.providers.dns.primary.updates import Exchange
from reconcile.providers.dns.records.keys import RecordKey

Rdataset = dns.rdataset.Rdataset
MEUSE, MARNE = "spf55.example", "spf51.example"
REFUSED = Problem("DNS05", "the DNS server refused to change it.")
ACCEPTED, CONFLICT, UNHEARD = Verdict.ACCEPTED, Verdict.CONFLICT, Verdict.UNHEARD


def rrset(rdtype: str, *values: str) -> Rdataset:
    return dns.rdataset.from_text("IN", rdtype, 300, *values)


@dataclasses.dataclass(frozen=True)
class Wanted:
    """A wish for one value at one name."""

    key: RecordKey
    value: Rdataset
    federation: str = "spf55"

    def reached(self, now: Rdataset | None) -> bool:
        return now == self.value

    def refuse_moved(self, now: Rdataset | None) -> None:
        pass

    def granted(self, now: Rdataset | None) -> Rdataset:
        return self.value


def mx(zone: str) -> Wanted:
    return Wanted(RecordKey.parse(f"{zone}/MX"), rrset("MX", "0 new.example."))


def alias(zone: str) -> Wanted:
    return Wanted(RecordKey.parse(f"autodiscover.{zone}/CNAME"), rrset("CNAME", "new.example."))


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
    def on_one_line(self) -> Iterator[Scripted]:
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


class Witnessed:
    def __init__(self) -> None:
        self.told: list[tuple[str, str, Verdict | None]] = []

    def __call__(self, federation: str, zone: dns.name.Name, swaps: Sequence[Swap], verdict: Verdict | None) -> None:
        assert swaps
        self.told.append((federation, zone.to_text(omit_final_dot=True), verdict))


def granted(primary: Scripted, *wishes: Wanted, witness: Witnessed | None = None) -> list[Rdataset | str | None]:
    """The end of each wish: what stands there, or the code of what was told."""
    exchange = Exchange(cast("Primary", primary), cast("object", Steady()), witness or Witnessed())  # type: ignore[arg-type]
    ends = exchange.grant(wishes)
    return [end.code if isinstance(end, Problem) else end for end in ends]


def test_what_is_accepted_is_read_back_and_witnessed_before_and_after() -> None:
    primary, witness = Scripted(), Witnessed()
    assert granted(primary, mx(MEUSE), mx(MARNE), witness=witness) == [mx(MEUSE).value, mx(MARNE).value]
    assert primary.sent == [[MEUSE, MARNE]]
    assert witness.told == [
        ("spf55", MEUSE, None),
        ("spf55", MARNE, None),
        ("spf55", MEUSE, ACCEPTED),
        ("spf55", MARNE, ACCEPTED),
    ]


def test_what_stands_already_is_not_sent() -> None:
    primary = Scripted()
    wish = mx(MEUSE)
    primary.records[Question(wish.key.name, RdataType.MX)] = wish.value
    assert granted(primary, wish) == [wish.value]
    assert primary.sent == []


def test_a_refusal_is_told_to_every_wish_of_its_zone_at_once_and_the_other_zone_goes_on() -> None:
    primary, witness = Scripted(spf55=[REFUSED]), Witnessed()
    assert granted(primary, mx(MEUSE), alias(MEUSE), mx(MARNE), witness=witness) == ["DNS05", "DNS05", mx(MARNE).value]
    assert primary.sent == [[MEUSE, MARNE]], "what was refused is not tried again"
    assert (("spf55", MARNE, ACCEPTED) in witness.told, ("spf55", MEUSE, ACCEPTED) in witness.told) == (True, False)


def test_a_race_that_is_lost_is_run_again_from_a_fresh_reading() -> None:
    primary, witness = Scripted(spf55=[CONFLICT]), Witnessed()
    wish = mx(MEUSE)
    question = Question(wish.key.name, RdataType.MX)
    update = primary.update

    def somebody_else_writes(messages: Sequence[dns.update.UpdateMessage]) -> list[Verdict | Problem]:
        verdicts = update(messages)
        if len(primary.sent) == 1:
            primary.records[question] = rrset("MX", "10 other.example.")
        return verdicts

    primary.update = somebody_else_writes  # type: ignore[method-assign]
    assert granted(primary, wish, witness=witness) == [wish.value]
    assert [verdict for _, _, verdict in witness.told] == [None, CONFLICT, None, ACCEPTED]


def test_the_same_reading_refused_twice_is_told_and_not_sent_a_third_time() -> None:
    primary = Scripted(spf55=[CONFLICT, CONFLICT])
    assert granted(primary, mx(MEUSE), alias(MEUSE)) == ["DNS13", "DNS13"]
    assert len(primary.sent) == 1


def test_an_alias_where_other_records_stand_is_told_with_them_and_the_rest_of_the_zone_goes_on() -> None:
    primary = Scripted(spf55=[CONFLICT])
    crowded = alias(MEUSE)
    primary.records[Question(crowded.key.name, RdataType.TXT)] = rrset("TXT", '"x"')
    primary.records[Question(crowded.key.name, RdataType.A)] = rrset("A", "192.0.2.1")
    exchange = Exchange(cast("Primary", primary), Steady(), Witnessed())  # type: ignore[arg-type]
    end, other = exchange.grant([crowded, mx(MEUSE)])
    assert isinstance(end, Problem)
    assert (end.code, "(A, TXT)" in end.message) == ("DNS10", True)
    assert other == mx(MEUSE).value


def test_a_name_that_others_keep_changing_is_given_up_and_told() -> None:
    primary = Scripted(spf55=[CONFLICT] * 9)
    wish = mx(MEUSE)
    update = primary.update

    def somebody_else_writes(messages: Sequence[dns.update.UpdateMessage]) -> list[Verdict | Problem]:
        primary.records[Question(wish.key.name, RdataType.MX)] = rrset("MX", f"{len(primary.sent)} other.example.")
        return update(messages)

    primary.update = somebody_else_writes  # type: ignore[method-assign]
    assert granted(primary, wish) == ["DNS07"]
    assert len(primary.sent) == 5


def test_what_is_accepted_and_dropped_is_told_with_what_stands_there() -> None:
    primary = Scripted()
    primary.drops = True
    clock = Steady()
    [end] = Exchange(cast("Primary", primary), clock, Witnessed()).grant([mx(MEUSE)])  # type: ignore[arg-type]
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
    assert granted(primary, mx(MEUSE)) == ["DNS02"]


@pytest.mark.parametrize(("kept", "sent"), [(True, 1), (False, 2)], ids=["kept", "lost"])
def test_a_lost_answer_is_settled_by_reading_and_only_then_by_writing_again(kept: bool, sent: int) -> None:
    primary = Scripted(spf55=[UNHEARD])
    primary.keeps_unheard = kept
    assert granted(primary, mx(MEUSE)) == [mx(MEUSE).value]
    assert len(primary.sent) == sent


def test_a_failed_read_ends_its_own_wish_alone() -> None:
    primary = Scripted()
    primary.failing[Question(mx(MEUSE).key.name, RdataType.MX)] = Problem("DNS02", "no answer")
    assert granted(primary, mx(MEUSE), mx(MARNE)) == ["DNS02", mx(MARNE).value]
    assert primary.sent == [[MARNE]]


def test_a_name_of_no_zone_is_told_and_never_sent() -> None:
    primary = Scripted()
    assert granted(primary, mx("elsewhere.test")) == ["DNS06"]
    assert primary.sent == []
