"""A mail domain looked at from everywhere: its checks, and how far its records have spread."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

import dns.name
import dns.rdataset
import dns.rdatatype

from reconcile.config.settings import DnsServer
from reconcile.providers.dns.answers import Answer, Question
from reconcile.providers.dns.checks import Finding, run_checks
from reconcile.providers.dns.facts import Facts, gather
from reconcile.providers.dns.primary import Primary
from reconcile.providers.dns.resolver import Resolver, host_and_port
from reconcile.providers.dns.spread import Listener, Report, ask_around

#: The records whose spread decides where mail goes and whether it is believed.
_FOLLOWED = (
    ("", "MX"),
    ("", "TXT"),
    ("autodiscover", "CNAME"),
    ("selector1._domainkey", "CNAME"),
    ("selector2._domainkey", "CNAME"),
    ("_dmarc", "TXT"),
)


@dataclasses.dataclass(frozen=True, slots=True)
class Survey:
    """What was seen of some domains: the findings of the checks, and one report per server and record."""

    findings: Sequence[Finding]
    reports: Sequence[Report]


@dataclasses.dataclass(frozen=True, slots=True)
class Surveyor:
    """Looks at domains; writes nothing."""

    primary: Primary
    resolver: Resolver
    resolvers: tuple[str, ...] = ()

    def check(self, domains: Sequence[str]) -> list[Finding]:
        """The named checks alone. Only the primary is asked about the domains' own names."""
        return run_checks(gather(self.primary, domains), self.resolver.resolve)

    def survey(self, domains: Sequence[str]) -> Survey:
        """The checks, then every authoritative server; the configured resolvers too, about what is published.

        A resolver is never asked for a record that does not exist yet: it would remember its absence for hours.
        """
        facts = gather(self.primary, domains)
        reports: list[Report] = []
        recursive = [Listener(text, *host_and_port(text), recursive=True) for text in self.resolvers]
        for one in facts:
            truths = list(_truths(one))
            published = [(question, truth) for question, truth in truths if truth is not None]
            reports += ask_around(truths, self._authoritative(one))
            reports += ask_around(published, recursive)
        return Survey(run_checks(facts, self.resolver.resolve), reports)

    def _authoritative(self, facts: Facts) -> list[Listener]:
        """The zone's name servers, by address."""
        answer = facts.answer("", "SOA")
        zone = answer.zone if isinstance(answer, Answer) else None
        if zone is None:
            return []
        question = Question(zone, dns.rdatatype.NS)
        names = self.primary.ask([question])[question]
        hosts = [rdata.target for rdata in names.rdataset or ()] if isinstance(names, Answer) else []
        return [listener for host in sorted(hosts) for listener in self._listeners(host)]

    def _listeners(self, host: dns.name.Name) -> Iterator[Listener]:
        name = host.to_text(omit_final_dot=True)
        addresses = (self.resolver.resolve(name, "A") or ()) + (self.resolver.resolve(name, "AAAA") or ())
        for address in addresses:
            # A primary on a port of its own serves nothing on the usual one.
            port = self.primary.port if address == self.primary.host else 53
            yield Listener(f"{name} ({address})", address, port)


def surveyor(server: DnsServer) -> Surveyor:
    """Looks at the zones of one primary and, after a change, at the resolvers of the settings."""
    primary = Primary(server.host, server.port)
    return Surveyor(primary, Resolver(primary, server.resolvers), server.resolvers)


def _truths(facts: Facts) -> Iterator[tuple[Question, dns.rdataset.Rdataset | None]]:
    for below, rdtype in _FOLLOWED:
        answer = facts.answer(below, rdtype)
        if isinstance(answer, Answer) and answer.alias is None:
            name = dns.name.from_text(f"{below}.{facts.domain}" if below else facts.domain).canonicalize()
            yield Question(name, dns.rdatatype.from_text(rdtype)), answer.rdataset
