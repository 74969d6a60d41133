"""Applies changes in hosted zones: read again, compared with the plan, written, published, read back."""

from __future__ import annotations

import collections
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import dns.name
import dns.rdataset
import dns.rdatatype
from dns.rdatatype import RdataType

from reconcile.clock import Clock
from reconcile.problem import Problem
from reconcile.providers.dns.desired.rrset import RrsetChange, shown_for
from reconcile.providers.dns.hosted.account import HostedZones
from reconcile.providers.dns.hosted.zone import HostedZone, publish_zone, read_zone, write_zone
from reconcile.providers.dns.primary.answers import Question
from reconcile.providers.dns.primary.client import Verdict
from reconcile.providers.dns.primary.compare_and_swap import Swap
from reconcile.providers.dns.primary.name_status import cname_conflict
from reconcile.providers.dns.primary.own_writes import OwnWrites
from reconcile.providers.dns.primary.update_message import JournalWrite, Outcome
from reconcile.providers.dns.records.keys import RecordKey

if TYPE_CHECKING:
    from octodns.provider.base import BaseProvider

Rdataset = dns.rdataset.Rdataset

#: Seconds between the reads that follow a write.
_READ_BACK = (0.0, 1.0, 3.0, 10.0)


class HostedStore:
    """Applies changes in the zones of an account, one zone after the other."""

    def __init__(self, zones: HostedZones, clock: Clock, journal: JournalWrite) -> None:
        self._zones = zones
        self._clock = clock
        self._journal = journal
        self._own = OwnWrites()

    def read(self, keys: Collection[RecordKey]) -> Mapping[RecordKey, Rdataset | None]:
        """What stands at each, as just read. Raises the Problem of a failed read."""
        read = self._zones.read({key.name for key in keys})
        found = {}
        for key in keys:
            zone = read[key.name]
            if isinstance(zone, Problem):
                raise zone
            found[key] = rrset_in(zone, key)
        return found

    def apply(self, changes: Sequence[RrsetChange]) -> list[Outcome]:
        """What became of each change; those of one zone are applied together or not at all."""
        ends: dict[int, Outcome] = {}
        by_zone: dict[dns.name.Name, list[int]] = {}
        for number, change in enumerate(changes):
            apex = self._zones.apex_of(change.key.name)
            if isinstance(apex, Problem):
                ends[number] = apex
            else:
                by_zone.setdefault(apex, []).append(number)
        for apex, numbers in by_zone.items():
            try:
                applied: Sequence[Outcome] = self._apply_in(apex, [changes[number] for number in numbers])
            except Problem as problem:
                applied = [problem] * len(numbers)
            ends.update(zip(numbers, applied, strict=True))
        return [ends[number] for number in range(len(changes))]

    def _apply_in(self, apex: dns.name.Name, changes: Sequence[RrsetChange]) -> list[Rdataset | None]:
        with self._zones.locked(apex) as backend:
            zone = self._zones.zone(backend, apex)
            drafts: dict[Question, Rdataset | None] = {}
            for change in changes:
                question = Question(change.key.name, change.key.rdtype)
                current = drafts.get(question, rrset_in(zone, change.key))
                if not change.satisfied_by(current):
                    if question not in drafts and not self._own.left(question, current):
                        change.refuse_drift(current)
                    drafts[question] = change.applied_to(current)
            swaps = [Swap(*question, zone.records.get(question), after) for question, after in drafts.items()]
            if swaps:
                federation = changes[0].federation
                self._journal(federation, apex, swaps, None)
                write_zone(backend, zone, swaps)
                self._journal(federation, apex, swaps, Verdict.ACCEPTED)
                self._own.note(swaps)
            # Even with nothing to write: an earlier run may have been cut off before this.
            publish_zone(backend, apex, self._clock)
            return self._read_back(backend, apex, changes)

    def _read_back(
        self, backend: BaseProvider, apex: dns.name.Name, changes: Sequence[RrsetChange]
    ) -> list[Rdataset | None]:
        now: list[Rdataset | None] = []
        for pause in _READ_BACK:
            self._clock.sleep(pause)
            zone = read_zone(backend, apex)
            now = [rrset_in(zone, change.key) for change in changes] if zone else []
            if now and all(change.satisfied_by(one) for change, one in zip(changes, now, strict=True)):
                return now
        shows = "; ".join(shown_for(change.key, one) for change, one in zip(changes, now, strict=False)) or "nothing"
        raise Problem("DNS08", f"The DNS host accepted the change of {changes[0].key} and still shows {shows}.")


def rrset_in(zone: HostedZone, key: RecordKey) -> Rdataset | None:
    """The RRset at the name. Raises DNS10 when an alias, or what an alias would replace, is in the way."""
    if (cut := _delegated(zone, key.name)) is not None:
        raise _blocked(key, f"{cut.to_text(omit_final_dot=True)} is delegated to other servers")
    at_name = {question.rdtype for question in zone.records if question.name == key.name}
    found = zone.records.get(Question(key.name, key.rdtype))
    if found is None and key.rdtype == RdataType.CNAME and at_name:
        raise cname_conflict(key, sorted(map(dns.rdatatype.to_text, at_name)))
    if key.rdtype != RdataType.CNAME and RdataType.CNAME in at_name:
        raise _blocked(key, f"{key.owner} is an alias (CNAME)")
    if found is None:
        _refuse_uncovering(zone, key)
    return found


def kept_by(zone: HostedZone, key: RecordKey) -> str:
    """Where a name leads that holds no record itself: an alias, or a delegation to other servers. "" for neither."""
    if (cut := _delegated(zone, key.name)) is not None:
        return f"{cut.to_text(omit_final_dot=True)} is delegated to other name servers"
    alias = zone.records.get(Question(key.name, RdataType.CNAME))
    return f"{key.owner} is an alias (CNAME) of {alias[0].target.to_text(omit_final_dot=True)}" if alias else ""


def _delegated(zone: HostedZone, name: dns.name.Name) -> dns.name.Name | None:
    """The name below the apex whose NS records hide all that the zone holds there."""
    while name != zone.apex:
        if Question(name, RdataType.NS) in zone.records:
            return name
        name = name.parent()
    return None


def _refuse_uncovering(zone: HostedZone, key: RecordKey) -> None:
    """A name that comes into being hides a wildcard from itself and from the names above that exist through it."""
    wild = collections.defaultdict(set)
    for question in zone.records:
        if question.name.is_wild():
            wild[question.name.parent()].add(question.rdtype)
    names = {question.name for question in zone.records}
    hidden = key.name
    while hidden != zone.apex and not any(name.is_subdomain(hidden) for name in names):
        covering = wild.get(hidden.parent(), set())
        mail = hidden != key.name or key.rdtype != RdataType.CNAME
        if covering and mail and not hidden.labels[0].startswith(b"_"):
            raise _blocked(key, f"it would hide a wildcard from {hidden.to_text(omit_final_dot=True)}")
        hidden = hidden.parent()


def _blocked(key: RecordKey, why: str) -> Problem:
    return Problem("DNS10", f"{key} cannot be published: {why}.", "settle that with the zone's owner first")
