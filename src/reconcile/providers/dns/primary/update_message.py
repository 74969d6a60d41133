"""The wishes of one zone drawn up as what one UPDATE carries, and for whom."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence

import dns.name
import dns.rdataset

from reconcile.problem import Problem
from reconcile.providers.dns.desired.rrset import Wish
from reconcile.providers.dns.primary.answers import Answer, Failure, Question
from reconcile.providers.dns.primary.client import Verdict
from reconcile.providers.dns.primary.compare_and_swap import Swap
from reconcile.providers.dns.primary.name_status import standing
from reconcile.providers.dns.primary.own_writes import OwnWrites
from reconcile.providers.dns.records.keys import RecordKey

Rdataset = dns.rdataset.Rdataset
#: What became of a wish: the RRset as read at the end (None: no RRset), or why it was not granted.
Granted = Rdataset | None | Problem
#: Called with a zone's swaps before they are sent and, with the verdict, after.
Witness = Callable[[str, dns.name.Name, Sequence[Swap], Verdict | None], None]


class Errand:
    """A wish on its way, and its end once it has one."""

    def __init__(self, wish: Wish, zone: dns.name.Name | Problem) -> None:
        self.wish = wish
        self.ended = isinstance(zone, Problem)
        self.zone = dns.name.root if isinstance(zone, Problem) else zone
        self.end: Granted = zone if isinstance(zone, Problem) else None

    def finish(self, end: Granted) -> None:
        self.ended, self.end = True, end


@dataclasses.dataclass(frozen=True, slots=True)
class Packet:
    """What one zone is sent, and for whom."""

    zone: dns.name.Name
    errands: Sequence[Errand]
    swaps: Sequence[Swap]
    #: By federation: several may live in one zone, and each has its own journal.
    whose: Mapping[str, Sequence[Swap]]

    def witnessed(self, witness: Witness, verdict: Verdict | None) -> None:
        for federation, swaps in self.whose.items():
            witness(federation, self.zone, swaps, verdict)


def drafted(
    zone: dns.name.Name, errands: Sequence[Errand], answers: Mapping[Question, Answer | Failure], own: OwnWrites
) -> Packet:
    """The exchanges that grant the wishes of one zone; those with nothing left to do, or refused, are ended."""
    drafts = _Drafts(own)
    for errand in errands:
        try:
            if drafts.add(errand.wish, standing(errand.wish.key, answers)):
                errand.finish(drafts.now(errand.wish.key))
        except Problem as problem:
            errand.finish(problem)
    swaps = drafts.swaps()
    whose: dict[str, list[Swap]] = {}
    for swap in swaps:
        whose.setdefault(drafts.whose[Question(swap.name, swap.rdtype)], []).append(swap)
    return Packet(zone, [errand for errand in errands if not errand.ended], swaps, whose)


class _Drafts:
    """The RRsets of one zone, as read and as the wishes so far would make them."""

    def __init__(self, own: OwnWrites) -> None:
        self._own = own
        self._read: dict[Question, Rdataset | None] = {}
        self._drafted: dict[Question, Rdataset | None] = {}
        self.whose: dict[Question, str] = {}

    def add(self, wish: Wish, now: Rdataset | None) -> bool:
        """Take a wish in; True when nothing is left to do for it. Raises what the wish raises."""
        question = Question(wish.key.name, wish.key.rdtype)
        self._read.setdefault(question, now)
        current = self._drafted.get(question, now)
        if wish.reached(current):
            return self._drafted.get(question, now) is now
        if question not in self._drafted and not self._own.left(question, now):
            wish.refuse_moved(now)
        self._drafted[question] = wish.granted(current)
        self.whose.setdefault(question, wish.federation)
        return False

    def now(self, key: RecordKey) -> Rdataset | None:
        return self._read[Question(key.name, key.rdtype)]

    def swaps(self) -> list[Swap]:
        return [Swap(*question, self._read[question], after) for question, after in self._drafted.items()]


def unwitnessed(federation: str, zone: dns.name.Name, swaps: Collection[Swap], verdict: Verdict | None) -> None:
    """The witness of writes nobody needs to undo."""
