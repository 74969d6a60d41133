"""The DNS provider for hosted zones: the same parts and wishes, carried by octoDNS instead of RFC 2136."""

from __future__ import annotations

import collections
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

import dns.name
import dns.rdataset
import dns.rdatatype
from dns.rdatatype import RdataType

from reconcile.clock import Clock, SystemClock
from reconcile.problem import Problem
from reconcile.providers.base import ABSENT, Observation, Order, Provider, Scope, Sight, Unknown, Wanted
from reconcile.providers.dns.answers import Question
from reconcile.providers.dns.exchange import Witness, unwitnessed
from reconcile.providers.dns.hosted.backends import Options, open_backend
from reconcile.providers.dns.hosted.zone import HostedZone, publish_zone, read_zone, write_zone
from reconcile.providers.dns.keys import RecordKey
from reconcile.providers.dns.own_writes import OwnWrites
from reconcile.providers.dns.ownership import part_of
from reconcile.providers.dns.primary import Verdict
from reconcile.providers.dns.swap import Swap
from reconcile.providers.dns.wishes import Publish, Wish, Withdraw, shown
from reconcile.resources.resource import Live

if TYPE_CHECKING:
    from octodns.provider.base import BaseProvider

Rdataset = dns.rdataset.Rdataset

#: Seconds between the reads that follow a write.
_READ_BACK = (0.0, 1.0, 3.0, 10.0)


def hosted_provider(
    host: str, options: Options, clock: Clock | None = None, witness: Witness = unwitnessed
) -> Provider:
    """Reader and writer of the zones one account holds at ``host`` (ovh, gandi, cloudflare, powerdns, azure).

    There is no compare-and-swap at these hosts: the zone is read again right before it is written, and what moved
    since the plan is refused. Raises DNS16.
    """
    zones = HostedZones(open_backend(host, options))
    return Provider(
        "dns", HostedReader(zones), HostedWriter(zones, clock or SystemClock(), witness), default_parallel=2
    )


class HostedZones:
    """The zones of an account. Clients of octoDNS keep state, so one thread at a time speaks to them."""

    def __init__(self, backend: BaseProvider) -> None:
        self.backend = backend
        self.turn = threading.Lock()

    def holding(self, name: dns.name.Name) -> HostedZone:
        """The deepest zone of the account that the name lives in, as just read. Raises DNS06, DNS17."""
        apex = name
        while len(apex.labels) > 2:
            if (zone := read_zone(self.backend, apex)) is not None:
                return zone
            apex = apex.parent()
        raise Problem("DNS06", f"The account holds no zone for {name.to_text(omit_final_dot=True)}.")


class HostedReader:
    """Reads each zone once."""

    def __init__(self, zones: HostedZones) -> None:
        self._zones = zones

    def observe(self, scope: Scope) -> Observation:
        """Each record found, absent, or unknown with the reason."""
        keys = {wanted.address: RecordKey.parse(wanted.address.key) for wanted in scope.wanted}
        read: dict[dns.name.Name, HostedZone | Problem] = {}
        with self._zones.turn:
            sights = {wanted.address: self._sight(wanted, keys[wanted.address], read) for wanted in scope.wanted}
        return Observation(sights)

    def _sight(self, wanted: Wanted, key: RecordKey, read: dict[dns.name.Name, HostedZone | Problem]) -> Sight:
        try:
            zone = self._zone(key, read)
            seen = part_of(key).see(standing_in(zone, key), None if wanted.desired else wanted.recorded)
        except Problem as problem:
            return Unknown(f"{problem.message} ({problem.hint})" if problem.hint else problem.message)
        return Live(wanted.address, seen.fields, context=seen.context) if seen else ABSENT

    def _zone(self, key: RecordKey, read: dict[dns.name.Name, HostedZone | Problem]) -> HostedZone:
        for zone in read.values():
            if isinstance(zone, HostedZone) and key.name.is_subdomain(zone.apex):
                return zone
        if key.name not in read:
            try:
                read[key.name] = self._zones.holding(key.name)
            except Problem as problem:
                read[key.name] = problem
        zone = read[key.name]
        if isinstance(zone, Problem):
            raise zone
        return zone


class HostedWriter:
    """Writes one order at a time: read again, compared with the plan, written, read back."""

    def __init__(self, zones: HostedZones, clock: Clock, witness: Witness) -> None:
        self._zones = zones
        self._clock = clock
        self._witness = witness
        self._own = OwnWrites()

    def create(self, order: Order) -> Live:
        """As ``update``."""
        return self.update(order)

    def update(self, order: Order) -> Live:
        """Raises Problem: DNS06 no such zone, DNS07 changed since the plan, DNS08 not seen after, DNS10 an alias or
        other data in the way, DNS17 the host failed, DNS18 other people's texts would not survive.
        """
        now = self.grant([Publish(order)])
        seen = part_of(RecordKey.parse(order.address.key)).see(now[0])
        if seen is None:
            raise Problem("DNS08", f"{order.address.key} was written and is not there.")
        return Live(order.address, seen.fields, context=seen.context)

    def delete(self, order: Order) -> None:
        """Take our part away. Raises as ``update``."""
        self.grant([Withdraw(order)])

    def grant(self, wishes: Sequence[Wish]) -> list[Rdataset | None]:
        """Each RRset as it then stands; all wishes are of one zone."""
        with self._zones.turn:
            zone = self._zones.holding(wishes[0].key.name)
            drafts: dict[Question, Rdataset | None] = {}
            for wish in wishes:
                question = Question(wish.key.name, wish.key.rdtype)
                current = drafts.get(question, standing_in(zone, wish.key))
                if not wish.reached(current):
                    if question not in drafts and not self._own.left(question, current):
                        wish.refuse_moved(current)
                    drafts[question] = wish.granted(current)
            swaps = [Swap(*question, zone.records.get(question), after) for question, after in drafts.items()]
            if swaps:
                federation = wishes[0].federation
                self._witness(federation, zone.apex, swaps, None)
                write_zone(self._zones.backend, zone, swaps)
                self._witness(federation, zone.apex, swaps, Verdict.ACCEPTED)
                self._own.note(swaps)
            # Even with nothing to write: an earlier run may have been cut off before this.
            publish_zone(self._zones.backend, zone.apex, self._clock)
            return self._read_back(zone.apex, wishes)

    def _read_back(self, apex: dns.name.Name, wishes: Sequence[Wish]) -> list[Rdataset | None]:
        now: list[Rdataset | None] = []
        for pause in _READ_BACK:
            self._clock.sleep(pause)
            zone = read_zone(self._zones.backend, apex)
            now = [standing_in(zone, wish.key) for wish in wishes] if zone else []
            if now and all(wish.reached(one) for wish, one in zip(wishes, now, strict=True)):
                return now
        shows = "; ".join(shown(one) for one in now) or "nothing"
        raise Problem("DNS08", f"The DNS host accepted the change of {wishes[0].key} and still shows {shows}.")


def standing_in(zone: HostedZone, key: RecordKey) -> Rdataset | None:
    """The RRset at the name. Raises DNS10 when an alias, or what an alias would replace, is in the way."""
    at_name = {question.rdtype for question in zone.records if question.name == key.name}
    found = zone.records.get(Question(key.name, key.rdtype))
    if found is None and key.rdtype == RdataType.CNAME and at_name:
        others = ", ".join(sorted(map(dns.rdatatype.to_text, at_name)))
        raise _blocked(key, f"{key.owner} holds other records ({others})")
    if key.rdtype != RdataType.CNAME and RdataType.CNAME in at_name:
        raise _blocked(key, f"{key.owner} is an alias (CNAME)")
    if found is None:
        _refuse_uncovering(zone, key)
    return found


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
