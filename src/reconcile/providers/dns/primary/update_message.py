"""The changes of one zone as one UPDATE message, and the federations they belong to."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence

import dns.name
import dns.rdataset
from dns.rdatatype import RdataType

from reconcile.problem import Problem
from reconcile.providers.dns.desired.replacement import refuse_others_than_shown
from reconcile.providers.dns.desired.rrset import RrsetChange
from reconcile.providers.dns.primary.answers import Answer, Failure, Question
from reconcile.providers.dns.primary.client import Verdict
from reconcile.providers.dns.primary.compare_and_swap import Swap
from reconcile.providers.dns.primary.name_status import other_rrsets, rrset_at
from reconcile.providers.dns.primary.own_writes import OwnWrites
from reconcile.providers.dns.records.keys import RecordKey

Rdataset = dns.rdataset.Rdataset
#: What became of a change: the RRset as read at the end (None: no RRset), or why it was not applied.
Outcome = Rdataset | None | Problem
#: Called with a zone's swaps before they are sent and, with the verdict, after.
JournalWrite = Callable[[str, dns.name.Name, Sequence[Swap], Verdict | None], None]


class PendingChange:
    """A change being carried out, and its outcome once known."""

    def __init__(self, change: RrsetChange, zone: dns.name.Name | Problem) -> None:
        self.change = change
        self.ended = isinstance(zone, Problem)
        self.zone = dns.name.root if isinstance(zone, Problem) else zone
        self.end: Outcome = zone if isinstance(zone, Problem) else None

    def finish(self, end: Outcome) -> None:
        self.ended, self.end = True, end


@dataclasses.dataclass(frozen=True, slots=True)
class ZoneUpdate:
    """What one zone is sent, and for whom."""

    zone: dns.name.Name
    pending: Sequence[PendingChange]
    swaps: Sequence[Swap]
    #: By federation: several may live in one zone, and each has its own journal.
    whose: Mapping[str, Sequence[Swap]]

    def reversed(self) -> ZoneUpdate:
        """What takes it back."""
        whose = {federation: [_back(swap) for swap in swaps] for federation, swaps in self.whose.items()}
        return ZoneUpdate(self.zone, (), [_back(swap) for swap in self.swaps], whose)

    def journalled(self, journal: JournalWrite, verdict: Verdict | None) -> None:
        for federation, swaps in self.whose.items():
            journal(federation, self.zone, swaps, verdict)


def _back(swap: Swap) -> Swap:
    return dataclasses.replace(swap, before=swap.after, after=swap.before)


def drafted(
    zone: dns.name.Name,
    pending: Sequence[PendingChange],
    answers: Mapping[Question, Answer | Failure],
    own: OwnWrites,
    replace: Collection[dns.name.Name] = (),
) -> ZoneUpdate:
    """The exchanges that make the changes of one zone; those with nothing left to do, or refused, are ended."""
    drafts = _Drafts(own)
    along = {one.change.key for one in pending}
    for one in pending:
        key = one.change.key
        others = other_rrsets(key, answers) if key.name in replace else {}
        try:
            now = None if others and RdataType.NS not in others else rrset_at(key, answers, along)
            if drafts.add(one.change, now):
                one.finish(drafts.now(key))
            elif others and not key.part:
                drafts.take_over(one.change, others)
        except Problem as problem:
            one.finish(problem)
    swaps = drafts.swaps()
    whose: dict[str, list[Swap]] = {}
    for swap in swaps:
        whose.setdefault(drafts.whose[Question(swap.name, swap.rdtype)], []).append(swap)
    return ZoneUpdate(zone, [one for one in pending if not one.ended], swaps, whose)


class _Drafts:
    """The RRsets of one zone, as read and as the changes so far would make them."""

    def __init__(self, own: OwnWrites) -> None:
        self._own = own
        self._read: dict[Question, Rdataset | None] = {}
        self._drafted: dict[Question, Rdataset | None] = {}
        self.whose: dict[Question, str] = {}

    def add(self, change: RrsetChange, now: Rdataset | None) -> bool:
        """Take a change in; True when nothing is left to do for it. Raises what the change raises."""
        question = Question(change.key.name, change.key.rdtype)
        self._read.setdefault(question, now)
        current = self._drafted.get(question, now)
        if change.satisfied_by(current):
            return self._drafted.get(question, now) is now
        if question not in self._drafted and not self._own.left(question, now):
            change.refuse_drift(now)
        self._drafted[question] = change.applied_to(current)
        self.whose.setdefault(question, change.federation)
        return False

    def take_over(self, change: RrsetChange, others: Mapping[RdataType, Rdataset]) -> None:
        """Let the alias take the place of other records. Raises DNS07 when they are not those that the plan showed."""
        try:
            refuse_others_than_shown(change, others)
        except Problem:
            del self._drafted[Question(change.key.name, change.key.rdtype)]
            raise
        for rdtype, rdataset in others.items():
            question = Question(change.key.name, rdtype)
            self._read[question], self._drafted[question] = rdataset, None
            self.whose.setdefault(question, change.federation)

    def now(self, key: RecordKey) -> Rdataset | None:
        return self._read[Question(key.name, key.rdtype)]

    def swaps(self) -> list[Swap]:
        return [Swap(*question, self._read[question], after) for question, after in self._drafted.items()]


def not_journalled(federation: str, zone: dns.name.Name, swaps: Collection[Swap], verdict: Verdict | None) -> None:
    """The journal of writes nobody needs to undo."""
