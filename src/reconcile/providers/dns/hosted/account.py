"""The zones of one account, each through a client of its own: octoDNS's keep state and know no threads."""

from __future__ import annotations

import concurrent.futures
import contextlib
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import dns.name

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.dns.hosted.backends import session_of
from reconcile.providers.dns.hosted.limits import ending
from reconcile.providers.dns.hosted.zone import HostedZone, read_zone

if TYPE_CHECKING:
    from octodns.provider.base import BaseProvider

Name = dns.name.Name

#: Zones spoken about at once with one host: they limit the rate of an account.
AT_ONCE = 4


class HostedZones:
    """``opened`` makes a client; ``zones`` are the apexes the account is trusted with."""

    def __init__(self, opened: Callable[[], BaseProvider], zones: Sequence[str]) -> None:
        self._opened = opened
        apexes = (dns.name.from_text(zone).canonicalize() for zone in zones)
        self._deepest_first = sorted(apexes, key=lambda apex: -len(apex.labels))
        self._clients: dict[Name, tuple[BaseProvider, threading.Lock]] = {}
        self._guard = threading.Lock()

    def apex_of(self, name: Name) -> Name | Problem:
        """The deepest of the zones that the name lives in; DNS06 when it lives in none."""
        for apex in self._deepest_first:
            if name.is_subdomain(apex):
                return apex
        hint = "name its zone in [dns.hosted] of reconcile.toml"
        return Problem(
            "DNS06", Phrase("The account holds no zone for {name}.", name=name.to_text(omit_final_dot=True)), hint
        )

    @contextlib.contextmanager
    def locked(self, apex: Name) -> Iterator[BaseProvider]:
        """The zone's client, for one thread at a time. Raises DNS16 when it cannot be made."""
        with self._guard:
            if apex not in self._clients:
                self._clients[apex] = (self._opened(), threading.Lock())
            client, lock = self._clients[apex]
        with lock, ending(session_of(client)):
            yield client

    def zone(self, client: BaseProvider, apex: Name) -> HostedZone:
        """The zone as just read. Raises DNS06 when the account does not hold it, DNS17 when the host fails."""
        zone = read_zone(client, apex)
        if zone is None:
            name = apex.to_text(omit_final_dot=True)
            raise Problem(
                "DNS06",
                Phrase("The account does not hold the zone {name}.", name=name),
                "see [dns.hosted] in reconcile.toml",
            )
        return zone

    def read(self, names: Collection[Name]) -> Mapping[Name, HostedZone | Problem]:
        """For each name its zone, each zone read once, or why there is none."""
        apexes = {name: self.apex_of(name) for name in names}
        distinct = list({apex for apex in apexes.values() if not isinstance(apex, Problem)})
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            read = dict(zip(distinct, pool.map(self._read, distinct), strict=True))
        return {name: apex if isinstance(apex, Problem) else read[apex] for name, apex in apexes.items()}

    def _read(self, apex: Name) -> HostedZone | Problem:
        try:
            with self.locked(apex) as client:
                return self.zone(client, apex)
        except Problem as problem:
            return problem
