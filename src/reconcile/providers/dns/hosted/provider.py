"""The DNS provider for hosted zones: the same parts and changes, carried by octoDNS instead of RFC 2136."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import dns.name
import dns.rdataset
import dns.rdatatype

from reconcile.clock import Clock
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.base import (
    ABSENT,
    Finding,
    Observation,
    Observed,
    Order,
    Provider,
    Scope,
    Unknown,
    Wanted,
    Weight,
)
from reconcile.providers.dns.checks.mta_sts import fetch_policy
from reconcile.providers.dns.checks.preflight import Preflight
from reconcile.providers.dns.desired.aliases import already_leads_there
from reconcile.providers.dns.desired.ownership import part_of
from reconcile.providers.dns.desired.policies import is_policy, kept_elsewhere
from reconcile.providers.dns.desired.publication import CheckedPublish
from reconcile.providers.dns.desired.replacement import about_to_go
from reconcile.providers.dns.desired.rrset import Withdraw
from reconcile.providers.dns.hosted.account import AT_ONCE, HostedZones
from reconcile.providers.dns.hosted.name_status import kept_by, replaceable_in, rrset_in
from reconcile.providers.dns.hosted.served import served_otherwise
from reconcile.providers.dns.hosted.writes import HostedStore
from reconcile.providers.dns.hosted.zone import HostedZone
from reconcile.providers.dns.primary.answers import Question
from reconcile.providers.dns.primary.update_message import JournalWrite, not_journalled
from reconcile.providers.dns.records.canonical import texts_of
from reconcile.providers.dns.records.keys import RecordKey
from reconcile.providers.dns.spf.lookups import Resolve
from reconcile.resources.resource import Live

Rdataset = dns.rdataset.Rdataset


def hosted_provider(
    zones: HostedZones,
    resolve: Resolve,
    clock: Clock,
    journal: JournalWrite = not_journalled,
    preflight: Preflight | None = None,
    replace: frozenset[dns.name.Name] = frozenset(),
) -> Provider:
    """Reader and writer of the zones one account holds at a DNS host.

    There is no compare-and-swap at these hosts: the zone is read again right before it is written, and what moved
    since the plan is refused. ``resolve`` looks names up that the zones do not hold. ``replace``: names where our alias
    may take the place of other records.
    """
    writer = HostedWriter(HostedStore(zones, clock, journal, replace), resolve)
    return Provider("dns", HostedReader(zones, preflight, replace), writer, default_parallel=AT_ONCE)


class HostedReader:
    """Reads each zone once, several at a time."""

    def __init__(
        self,
        zones: HostedZones,
        preflight: Preflight | None = None,
        replace: frozenset[dns.name.Name] = frozenset(),
    ) -> None:
        self._zones = zones
        self._preflight = preflight
        self._replace = replace

    def observe(self, scope: Scope) -> Observation:
        """Each record found, absent, or unknown with the reason."""
        keys = {wanted.address: RecordKey.parse(wanted.address.key) for wanted in scope.wanted}
        read = self._zones.read({key.name for key in keys.values()})
        observed = {wanted.address: self._observed(wanted, keys[wanted.address], read) for wanted in scope.wanted}
        for one in scope.wanted:
            key = keys[one.address]
            shown = already_leads_there(one, key, observed[one.address], scope, _aliases_in(read[key.name]))
            observed[one.address] = shown
        if self._preflight is None:
            return Observation(observed)
        checked = self._preflight.check(scope, observed)
        addresses = {key: address for address, key in keys.items()}
        differing = (
            Finding(key.owner, "servers", Weight.WARNS, says, addresses[key].federation)
            for key, says in served_otherwise(self._preflight.surveyor.primary, addresses, read)
        )
        return dataclasses.replace(checked, findings=[*checked.findings, *differing])

    def _observed(self, wanted: Wanted, key: RecordKey, read: Mapping[dns.name.Name, HostedZone | Problem]) -> Observed:
        try:
            zone = read[key.name]
            if isinstance(zone, Problem):
                raise zone
            if is_policy(key) and (where := kept_by(zone, key)):
                return kept_elsewhere(wanted, where)
            if wanted.desired and (others := replaceable_in(zone, key, self._replace)):
                return about_to_go(wanted, key, others)
            seen = part_of(key).see(rrset_in(zone, key), None if wanted.desired else wanted.recorded)
        except Problem as problem:
            return Unknown(
                Phrase("{message} ({hint})", message=problem.message, hint=problem.hint)
                if problem.hint
                else problem.message
            )
        return Live(wanted.address, seen.fields, context=seen.context) if seen else ABSENT


def _aliases_in(zone: HostedZone | Problem) -> Resolve:
    """Follows aliases within the zone alone."""

    def resolve(name: str, rdtype: str) -> tuple[str, ...] | None:
        question = Question(dns.name.from_text(name).canonicalize(), dns.rdatatype.from_text(rdtype))
        return None if isinstance(zone, Problem) else texts_of(zone.records.get(question))

    return resolve


class HostedWriter:
    """Writes one order at a time in each zone: read again, compared with the plan, written, read back."""

    def __init__(self, store: HostedStore, resolve: Resolve) -> None:
        self._store = store
        self._resolve = resolve

    def create(self, order: Order) -> Live:
        """As ``update``."""
        return self.update(order)

    def update(self, order: Order) -> Live:
        """Raises Problem: DNS06 no such zone, DNS07 changed since the plan, DNS08 not seen after, DNS09 and DNS14 as
        ``CheckedPublish``, DNS10 an alias or other data in the way, DNS17 the host failed, DNS18 other people's
        texts would not survive.
        """
        (now,) = self._store.apply([CheckedPublish(order, self._resolve, fetch_policy)])
        if isinstance(now, Problem):
            raise now
        seen = part_of(RecordKey.parse(order.address.key)).see(now)
        if seen is None:
            raise Problem("DNS08", Phrase("{key} was written and is not there.", key=order.address.key))
        return Live(order.address, seen.fields, context=seen.context)

    def delete(self, order: Order) -> None:
        """Remove our part. Raises as ``update``."""
        (end,) = self._store.apply([Withdraw(order)])
        if isinstance(end, Problem):
            raise end
