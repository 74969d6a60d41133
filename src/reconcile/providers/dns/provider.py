"""The DNS provider made from its settings."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import dns.name

from reconcile.clock import Clock, SystemClock
from reconcile.config.settings.tables.dns import DnsServer
from reconcile.providers.base import InOneGo, Provider
from reconcile.providers.dns.checks.preflight import Preflight
from reconcile.providers.dns.checks.resolver import Resolver
from reconcile.providers.dns.checks.survey import Surveyor
from reconcile.providers.dns.journal import RecordJournal
from reconcile.providers.dns.primary import gss
from reconcile.providers.dns.primary.client import Primary, tsig_key
from reconcile.providers.dns.primary.update_message import not_journalled
from reconcile.providers.dns.primary.updates import PrimaryStore
from reconcile.providers.dns.reader import DnsReader
from reconcile.providers.dns.writer import DnsWriter


def dns_provider(
    server: DnsServer,
    secret: str,
    clock: Clock | None = None,
    journal: Path | None = None,
    zone: dt.tzinfo = dt.UTC,
) -> Provider:
    """Reader and writer of the zones on one primary; ``secret`` is the TSIG key's, in base64. Raises DNS12.

    ``journal`` is the folder where each RRset is kept as it was before and after a write; ``zone`` the time zone in
    which moments are said.
    """
    clock = clock or SystemClock()
    write_ahead = RecordJournal(journal, clock) if journal else not_journalled
    store = PrimaryStore(signing_primary(server, secret, clock), clock, write_ahead, replaceable(server))
    resolver = Resolver(Primary(server.host, server.port), server.resolvers)
    writer = DnsWriter(store, resolver)
    return Provider(
        name="dns",
        reader=dns_reader(server, clock, zone),
        writer=InOneGo(writer, clock),
        patient=writer,
        # They travel together: so many orders are a few connections, and one message per zone.
        default_parallel=1000,
    )


def dns_reader(server: DnsServer, clock: Clock, zone: dt.tzinfo) -> DnsReader:
    """The reader of the zones on one primary. Reads are not signed, so it needs no key."""
    plain = Primary(server.host, server.port)
    replace = replaceable(server)
    surveyor = Surveyor(plain, Resolver(plain, server.resolvers), server.resolvers, zone, replace=replace)
    return DnsReader(plain, Preflight(surveyor, clock), replace)


def replaceable(server: DnsServer) -> frozenset[dns.name.Name]:
    """The names where an alias may take the place of other records."""
    return frozenset(dns.name.from_text(name).canonicalize() for name, one in server.names.items() if one.replace)


def signing_primary(server: DnsServer, secret: str, clock: Clock) -> Primary:
    """The primary with what signs updates: a TSIG key, or a Kerberos ticket. Raises DNS12."""
    if server.key_algorithm == gss.ALGORITHM:
        return Primary(server.host, server.port, gss=gss.GssKey(server.key_name or f"DNS@{server.host}", clock))
    return Primary(server.host, server.port, tsig_key(server.key_name, server.key_algorithm, secret))
