"""The DNS provider made from its settings."""

from __future__ import annotations

import dataclasses

from reconcile.clock import Clock, SystemClock
from reconcile.config.settings import DnsServer
from reconcile.providers.base import Provider
from reconcile.providers.dns.exchange import Exchange, unwitnessed
from reconcile.providers.dns.primary import Primary, tsig_key
from reconcile.providers.dns.reader import DnsReader
from reconcile.providers.dns.resolver import Resolver
from reconcile.providers.dns.writer import DnsWriter


def dns_provider(server: DnsServer, secret: str, clock: Clock | None = None) -> Provider:
    """Reader and writer of the zones on one primary; ``secret`` is the TSIG key's, in base64. Raises DNS12."""
    key = tsig_key(server.key_name, server.key_algorithm, secret)
    plain = Primary(server.host, server.port)
    resolver = Resolver(plain, server.resolvers)
    exchange = Exchange(dataclasses.replace(plain, key=key), clock or SystemClock(), unwitnessed)
    return Provider(
        name="dns",
        reader=DnsReader(plain),
        writer=DnsWriter(exchange, resolver.resolve),
        default_parallel=8,
    )
