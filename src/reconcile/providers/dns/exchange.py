"""Carries wishes out: read, compare, one atomic UPDATE per zone, read back. Many zones at the price of one."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence

import dns.name
import dns.rdataset
import dns.rdatatype
from dns.rdatatype import RdataType

from reconcile.clock import Clock
from reconcile.problem import Problem
from reconcile.providers.dns.answers import Answer, Failure, Question
from reconcile.providers.dns.keys import RecordKey
from reconcile.providers.dns.own_writes import OwnWrites
from reconcile.providers.dns.primary import Primary, Verdict
from reconcile.providers.dns.standing import ask_standing, standing
from reconcile.providers.dns.swap import Swap, update_for
from reconcile.providers.dns.wishes import Wish, shown
from reconcile.providers.dns.zones import Zones

Rdataset = dns.rdataset.Rdataset
#: What became of a wish: the RRset as read at the end (None: no RRset), or why it was not granted.
Granted = Rdataset | None | Problem
#: Called with a zone's swaps before they are sent and, with the verdict, after.
Witness = Callable[[str, dns.name.Name, Sequence[Swap], Verdict | None], None]

#: Somebody else may keep changing the values beside ours; after so many lost races we stop.
_ATTEMPTS = 5
#: Seconds between the reads that follow a write: a primary may answer from a cache for a moment.
_READ_BACK = (0.0, 0.1, 0.2, 0.5, 1.0, 2.0)
#: What is looked for at a name that refuses to become an alias.
_USUAL_TYPES = (RdataType.A, RdataType.AAAA, RdataType.MX, RdataType.TXT, RdataType.SRV, RdataType.NS)


class Exchange:
    """Grants wishes on one primary; safe to call from many threads."""

    def __init__(self, primary: Primary, clock: Clock, witness: Witness) -> None:
        self._primary = primary
        self._clock = clock
        self._witness = witness
        self._zones = Zones()
        self._own = OwnWrites()

    def standing(self, keys: Collection[RecordKey]) -> Mapping[RecordKey, Rdataset | None]:
        """What stands at each, as just read. Raises the Problem of a failed read."""
        answers = ask_standing(self._primary, keys)
        return {key: standing(key, answers) for key in keys}

    def grant(self, wishes: Sequence[Wish]) -> list[Granted]:
        """What became of each wish. Those of one zone that can be granted are granted together or not at all."""
        with self._primary.on_one_line() as primary, contextlib.ExitStack() as locks:
            found = self._zones.of(primary, {wish.key.name for wish in wishes})
            for apex in sorted({apex for apex in found.values() if not isinstance(apex, Problem)}):
                locks.enter_context(self._zones.lock(apex))
            errands = [_Errand(wish, found[wish.key.name]) for wish in wishes]
            visit = _Visit(primary, self._clock, self._witness, self._own, errands)
            for _ in range(_ATTEMPTS):
                if not visit.round():
                    break
            return [errand.end if errand.ended else _never_still(errand.wish.key) for errand in errands]


class _Errand:
    """A wish on its way, and its end once it has one."""

    def __init__(self, wish: Wish, zone: dns.name.Name | Problem) -> None:
        self.wish = wish
        self.ended = isinstance(zone, Problem)
        self.zone = dns.name.root if isinstance(zone, Problem) else zone
        self.end: Granted = zone if isinstance(zone, Problem) else None

    def finish(self, end: Granted) -> None:
        self.ended, self.end = True, end


class _Visit:
    """Wishes granted over one connection, the locks of their zones being held."""

    def __init__(
        self, primary: Primary, clock: Clock, witness: Witness, own: OwnWrites, errands: Sequence[_Errand]
    ) -> None:
        self.errands = errands
        self._own = own
        self._primary = primary
        self._clock = clock
        self._witness = witness
        self._refused: dict[dns.name.Name, Sequence[Swap]] = {}

    def round(self) -> bool:
        """Read, and send each zone what is left to do in it; whether anything was left.

        A zone whose prerequisites failed, or whose answer was lost with nothing done, waits for the next round.
        """
        left = [errand for errand in self.errands if not errand.ended]
        if not left:
            return False
        answers = ask_standing(self._primary, [errand.wish.key for errand in left])
        by_zone: dict[dns.name.Name, list[_Errand]] = {}
        for errand in left:
            by_zone.setdefault(errand.zone, []).append(errand)
        packets = []
        for zone, errands in by_zone.items():
            packet = _drafted(zone, errands, answers, self._own)
            if packet.swaps and packet.swaps == self._refused.get(zone):
                self._explain(packet)
            elif packet.errands:
                packets.append(packet)
        self._send(packets)
        return True

    def _send(self, packets: Sequence[_Packet]) -> None:
        for packet in packets:
            packet.witnessed(self._witness, None)
        verdicts = self._primary.update([update_for(packet.zone, packet.swaps) for packet in packets])
        done: list[_Errand] = []
        unheard: list[_Errand] = []
        for packet, verdict in zip(packets, verdicts, strict=True):
            if isinstance(verdict, Problem):
                for errand in packet.errands:
                    errand.finish(verdict)
                continue
            packet.witnessed(self._witness, verdict)
            if verdict is Verdict.CONFLICT:
                self._refused[packet.zone] = packet.swaps
            elif verdict is Verdict.ACCEPTED:
                self._own.note(packet.swaps)
                done += packet.errands
            else:
                unheard += packet.errands
        self._read_back([*done, *unheard])
        for errand in done:
            if not errand.ended:
                errand.finish(self._dropped(errand))

    def _read_back(self, errands: Sequence[_Errand]) -> None:
        """Look until the world agrees; what it does not agree to in time stays without end."""
        left = list(errands)
        for pause in _READ_BACK:
            if not left:
                return
            self._clock.sleep(pause)
            answers = self._primary.ask(_question(errand) for errand in left)
            for errand in left:
                answer = answers[_question(errand)]
                if isinstance(answer, Answer) and errand.wish.reached(answer.rdataset):
                    errand.finish(answer.rdataset)
            left = [errand for errand in left if not errand.ended]

    def _explain(self, packet: _Packet) -> None:
        """The same reading was refused twice: something is in the way of one of them; the others go on without it."""
        keys = [errand.wish.key for errand in packet.errands if errand.wish.key.rdtype == RdataType.CNAME]
        crowded = {key: others for key in keys if (others := self._others(key.name))}
        for errand in packet.errands:
            if errand.wish.key in crowded:
                errand.finish(_crowded(errand.wish.key, crowded[errand.wish.key]))
            elif not crowded:
                errand.finish(self._not_honoured(errand.wish.key))

    def _not_honoured(self, key: RecordKey) -> Problem:
        return Problem(
            "DNS13",
            f"{self._primary} refuses to change {key} although it is as the plan saw it.",
            "it may not honour RFC 2136 prerequisites; change this record by hand",
        )

    def _others(self, name: dns.name.Name) -> list[str]:
        answers = self._primary.ask([Question(name, rdtype) for rdtype in _USUAL_TYPES])
        found = [question for question, answer in answers.items() if isinstance(answer, Answer) and answer.rdataset]
        return [dns.rdatatype.to_text(question.rdtype) for question in found]

    def _dropped(self, errand: _Errand) -> Problem:
        answer = self._primary.ask([_question(errand)])[_question(errand)]
        if isinstance(answer, Failure):
            return answer.problem
        return Problem(
            "DNS08",
            f"{self._primary} accepted the change of {errand.wish.key} and still answers {shown(answer.rdataset)}.",
            "the server dropped it or answers from another copy; read its log, then plan again",
        )


@dataclasses.dataclass(frozen=True, slots=True)
class _Packet:
    """What one zone is sent, and for whom."""

    zone: dns.name.Name
    errands: Sequence[_Errand]
    swaps: Sequence[Swap]
    #: By federation: several may live in one zone, and each has its own journal.
    whose: Mapping[str, Sequence[Swap]]

    def witnessed(self, witness: Witness, verdict: Verdict | None) -> None:
        for federation, swaps in self.whose.items():
            witness(federation, self.zone, swaps, verdict)


def _drafted(
    zone: dns.name.Name, errands: Sequence[_Errand], answers: Mapping[Question, Answer | Failure], own: OwnWrites
) -> _Packet:
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
    return _Packet(zone, [errand for errand in errands if not errand.ended], swaps, whose)


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


def _question(errand: _Errand) -> Question:
    return Question(errand.wish.key.name, errand.wish.key.rdtype)


def _crowded(key: RecordKey, others: Sequence[str]) -> Problem:
    return Problem(
        "DNS10",
        f"{key.owner} holds other records ({', '.join(others)}), so it cannot become an alias (CNAME).",
        "remove them first, if nothing uses them any more",
    )


def _never_still(key: RecordKey) -> Problem:
    return Problem("DNS07", f"{key} keeps being changed by somebody else.", "find out who, then plan again")


def unwitnessed(federation: str, zone: dns.name.Name, swaps: Collection[Swap], verdict: Verdict | None) -> None:
    """The witness of writes nobody needs to undo."""
