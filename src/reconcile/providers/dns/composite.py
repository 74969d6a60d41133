"""The zones of the network, wherever each is hosted: on the primary, at DNS hosts, or maintained by hand."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from reconcile.clock import Clock
from reconcile.config.settings.tables.dns import DnsServer, HostedAccount, ManualZones
from reconcile.problem import Problem
from reconcile.providers.base import Provider, Reader
from reconcile.providers.dns.checks.preflight import Preflight
from reconcile.providers.dns.checks.resolver import Resolver
from reconcile.providers.dns.checks.survey import Surveyor
from reconcile.providers.dns.hosted.account import HostedZones
from reconcile.providers.dns.hosted.backends import SECRETS, open_backend
from reconcile.providers.dns.hosted.provider import hosted_provider
from reconcile.providers.dns.hosted.served import served_otherwise
from reconcile.providers.dns.hosted.writes import HostedStore
from reconcile.providers.dns.journal import RecordJournal
from reconcile.providers.dns.manual import manual_provider
from reconcile.providers.dns.primary import gss
from reconcile.providers.dns.primary.client import Primary
from reconcile.providers.dns.primary.key_probe import try_key
from reconcile.providers.dns.primary.update_message import JournalWrite, not_journalled
from reconcile.providers.dns.primary.updates import PrimaryStore
from reconcile.providers.dns.provider import dns_provider, dns_reader, replaceable, signing_primary
from reconcile.providers.dns.records.keys import RecordKey
from reconcile.providers.dns.router import RoutedReader, RoutedStore, Routes, routed_provider
from reconcile.providers.dns.undo import RrsetStore, Undo

if TYPE_CHECKING:
    from octodns.provider.base import BaseProvider

#: What the world is shown of a domain's mail.
_SHOWN = (
    ("", "MX"),
    ("autodiscover.", "CNAME"),
    ("selector1._domainkey.", "CNAME"),
    ("selector2._domainkey.", "CNAME"),
)

#: A secret by what it is for: ``key`` of the primary, else the table's name and the option.
Secret = Callable[[str, str], str]


@dataclasses.dataclass(frozen=True, slots=True)
class DnsServices:
    """Everything DNS does, made from the settings. ``secret`` is asked only for what a call needs."""

    settings: DnsServer
    secret: Secret
    clock: Clock
    zone: dt.tzinfo

    def provider(self, journal: Path) -> Provider:
        """Reader and writer of every zone; ``journal`` is the folder where RRsets are kept as they were."""
        default = None
        if self.settings.host:
            default = dns_provider(self.settings, self._key(), self.clock, journal, self.zone)
        places = self._elsewhere(RecordJournal(journal, self.clock))
        return routed_provider(places, default, self.clock) if places or default is None else default

    def reader(self) -> Reader:
        """The reader of every zone, without the key that only a write on the primary needs."""
        default = dns_reader(self.settings, self.clock, self.zone) if self.settings.host else None
        places = {zone: place.reader for zone, place in self._elsewhere(not_journalled).items()}
        return RoutedReader(Routes(places, default)) if places or default is None else default

    def undo(self, journal: Path) -> Undo:
        """What takes our writes back, wherever they were made. Raises DNS12."""
        kept = RecordJournal(journal, self.clock)
        default = None
        if self.settings.host:
            signing = signing_primary(self.settings, self._key(), self.clock)
            default = PrimaryStore(signing, self.clock, kept, replaceable(self.settings))
        places: dict[str, RrsetStore] = {}
        for name, hosted in self.settings.hosted.items():
            places |= dict.fromkeys(hosted.zones, self._store(name, hosted, kept))
        return Undo(RoutedStore(Routes(places, default)) if places or default is None else default, kept)

    def try_key(self, domains: Iterable[str]) -> Mapping[str, Problem | None]:
        """What the primary has against our key, for each of the domains it keeps; None: it takes it. Raises DNS12."""
        hosted = [zone for one in self.settings.hosted.values() for zone in one.zones]
        manual = [zone for one in self.settings.manual.values() for zone in one.zones]
        routes = Routes(dict.fromkeys((*hosted, *manual), "elsewhere"), "primary" if self.settings.host else None)
        for place, here in routes.sorted_out(domains):
            if place == "primary":
                return try_key(signing_primary(self.settings, self._key(), self.clock), here)
        return {}

    def listed(self, domains: Iterable[str]) -> Mapping[str, Problem | tuple[str, ...]]:
        """For each of the domains kept at a DNS host, whether we can read its zone there, and what the host's name
        server, where one is named, shows otherwise.
        """
        hosts = {zone: (name, one) for name, one in self.settings.hosted.items() for zone in one.zones}
        found: dict[str, Problem | tuple[str, ...]] = {}
        for (name, hosted), here in Routes(hosts, None).sorted_out(domains):
            keys = {
                domain: [RecordKey.parse(f"{below}{domain}/{rdtype}") for below, rdtype in _SHOWN] for domain in here
            }
            try:
                read = self._account(name, hosted).read({key.name for of in keys.values() for key in of})
            except Problem as problem:
                found |= dict.fromkeys(here, problem)
                continue
            for domain, of in keys.items():
                zone = read[of[0].name]
                says = served_otherwise(Primary(hosted.server, hosted.port), of, read) if hosted.server else ()
                found[domain] = zone if isinstance(zone, Problem) else tuple(sentence for _, sentence in says)
        return found

    def surveyors(self) -> Routes[Surveyor]:
        """Whom to ask about each domain; zones of a host without a named server have nobody."""
        places: dict[str, Surveyor] = {}
        for hosted in self.settings.hosted.values():
            if hosted.server:
                places |= dict.fromkeys(hosted.zones, self._surveyor(hosted.server, hosted.port))
        for manual in self.settings.manual.values():
            places |= dict.fromkeys(manual.zones, self._surveyor(manual.host, manual.port))
        default = self._surveyor(self.settings.host, self.settings.port) if self.settings.host else None
        return Routes(places, default)

    def _elsewhere(self, journal: JournalWrite) -> dict[str, Provider]:
        """The zones that are not on the primary, each with its own place's provider."""
        places: dict[str, Provider] = {}
        for name, hosted in self.settings.hosted.items():
            places |= dict.fromkeys(hosted.zones, self._hosted(name, hosted, journal))
        for manual in self.settings.manual.values():
            places |= dict.fromkeys(manual.zones, self._manual(manual))
        return places

    def _key(self) -> str:
        """The primary's secret; a Kerberos ticket needs none."""
        return "" if self.settings.key_algorithm == gss.ALGORITHM else self.secret("", "")

    def _surveyor(self, host: str, port: int) -> Surveyor:
        primary = Primary(host, port)
        resolver = Resolver(primary, self.settings.resolvers)
        return Surveyor(primary, resolver, self.settings.resolvers, self.zone, replace=replaceable(self.settings))

    def _preflight(self, host: str, port: int) -> Preflight | None:
        return Preflight(self._surveyor(host, port), self.clock) if host else None

    def _hosted(self, name: str, hosted: HostedAccount, journal: JournalWrite) -> Provider:
        resolver = Resolver(None, self.settings.resolvers)
        preflight = self._preflight(hosted.server, hosted.port)
        account = self._account(name, hosted)
        return hosted_provider(account, resolver.resolve, self.clock, journal, preflight, replaceable(self.settings))

    def _store(self, name: str, hosted: HostedAccount, journal: JournalWrite) -> RrsetStore:
        return HostedStore(self._account(name, hosted), self.clock, journal, replaceable(self.settings))

    def _account(self, name: str, hosted: HostedAccount) -> HostedZones:
        """Its client is made, and its secrets asked for, only when a zone of it is looked at."""

        def opened() -> BaseProvider:
            proofs = {option: self.secret(name, option) for option in SECRETS[hosted.service]}
            return open_backend(hosted.service, {**hosted.options, **proofs})

        return HostedZones(opened, hosted.zones)

    def _manual(self, manual: ManualZones) -> Provider:
        primary = Primary(manual.host, manual.port)
        resolver = Resolver(primary, self.settings.resolvers)
        preflight = self._preflight(manual.host, manual.port)
        return manual_provider(primary, resolver, preflight, replaceable(self.settings))
