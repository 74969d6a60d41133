"""Writes one record: read again, compared with the plan, changed in one atomic UPDATE, read back."""

from __future__ import annotations

from collections.abc import Callable

import dns.name
import dns.rcode
import dns.rdataset
import dns.rdatatype
from dns.rdatatype import RdataType

from reconcile.clock import Clock
from reconcile.problem import Problem
from reconcile.providers.base import Order
from reconcile.providers.dns.keys import RecordKey
from reconcile.providers.dns.parts import Part, Seen, part_of, spf_records
from reconcile.providers.dns.primary import PREREQUISITE_FAILED, Answer, Primary, Question
from reconcile.providers.dns.spelling import texts_of
from reconcile.providers.dns.spf_lookups import Resolve, refuse_over_limit
from reconcile.providers.dns.standing import ask_standing, standing
from reconcile.providers.dns.swap import Swap, update_for
from reconcile.providers.dns.zones import Zones
from reconcile.resources.resource import Live

#: Somebody else may keep changing the values beside ours; after so many lost races we stop.
_ATTEMPTS = 5
#: Seconds between the reads that follow a write: a primary may answer from a cache for a moment.
_READ_BACK = (0.0, 0.1, 0.2, 0.5, 1.0, 2.0)
#: What is looked for at a name that refuses to become an alias.
_USUAL_TYPES = (RdataType.A, RdataType.AAAA, RdataType.MX, RdataType.TXT, RdataType.SRV, RdataType.NS)

_Goal = Callable[[Part, dns.rdataset.Rdataset | None], dns.rdataset.Rdataset | None]
_Reached = Callable[[Part, dns.rdataset.Rdataset | None], bool]


class DnsWriter:
    """The writing face of the DNS provider."""

    def __init__(self, primary: Primary, clock: Clock, resolve: Resolve) -> None:
        self._primary = primary
        self._clock = clock
        self._resolve = resolve
        self._zones = Zones(primary)

    def create(self, order: Order) -> Live:
        """Publish the record. Raises DNS07 when somebody published one since the plan, else as ``update``."""
        return self.update(order)

    def update(self, order: Order) -> Live:
        """Make our part of the RRset what is asked, leaving the rest and the TTL as they are.

        Raises Problem: DNS01 to DNS06 as ``Primary.update``, DNS07 changed since the plan, DNS08 written but not seen,
        DNS09 SPF that cannot be merged, DNS10 an alias or other data in the way, DNS13 prerequisites not honoured.
        """
        now = self._carry_out(
            order,
            lambda part, now: self._judged(order, part.written(now, order.fields)),
            lambda part, now: part.holds(now, order.fields),
        )
        seen = part_of(RecordKey.parse(order.address.key)).see(now)
        if seen is None:
            raise Problem("DNS08", f"{order.address.key} was written and is not there.")
        return Live(order.address, seen.fields, context=seen.context)

    def delete(self, order: Order) -> None:
        """Take our part away: the values the plan saw, and nothing beside them. Raises as ``update``."""
        before = order.before.fields if order.before else {}
        self._carry_out(
            order,
            lambda part, now: part.removed(now, before) if now is not None else None,
            lambda part, now: part.see(now, before) is None,
        )

    def _judged(self, order: Order, after: dns.rdataset.Rdataset) -> dns.rdataset.Rdataset:
        """An SPF record that receivers would give up is not published."""
        key = RecordKey.parse(order.address.key)
        if key.part == "spf":
            for record in spf_records(after):
                refuse_over_limit(record, key.owner, self._resolve)
        return after

    def _carry_out(self, order: Order, goal: _Goal, reached: _Reached) -> dns.rdataset.Rdataset | None:
        """The RRset as read after the change."""
        key = RecordKey.parse(order.address.key)
        part, zone = part_of(key), self._zones.of(key.name)
        before = Seen(order.before.fields, order.before.context) if order.before else None
        with self._zones.lock(zone):
            refused: Swap | None = None
            for _ in range(_ATTEMPTS):
                now = self._read(key)
                if reached(part, now):
                    return now
                if part.moved(now, before, order.fields or (before.fields if before else {})):
                    raise _changed(key, now)
                swap = Swap(key.name, key.rdtype, now, goal(part, now))
                if refused == swap:
                    raise self._in_the_way(key)
                if self._send(zone, swap):
                    return self._read_back(key, part, reached)
                refused = swap
        raise Problem("DNS07", f"{key} keeps being changed by somebody else.", "find out who, then plan again")

    def _send(self, zone: dns.name.Name, swap: Swap) -> bool:
        """Whether the swap was accepted. A lost answer counts as accepted: reading back settles it."""
        try:
            return self._primary.update(update_for(zone, [swap])) not in PREREQUISITE_FAILED
        except Problem as problem:
            if problem.code == "DNS02":
                return True
            raise

    def _read_back(self, key: RecordKey, part: Part, reached: _Reached) -> dns.rdataset.Rdataset | None:
        for pause in _READ_BACK:
            self._clock.sleep(pause)
            now = self._read(key)
            if reached(part, now):
                return now
        raise Problem(
            "DNS08",
            f"{self._primary} accepted the change of {key} and still answers {_shown(now)}.",
            "the server dropped it or answers from another copy; read its log, then plan again",
        )

    def _read(self, key: RecordKey) -> dns.rdataset.Rdataset | None:
        return standing(key, ask_standing(self._primary, [key]))

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


def _changed(key: RecordKey, now: dns.rdataset.Rdataset | None) -> Problem:
    return Problem("DNS07", f"{key} was changed since the plan: it is now {_shown(now)}.", "plan again and look")


def _shown(now: dns.rdataset.Rdataset | None) -> str:
    return ", ".join(f"'{text}'" for text in texts_of(now)) or "empty"
