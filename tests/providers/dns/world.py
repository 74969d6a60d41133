"""A zone on a server, and how a test speaks of its records."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping

from tests.providers.dns.servers import KEY_NAME, SECRET, Server

from reconcile.clock import SystemClock
from reconcile.config.settings.tables.dns import DnsServer
from reconcile.providers.base import Observed, Order, Provider, Scope, Wanted
from reconcile.providers.dns.provider import dns_provider
from reconcile.resources.address import Address
from reconcile.resources.resource import Desired, Live, Value


@dataclasses.dataclass(frozen=True)
class World:
    """One fresh zone on one server, and the provider that works on it."""

    server: Server | None
    origin: str
    provider: Provider

    @property
    def port(self) -> int:
        assert self.server is not None
        return self.server.port

    def address(self, key: str) -> Address:
        """``MX`` → the apex's; ``autodiscover CNAME`` → the name below it."""
        name, _, rest = key.rpartition(" ")
        return Address("spf55", "dns", f"{name}.{self.origin}/{rest}" if name else f"{self.origin}/{rest}")

    def see(self, key: str, **fields: Value) -> Observed:
        return self.see_all({key: fields})[key]

    def see_all(self, wanted: Mapping[str, Mapping[str, Value]]) -> dict[str, Observed]:
        """What the reader answers for each key."""
        asked = [Wanted(self.address(key), Desired(self.address(key), fields)) for key, fields in wanted.items()]
        observed = self.provider.reader.observe(Scope(asked, {self.origin: "spf55"})).observed
        return {key: observed[self.address(key)] for key in wanted}

    def order(self, key: str, before: Observed, **fields: Value) -> Order:
        live = before if isinstance(before, Live) else None
        return Order(self.address(key), live, fields, frozenset(fields))

    def put(self, key: str, **fields: Value) -> Live:
        """Look, then write as the plan would."""
        before = self.see(key)
        order = self.order(key, before, **fields)
        writer = self.provider.writer
        return writer.update(order) if order.before else writer.create(order)

    def take_away(self, key: str, **recorded: Value) -> None:
        """Delete what the state remembers as ours."""
        address = self.address(key)
        shown = self.provider.reader.observe(Scope([Wanted(address, None, recorded=recorded)], {})).observed[address]
        assert isinstance(shown, Live), shown
        self.provider.writer.delete(Order(address, shown, {}, frozenset()))


_numbers = itertools.count(1)

#: A zone of somebody else: old host, other people's TXT, odd records added by the tests that need them.
ORDINARY = """\
$TTL 3600
@ IN SOA ns1 hostmaster 2026010101 3600 600 1209600 900
@ IN NS ns1
ns1 IN A 127.0.0.1
@ IN A 192.0.2.10
@ 86400 IN MX 10 mx1.oldhost.example.
@ 86400 IN MX 20 MX2.oldhost.example.
@ 1800 IN TXT "v=spf1 a mx include:spf.oldhost.example ip4:198.51.100.7 ~all"
@ 1800 IN TXT "google-site-verification=abcDEF123"
@ 1800 IN TXT "two " "strings"
autodiscover 86400 IN CNAME autodiscover.oldhost.example.
www IN CNAME web.oldhost.example.
"""


def settings_of(port: int, name: str = KEY_NAME) -> DnsServer:
    # The server itself in the place of a resolver: it refuses what it does not hold, and nobody asks the Internet.
    return DnsServer(host="127.0.0.1", port=port, key_name=name, resolvers=(f"127.0.0.1:{port}",))


def provider_of(port: int, secret: str = SECRET, name: str = KEY_NAME) -> Provider:
    return dns_provider(settings_of(port, name), secret, SystemClock())


def zone_on(server: Server, text: str, *, signed: bool = False) -> World:
    origin = f"spf{next(_numbers):03}.example"
    server.add(origin, text, signed=signed)
    return World(server, origin, provider_of(server.port))
