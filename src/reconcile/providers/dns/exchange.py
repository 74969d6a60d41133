"""Carries wishes out: read, compare, one atomic UPDATE per zone, read back. Many zones at the price of one."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Mapping, Sequence

import dns.name
import dns.rdataset
import dns.rdatatype
from dns.rdatatype import RdataType

from reconcile.clock import Clock
from reconcile.problem import Problem
from reconcile.providers.dns.keys import RecordKey
from reconcile.providers.dns.primary import Answer, Primary, Question, Verdict
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
        self._zones = Zones(primary)

    def grant(self, wishes: Sequence[Wish]) -> list[Granted]:
        """What became of each wish. Those of one zone that can be granted are granted together or not at all."""
        ends: dict[int, Granted] = {}
        apexes = self._apexes(wishes, ends)
        with contextlib.ExitStack() as locks:
            for apex in sorted(set(apexes.values())):
                locks.enter_context(self._zones.lock(apex))
            refused: dict[dns.name.Name, Sequence[Swap]] = {}
            for _ in range(_ATTEMPTS):
                left = [number for number in apexes if number not in ends]
                if not left:
                    break
                self._round(wishes, left, apexes, refused, ends)
        for number in apexes:
            ends.setdefault(number, _never_still(wishes[number].key))
        return [ends[number] for number in range(len(wishes))]

    def _apexes(self, wishes: Sequence[Wish], ends: dict[int, Granted]) -> dict[int, dns.name.Name]:
        found = self._zones.of(wish.key.name for wish in wishes)
        apexes = {}
        for number, wish in enumerate(wishes):
            apex = found[wish.key.name]
            if isinstance(apex, Problem):
                ends[number] = apex
            else:
                apexes[number] = apex
        return apexes

    def _round(
        self,
        wishes: Sequence[Wish],
        left: Sequence[int],
        apexes: Mapping[int, dns.name.Name],
        refused: dict[dns.name.Name, Sequence[Swap]],
        ends: dict[int, Granted],
    ) -> None:
        """Read, and send each zone what is left to do in it; one whose prerequisites fail waits for the next round."""
        answers = ask_standing(self._primary, [wishes[number].key for number in left])
        sent: dict[dns.name.Name, tuple[list[int], list[Swap]]] = {}
        for apex in dict.fromkeys(apexes[number] for number in left):
            drafts = _Drafts()
            here = [number for number in left if apexes[number] == apex]
            for number in here:
                try:
                    if drafts.add(wishes[number], standing(wishes[number].key, answers)):
                        ends[number] = drafts.now(wishes[number].key)
                except Problem as problem:
                    ends[number] = problem
            swaps, doing = drafts.swaps(), [number for number in here if number not in ends]
            if not doing:
                continue
            if swaps == refused.get(apex):
                # Same reading, refused twice: one of them has something in its way. The others are tried alone.
                culprits = [number for number in doing if len(doing) == 1 or self._blocked(wishes[number].key)]
                for number in culprits or doing:
                    ends[number] = self._in_the_way(wishes[number].key)
                continue
            sent[apex] = (doing, swaps)
        verdicts = self._send(wishes, sent)
        accepted = []
        for apex, (doing, swaps) in sent.items():
            verdict = verdicts[apex]
            if isinstance(verdict, Problem):
                ends.update(dict.fromkeys(doing, verdict))
            elif verdict is Verdict.CONFLICT:
                refused[apex] = swaps
            else:
                accepted += doing
        self._read_back(wishes, accepted, ends)

    def _send(
        self, wishes: Sequence[Wish], sent: Mapping[dns.name.Name, tuple[list[int], list[Swap]]]
    ) -> dict[dns.name.Name, Verdict | Problem]:
        for apex, (doing, swaps) in sent.items():
            self._witness(wishes[doing[0]].federation, apex, swaps, None)
        verdicts = self._primary.update([update_for(apex, swaps) for apex, (_, swaps) in sent.items()])
        found = dict(zip(sent, verdicts, strict=True))
        for apex, (doing, swaps) in sent.items():
            verdict = found[apex]
            if isinstance(verdict, Verdict):
                self._witness(wishes[doing[0]].federation, apex, swaps, verdict)
        return found

    def _read_back(self, wishes: Sequence[Wish], numbers: Sequence[int], ends: dict[int, Granted]) -> None:
        left = list(numbers)
        last: dict[int, Granted] = {}
        for pause in _READ_BACK if numbers else ():
            self._clock.sleep(pause)
            answers = ask_standing(self._primary, [wishes[number].key for number in left])
            for number in left:
                try:
                    last[number] = now = standing(wishes[number].key, answers)
                except Problem as problem:
                    last[number] = problem
                else:
                    if wishes[number].reached(now):
                        ends[number] = now
            left = [number for number in left if number not in ends]
            if not left:
                return
        for number in left:
            end = last[number]
            ends[number] = end if isinstance(end, Problem) else self._dropped(wishes[number].key, end)

    def _blocked(self, key: RecordKey) -> bool:
        return key.rdtype == RdataType.CNAME and bool(self._others(key.name))

    def _in_the_way(self, key: RecordKey) -> Problem:
        """Why a change is refused although the RRset reads as the prerequisite says."""
        if key.rdtype == RdataType.CNAME and (others := self._others(key.name)):
            return Problem(
                "DNS10",
                f"{key.owner} holds other records ({', '.join(others)}), so it cannot become an alias (CNAME).",
                "remove them first, if nothing uses them any more",
            )
        return Problem(
            "DNS13",
            f"{self._primary} refuses to change {key} although it is as the plan saw it.",
            "it may not honour RFC 2136 prerequisites; change this record by hand",
        )

    def _others(self, name: dns.name.Name) -> list[str]:
        answers = self._primary.ask([Question(name, rdtype) for rdtype in _USUAL_TYPES])
        found = [question for question, answer in answers.items() if isinstance(answer, Answer) and answer.rdataset]
        return [dns.rdatatype.to_text(question.rdtype) for question in found]

    def _dropped(self, key: RecordKey, now: Rdataset | None) -> Problem:
        return Problem(
            "DNS08",
            f"{self._primary} accepted the change of {key} and still answers {shown(now)}.",
            "the server dropped it or answers from another copy; read its log, then plan again",
        )


class _Drafts:
    """The RRsets of one zone, as read and as the wishes so far would make them."""

    def __init__(self) -> None:
        self._read: dict[Question, Rdataset | None] = {}
        self._drafted: dict[Question, Rdataset | None] = {}

    def add(self, wish: Wish, now: Rdataset | None) -> bool:
        """Take a wish in; True when nothing is left to do for it. Raises what the wish raises."""
        question = Question(wish.key.name, wish.key.rdtype)
        self._read.setdefault(question, now)
        current = self._drafted.get(question, now)
        if wish.reached(current):
            return self._drafted.get(question, now) is now
        self._drafted[question] = wish.granted(current)
        return False

    def now(self, key: RecordKey) -> Rdataset | None:
        return self._read[Question(key.name, key.rdtype)]

    def swaps(self) -> list[Swap]:
        return [Swap(*question, self._read[question], after) for question, after in self._drafted.items()]


def _never_still(key: RecordKey) -> Problem:
    return Problem("DNS07", f"{key} keeps being changed by somebody else.", "find out who, then plan again")


def unwitnessed(federation: str, zone: dns.name.Name, swaps: Collection[Swap], verdict: Verdict | None) -> None:
    """The witness of writes nobody needs to undo."""
