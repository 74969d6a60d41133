"""Names met in other records: SPF includes, MX targets. Each is asked once."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver

from reconcile.providers.dns.primary import Answer, Primary, Question
from reconcile.providers.dns.spelling import texts_of

_ROOT = (".", "NS")


class Resolver:
    """Asks the primary, then, for names it does not serve, recursive resolvers.

    In that order, because a resolver asked about one of our names before it is published would remember for hours that
    it does not exist. ``servers`` are ``host`` or ``host:port``, none for the machine's own; one that gave no answer in
    ``timeout`` seconds is not waited for again.
    """

    def __init__(self, primary: Primary, servers: Sequence[str] = (), timeout: float = 3.0) -> None:
        self._primary = primary
        self._servers = tuple(servers)
        self._timeout = timeout
        self._known: dict[tuple[str, str], tuple[str, ...] | None] = {}
        self._silent = False
        self._guard = threading.Lock()

    def resolve(self, name: str, rdtype: str) -> tuple[str, ...] | None:
        """The values in canonical spelling, none when the name has none, None when it could not be told."""
        with self._guard:
            if (name, rdtype) not in self._known:
                self._known[name, rdtype] = self._ask(name, rdtype)
            return self._known[name, rdtype]

    def _ask(self, name: str, rdtype: str) -> tuple[str, ...] | None:
        try:
            question = Question(dns.name.from_text(name), dns.rdatatype.from_text(rdtype))
        except dns.exception.DNSException:
            return ()
        answer = self._primary.ask([question])[question]
        if isinstance(answer, Answer) and answer.alias is None:
            return texts_of(answer.rdataset)
        return None if self._silent else self._recurse(name, rdtype)

    def _recurse(self, name: str, rdtype: str) -> tuple[str, ...] | None:
        try:
            return texts_of(self._stub().resolve(name, rdtype, search=False).rrset)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            # A resolver that does not know the root sees no Internet: what it denies proves nothing.
            return () if (name, rdtype) == _ROOT or self._sees_the_internet() else None
        except (dns.resolver.LifetimeTimeout, dns.resolver.NoResolverConfiguration):
            self._silent = True
            return None
        except (dns.exception.DNSException, OSError, ValueError):
            return None

    def _sees_the_internet(self) -> bool:
        if _ROOT not in self._known:
            self._known[_ROOT] = self._recurse(*_ROOT)
        return bool(self._known[_ROOT])

    def _stub(self) -> dns.resolver.Resolver:
        stub = dns.resolver.Resolver(configure=not self._servers)
        if self._servers:
            stub.nameservers = [host for host, _ in map(host_and_port, self._servers)]
            stub.nameserver_ports = dict(map(host_and_port, self._servers))
        stub.lifetime = self._timeout
        return stub


def host_and_port(server: str) -> tuple[str, int]:
    host, colon, port = server.rpartition(":")
    if (colon and port.isdigit() and ":" not in host.strip("[]")) or host.startswith("["):
        return host.strip("[]"), int(port)
    return server.strip("[]"), 53
