"""Carries wishes out: read, compare, one atomic UPDATE per zone, read back. Many zones at the price of one."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping, Sequence

import dns.name
import dns.rdataset
import dns.rdatatype
from dns.rdatatype import RdataType

from reconcile.clock import Clock
from reconcile.problem import Problem
from reconcile.providers.dns.desired.rrset import Wish, shown
from reconcile.providers.dns.primary.answers import Answer, Failure, Question
from reconcile.providers.dns.primary.client import Primary, Verdict
from reconcile.providers.dns.primary.compare_and_swap import Swap, update_for
from reconcile.providers.dns.primary.name_status import ask_standing, standing
from reconcile.providers.dns.primary.own_writes import OwnWrites
from reconcile.providers.dns.primary.update_message import Errand, Granted, Packet, Witness, drafted
from reconcile.providers.dns.primary.zones import Zones
from reconcile.providers.dns.records.keys import RecordKey

Rdataset = dns.rdataset.Rdataset
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
            errands = [Errand(wish, found[wish.key.name]) for wish in wishes]
            visit = _Visit(primary, self._clock, self._witness, self._own, errands)
            for _ in range(_ATTEMPTS):
                if not visit.round():
                    break
            return [errand.end if errand.ended else _never_still(errand.wish.key) for errand in errands]


class _Visit:
    """Wishes granted over one connection, the locks of their zones being held."""

    def __init__(
        self, primary: Primary, clock: Clock, witness: Witness, own: OwnWrites, errands: Sequence[Errand]
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
        by_zone: dict[dns.name.Name, list[Errand]] = {}
        for errand in left:
            by_zone.setdefault(errand.zone, []).append(errand)
        packets = []
        for zone, errands in by_zone.items():
            packet = drafted(zone, errands, answers, self._own)
            if packet.swaps and packet.swaps == self._refused.get(zone):
                self._explain(packet)
            elif packet.errands:
                packets.append(packet)
        self._send(packets)
        return True

    def _send(self, packets: Sequence[Packet]) -> None:
        for packet in packets:
            packet.witnessed(self._witness, None)
        verdicts = self._primary.update([update_for(packet.zone, packet.swaps) for packet in packets])
        done: list[Errand] = []
        unheard: list[Errand] = []
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

    def _read_back(self, errands: Sequence[Errand]) -> None:
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

    def _explain(self, packet: Packet) -> None:
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

    def _dropped(self, errand: Errand) -> Problem:
        answer = self._primary.ask([_question(errand)])[_question(errand)]
        if isinstance(answer, Failure):
            return answer.problem
        return Problem(
            "DNS08",
            f"{self._primary} accepted the change of {errand.wish.key} and still answers {shown(answer.rdataset)}.",
            "the server dropped it or answers from another copy; read its log, then plan again",
        )


def _question(errand: Errand) -> Question:
    return Question(errand.wish.key.name, errand.wish.key.rdtype)


def _crowded(key: RecordKey, others: Sequence[str]) -> Problem:
    return Problem(
        "DNS10",
        f"{key.owner} holds other records ({', '.join(others)}), so it cannot become an alias (CNAME).",
        "remove them first, if nothing uses them any more",
    )


def _never_still(key: RecordKey) -> Problem:
    return Problem("DNS07", f"{key} keeps being changed by somebody else.", "find out who, then plan again")
