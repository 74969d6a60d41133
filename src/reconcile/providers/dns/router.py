"""Which of several places a name belongs to, and a reader, a writer and a store that send each question there."""

from __future__ import annotations

import concurrent.futures
import dataclasses
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Generic, TypeVar

import dns.name
import dns.rdataset

from reconcile.clock import Clock
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.base import InOneGo, Observation, Order, Provider, Reader, Scope, StepWriter, Unknown, Wanted
from reconcile.providers.dns.desired.rrset import RrsetChange
from reconcile.providers.dns.primary.update_message import Outcome
from reconcile.providers.dns.records.keys import RecordKey
from reconcile.providers.dns.undo import RrsetStore
from reconcile.resources.resource import Live
from reconcile.steps import Steps

Place = TypeVar("Place")


class Routes(Generic[Place]):
    """``places`` by the zone each is trusted with, and the ``default`` for every other name (None: there is none)."""

    def __init__(self, places: Mapping[str, Place], default: Place | None) -> None:
        apexes = ((dns.name.from_text(zone).canonicalize(), place) for zone, place in places.items())
        self._deepest_first = sorted(apexes, key=lambda pair: -len(pair[0].labels))
        self._default = default

    def of(self, name: dns.name.Name) -> Place | None:
        """The place of the deepest zone the name lives in."""
        return next((place for apex, place in self._deepest_first if name.is_subdomain(apex)), self._default)

    def sorted_out(self, names: Iterable[str]) -> list[tuple[Place, list[str]]]:
        """Domains by the place they belong to; those without one are left out."""
        found: dict[int, tuple[Place, list[str]]] = {}
        for name in names:
            place = self.of(dns.name.from_text(name).canonicalize())
            if place is not None:
                found.setdefault(id(place), (place, []))[1].append(name)
        return list(found.values())


def routed_provider(places: Mapping[str, Provider], default: Provider | None, clock: Clock) -> Provider:
    """All places as one provider; each keeps its own limits behind it."""
    readers = Routes({zone: place.reader for zone, place in places.items()}, default.reader if default else None)
    steps = {zone: place.in_steps for zone, place in places.items()}
    writer = RoutedWriter(Routes(steps, default.in_steps if default else None))
    return Provider("dns", RoutedReader(readers), InOneGo(writer, clock), default_parallel=1000, patient=writer)


@dataclasses.dataclass(frozen=True, slots=True)
class RoutedReader:
    """Asks every place at once."""

    routes: Routes[Reader]

    def observe(self, scope: Scope) -> Observation:
        """Each record as its place sees it; unknown without a place."""
        shares: dict[int, tuple[Reader, list[Wanted]]] = {}
        observed = {}
        for wanted in scope.wanted:
            key = RecordKey.parse(wanted.address.key)
            place = self.routes.of(key.name)
            if place is None:
                problem = no_zone_configured(key)
                observed[wanted.address] = Unknown(
                    Phrase("{message} ({hint})", message=problem.message, hint=problem.hint)
                )
            else:
                shares.setdefault(id(place), (place, []))[1].append(wanted)
        with concurrent.futures.ThreadPoolExecutor(max(1, len(shares))) as pool:
            scopes = [(reader, dataclasses.replace(scope, wanted=share)) for reader, share in shares.values()]
            seen = list(pool.map(lambda one: one[0].observe(one[1]), scopes))
        findings = [finding for one in seen for finding in one.findings]
        return Observation(
            observed | {at: shown for one in seen for at, shown in one.observed.items()}, findings=findings
        )


@dataclasses.dataclass(frozen=True, slots=True)
class RoutedWriter:
    """Raises DNS20 for a name without a place, else as the place's own writer."""

    routes: Routes[StepWriter]

    def create(self, order: Order) -> Steps[Live]:
        return self._writer(order).create(order)

    def update(self, order: Order) -> Steps[Live]:
        return self._writer(order).update(order)

    def delete(self, order: Order) -> Steps[None]:
        return self._writer(order).delete(order)

    def _writer(self, order: Order) -> StepWriter:
        key = RecordKey.parse(order.address.key)
        place = self.routes.of(key.name)
        if place is None:
            raise no_zone_configured(key)
        return place


@dataclasses.dataclass(frozen=True, slots=True)
class RoutedStore:
    """What can be taken back is taken back where it was written."""

    routes: Routes[RrsetStore]

    def read(self, keys: Collection[RecordKey]) -> Mapping[RecordKey, dns.rdataset.Rdataset | None]:
        """Raises DNS20 for a name without a place, else as the places do."""
        shares: dict[int, tuple[RrsetStore, list[RecordKey]]] = {}
        for key in keys:
            store = self.routes.of(key.name)
            if store is None:
                raise no_zone_configured(key)
            shares.setdefault(id(store), (store, []))[1].append(key)
        return {key: now for store, share in shares.values() for key, now in store.read(share).items()}

    def apply(self, changes: Sequence[RrsetChange]) -> list[Outcome]:
        ends: dict[int, Outcome] = {}
        shares: dict[int, tuple[RrsetStore, list[int]]] = {}
        for number, change in enumerate(changes):
            store = self.routes.of(change.key.name)
            if store is None:
                ends[number] = no_zone_configured(change.key)
            else:
                shares.setdefault(id(store), (store, []))[1].append(number)
        for store, numbers in shares.values():
            ends.update(zip(numbers, store.apply([changes[number] for number in numbers]), strict=True))
        return [ends[number] for number in range(len(changes))]


def no_zone_configured(key: RecordKey) -> Problem:
    """DNS20: nothing says where the name's zone is kept."""
    return Problem(
        "DNS20",
        Phrase("Nothing in reconcile.toml says where the zone of {owner} is kept.", owner=key.owner),
        "set [dns] host, or name the zone in [dns.hosted] or [dns.manual]",
    )
