"""Applies changes in hosted zones: read again, compared with the plan, written, published, read back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import dns.name
import dns.rdataset
from dns.rdatatype import RdataType

from reconcile.clock import Clock
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.dns.desired.replacement import refuse_others_than_shown
from reconcile.providers.dns.desired.rrset import RrsetChange, shown_for
from reconcile.providers.dns.hosted.account import HostedZones
from reconcile.providers.dns.hosted.name_status import replaceable_in, rrset_in
from reconcile.providers.dns.hosted.zone import HostedZone, publish_zone, read_zone, refuse_altering, write_zone
from reconcile.providers.dns.primary.answers import Question
from reconcile.providers.dns.primary.client import Verdict
from reconcile.providers.dns.primary.compare_and_swap import Swap
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

    def __init__(
        self, zones: HostedZones, clock: Clock, journal: JournalWrite, replace: Collection[dns.name.Name] = ()
    ) -> None:
        """``replace``: names where an alias may take the place of other records."""
        self._replace = frozenset(replace)
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
            found[key] = rrset_in(zone, key, keys)
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
            along = {change.key for change in changes}
            drafts: dict[Question, Rdataset | None] = {}
            for change in changes:
                question = Question(change.key.name, change.key.rdtype)
                others = replaceable_in(zone, change.key, self._replace)
                current = drafts.get(question, None if others else rrset_in(zone, change.key, along))
                if not change.satisfied_by(current):
                    if question not in drafts and not self._own.left(question, current):
                        change.refuse_drift(current)
                    drafts[question] = change.applied_to(current)
                    if others:
                        refuse_others_than_shown(change, others)
                        _refuse_losing(backend, zone, change, others)
                        drafts |= dict.fromkeys((Question(change.key.name, rdtype) for rdtype in others), None)
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
        along = {change.key for change in changes}
        for pause in _READ_BACK:
            self._clock.sleep(pause)
            zone = read_zone(backend, apex)
            now = [rrset_in(zone, change.key, along) for change in changes] if zone else []
            if now and all(change.satisfied_by(one) for change, one in zip(changes, now, strict=True)):
                return now
        shows = "; ".join(shown_for(change.key, one) for change, one in zip(changes, now, strict=False)) or "nothing"
        raise Problem(
            "DNS08",
            Phrase(
                "The DNS host accepted the change of {key} and still shows {shows}.", key=changes[0].key, shows=shows
            ),
        )


def _refuse_losing(
    backend: BaseProvider, zone: HostedZone, change: RrsetChange, others: Mapping[RdataType, Rdataset]
) -> None:
    """Raise DNS18 for a text that could not be brought back as it stands."""
    if texts := others.get(RdataType.TXT):
        refuse_altering(backend, zone, Swap(change.key.name, RdataType.TXT, texts, texts))
