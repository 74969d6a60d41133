"""Names met in other records: SPF includes, MX targets. Each is asked once."""

from __future__ import annotations

import concurrent.futures
import contextlib
import threading
from collections.abc import Iterable, Mapping, Sequence

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.resolver

from reconcile.providers.dns.primary.answers import Answer, Question
from reconcile.providers.dns.primary.client import Primary
from reconcile.providers.dns.records.canonical import texts_of

#: A name and a type, as text.
Pair = tuple[str, str]

_ROOT: Pair = (".", "NS")
#: Aliases followed from one name.
_LONGEST_CHAIN = 8
#: Questions to the resolvers in flight at once.
_AT_ONCE = 32


class Resolver:
    """Asks the primary, then, for names it does not serve, recursive resolvers.

    In that order, because a resolver asked about one of our names before it is published would remember for hours that
    it does not exist. Without a primary only they are asked. ``servers`` are ``host`` or ``host:port``, none for the
    machine's own; one that gave no answer in ``timeout`` seconds is not waited for again. Many threads may call
    it at once.
    """

    def __init__(self, primary: Primary | None, servers: Sequence[str] = (), timeout: float = 3.0) -> None:
        self._primary = primary
        self._servers = tuple(servers)
        self._timeout = timeout
        self._known: dict[Pair, tuple[str, ...] | None] = {}
        self._silent = False
        self._guard = threading.Lock()

    def resolve(self, name: str, rdtype: str) -> tuple[str, ...] | None:
        """The values in canonical spelling, none when the name has none, None when it could not be found out."""
        self.resolve_all([(name, rdtype)])
        return self._known[name, rdtype]

    def resolve_all(self, pairs: Iterable[Pair]) -> None:
        """Ask about many at once, so that ``resolve`` knows them."""
        with self._guard:
            unknown = {pair: _question(pair) for pair in dict.fromkeys(pairs) if pair not in self._known}
            if not unknown:
                return
            self._known.update({pair: () for pair, question in unknown.items() if question is None})  # no name at all
            pending = {pair: question for pair, question in unknown.items() if question is not None}
            foreign: dict[Pair, Pair] = {}  # what is asked → what a resolver is asked for it
            for _ in range(_LONGEST_CHAIN):
                answers = self._primary.ask(set(pending.values())) if self._primary and pending else {}
                followed: dict[Pair, Question] = {}
                for pair, question in pending.items():
                    answer = answers.get(question)
                    if isinstance(answer, Answer) and answer.rdataset is None and answer.alias is not None:
                        followed[pair] = Question(answer.alias.canonicalize(), question.rdtype)
                    elif isinstance(answer, Answer):
                        self._known[pair] = texts_of(answer.rdataset)
                    else:
                        foreign[pair] = pair if question == unknown[pair] else _as_pair(question)
                pending = followed
                if not pending:
                    break
            self._known.update(dict.fromkeys(pending, ()))  # a loop of aliases leads nowhere
            self._ask_resolvers(foreign)

    def bogus(self, zones: Iterable[dns.name.Name]) -> set[dns.name.Name]:
        """The zones that fail DNSSEC validation: SERVFAIL from the resolver, but not with checking disabled (CD)."""
        names = sorted(set(zones))
        if self._silent or not names:
            return set()
        with concurrent.futures.ThreadPoolExecutor(min(_AT_ONCE, len(names))) as pool:
            return {name for name, refused in zip(names, pool.map(self._refused, names), strict=True) if refused}

    def _refused(self, zone: dns.name.Name) -> bool:
        return self._rcode(zone, 0) == dns.rcode.SERVFAIL and self._rcode(zone, dns.flags.CD) == dns.rcode.NOERROR

    def _rcode(self, zone: dns.name.Name, flags: int) -> int | None:
        """Of its SOA, which exists, so that no resolver learns of an absence."""
        try:
            stub = self.stub()
        except dns.resolver.NoResolverConfiguration:
            return None
        query = dns.message.make_query(zone, dns.rdatatype.SOA, flags=dns.flags.RD | flags, want_dnssec=True)
        for server in stub.nameservers:
            if self._silent:
                return None
            host = str(server)
            port = stub.nameserver_ports.get(host, stub.port)
            with contextlib.suppress(dns.exception.DNSException, OSError, EOFError):
                return int(dns.query.udp_with_fallback(query, host, self._timeout, port)[0].rcode())
        self._silent = True
        return None

    def _ask_resolvers(self, pairs: Mapping[Pair, Pair]) -> None:
        """``pairs``: what is asked, and the name at the end of its aliases as far as the primary knows them."""
        if not pairs:
            return
        # The first one alone: where nobody answers, waiting once is enough.
        if _ROOT not in self._known:
            self._known[_ROOT] = self._recurse(_ROOT)
        with concurrent.futures.ThreadPoolExecutor(min(_AT_ONCE, len(pairs))) as pool:
            self._known.update(zip(pairs, pool.map(self._recurse, pairs.values()), strict=True))

    def _recurse(self, pair: Pair) -> tuple[str, ...] | None:
        if self._silent:
            return None
        try:
            return texts_of(self.stub().resolve(*pair, search=False).rrset)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            # A resolver that does not know the root has no Internet access: its negative answers prove nothing.
            return () if pair == _ROOT or self._known.get(_ROOT) else None
        except (dns.resolver.LifetimeTimeout, dns.resolver.NoResolverConfiguration):
            self._silent = True
            return None
        except (dns.exception.DNSException, OSError, ValueError):
            return None

    def stub(self) -> dns.resolver.Resolver:
        """The recursive resolvers alone, for a library that asks by itself. Raises NoResolverConfiguration."""
        stub = dns.resolver.Resolver(configure=not self._servers)
        if self._servers:
            stub.nameservers = [host for host, _ in map(host_and_port, self._servers)]
            stub.nameserver_ports = dict(map(host_and_port, self._servers))
        stub.lifetime = self._timeout
        return stub


def host_and_port(server: str) -> tuple[str, int]:
    """``host``, ``host:port``, ``[v6]:port`` or a bare IPv6 address, split; the port is 53 when unsaid."""
    host, colon, port = server.rpartition(":")
    if colon and port.isdigit() and (":" not in host or host.startswith("[")):
        return host.strip("[]"), int(port)
    return server.strip("[]"), 53


def _as_pair(question: Question) -> Pair:
    return question.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(question.rdtype)


def _question(pair: Pair) -> Question | None:
    name, rdtype = pair
    try:
        return Question(dns.name.from_text(name), dns.rdatatype.from_text(rdtype))
    except dns.exception.DNSException:
        return None
