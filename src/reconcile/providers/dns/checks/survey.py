"""Mail domains checked on their primary, on every authoritative server and through resolvers."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence

import dns.name
import dns.rdataset
import dns.rdatatype
from dns.rdatatype import RdataType

from reconcile.language.phrase import Phrase
from reconcile.providers.base import Finding, Weight
from reconcile.providers.dns.checks import second_opinion
from reconcile.providers.dns.checks.asked import SELECTORS, address_questions, apex_of, names_of, parents_of, truths_of
from reconcile.providers.dns.checks.checks import run_checks
from reconcile.providers.dns.checks.facts import Facts, read_facts, with_todo
from reconcile.providers.dns.checks.mta_sts import fetch_policy, policy_texts
from reconcile.providers.dns.checks.propagation import Nameserver, Report, delegated_to, query_each
from reconcile.providers.dns.checks.resolver import Resolver, host_and_port
from reconcile.providers.dns.checks.servers import SwitchMoments, delegation, servers_agree, ttl_in_time
from reconcile.providers.dns.primary.answers import NOTHING_KNOWN, Answer, Answers, Question
from reconcile.providers.dns.primary.client import Primary
from reconcile.providers.dns.primary.signatures import invalid, not_signed_here
from reconcile.providers.dns.records.mta_sts_policy import announced
from reconcile.providers.dns.spf import record as spf
from reconcile.providers.dns.spf.lookups import prefetch

#: The records whose propagation decides where mail goes and whether it is believed.
_FOLLOWED = (
    ("", "MX"),
    ("", "TXT"),
    ("autodiscover", "CNAME"),
    ("selector1._domainkey", "CNAME"),
    ("selector2._domainkey", "CNAME"),
    ("_dmarc", "TXT"),
)
#: Each may keep us waiting for seconds.
_POLICIES_AT_ONCE = 16
#: What the switch changes.
_SWITCHED = (("", "MX"), ("autodiscover", "CNAME"))
#: Checks whose warnings matter before a switch; what others warn of, the plan itself puts right.
_WARNING_BEFORE = ("mx", "spf-terms", "occupied", "wildcard", "mta-sts", "leftovers", "servers", "dnssec", "ttl")


#: The MX hosts a domain is about to have, none while they are not known.
NewMx = Callable[[str], tuple[str, ...]]


def _not_known(_domain: str) -> tuple[str, ...]:
    return ()


@dataclasses.dataclass(frozen=True, slots=True)
class Survey:
    """What was seen of some domains: the findings of the checks, and one report per server and record."""

    findings: Sequence[Finding]
    reports: Sequence[Report]


@dataclasses.dataclass(frozen=True, slots=True)
class Surveyor:
    """Checks domains; writes nothing. ``zone``: in which moments are said. ``policy``: fetches MTA-STS policies."""

    primary: Primary
    resolver: Resolver
    resolvers: tuple[str, ...] = ()
    zone: dt.tzinfo = dt.UTC
    policy: Callable[[str], str | None] = fetch_policy
    #: Names where our alias may take the place of other records.
    replace: frozenset[dns.name.Name] = frozenset()

    def check(self, domains: Sequence[str]) -> list[Finding]:
        """The named checks alone. Only the primary is asked about the domains' own names."""
        return run_checks(self._gathered(domains), self.resolver.resolve)

    def before_switch(
        self,
        switches: Mapping[str, SwitchMoments],
        now: dt.datetime,
        new_mx: NewMx = _not_known,
        known: Answers = NOTHING_KNOWN,
    ) -> list[Finding]:
        """What stands in the way of switching some domains, or is good to know; only authoritative servers are asked
        about their names. ``switches``: when each is due. ``new_mx``: asked only where the answer matters. ``known``:
        what the primary has just answered.
        """
        facts = self._gathered(list(switches), new_mx, known)
        named, signed = self._named_servers(facts)
        # What both go on to look up, in one round.
        above = ((parent, "NS") for parent in parents_of(facts).values())
        self.resolver.resolve_all([*address_questions(named), *above])
        parents = self._delegations(facts)
        nameservers = self._authoritative(named)
        others = {domain: [one for one in found if not self._is_primary(one)] for domain, found in nameservers.items()}
        asked = [(one, *truth) for fact in facts for one in others[fact.domain] for truth in truths_of(fact, _SWITCHED)]
        reports = query_each(asked)
        found = run_checks(facts, self.resolver.resolve)
        apexes = {apex for fact in facts if (apex := apex_of(fact)) is not None}
        bogus = self.resolver.bogus(apexes)
        stale = invalid(self.primary, dict.fromkeys(signed, ())) if signed else {}
        for fact in facts:
            name = fact.domain
            of_domain = [one for one in reports if one.question.name in names_of(fact, _SWITCHED)]
            of_mx = [one for one in of_domain if one.question.rdtype == RdataType.MX]
            listed = len(others[name]) < len(nameservers[name])
            lives = [one.ttl or 0 for one in of_domain] + [
                truth.ttl for _, truth in truths_of(fact, _SWITCHED) if truth
            ]
            ttl = ttl_in_time(name, max(lives, default=0), switches[name], now, self.zone)
            found += _named(name, "servers", servers_agree(name, of_mx, str(self.primary), listed=listed))
            found += _named(name, "ttl", ttl)
            found += _named(name, "servers", delegation(name, named[name], parents.get(apex_of(fact))))
            if (apex := apex_of(fact)) in stale and apex is not None:
                problem = not_signed_here(self.primary, apex, undone=False)
                found += _named(name, "dnssec", iter([(Weight.BLOCKS, with_todo(problem.message, problem.hint))]))
            elif apex in bogus:
                found += _named(name, "dnssec", iter([(Weight.BLOCKS, _bogus(name))]))
        return found

    def survey(
        self, domains: Sequence[str], switch: SwitchMoments, now: dt.datetime, new_mx: NewMx = _not_known
    ) -> Survey:
        """The checks, then every authoritative server; the configured resolvers too, about what is published.

        A resolver is never asked for a record that does not exist yet: it would remember its absence for hours.
        """
        facts = self._gathered(domains, new_mx)
        recursive = [Nameserver(text, *host_and_port(text), recursive=True) for text in self.resolvers]
        authoritative = self._authoritative(self._named_servers(facts)[0])
        asked = []
        for one in facts:
            truths = list(truths_of(one, _FOLLOWED))
            asked += [(nameserver, *truth) for nameserver in authoritative[one.domain] for truth in truths]
            asked += [(nameserver, *truth) for nameserver in recursive for truth in truths if truth[1] is not None]
        servers = [one for one in self.before_switch(dict.fromkeys(domains, switch), now) if one.check in _OF_SERVERS]
        others = [finding for one in facts for finding in self._second_opinion(one)]
        findings = sorted([*run_checks(facts, self.resolver.resolve), *servers, *others], key=lambda one: one.domain)
        return Survey(findings, query_each(asked))

    def _second_opinion(self, facts: Facts) -> list[Finding]:
        if not second_opinion.installed():
            return []
        published = any(spf.is_spf(text) for text in facts.texts("", "TXT"))
        policy = bool(facts.texts("_dmarc", "TXT"))
        reported = second_opinion.second_opinion(facts.domain, self.resolver.stub(), spf=published, dmarc=policy)
        return _named(facts.domain, "checkdmarc", reported)

    def _gathered(
        self,
        domains: Sequence[str],
        new_mx: NewMx = _not_known,
        known: Answers = NOTHING_KNOWN,
    ) -> list[Facts]:
        """The facts, and all the names they lead to asked about in a few rounds rather than one by one."""
        with self.primary.connected() as primary:
            facts = [dataclasses.replace(one, replace=self.replace) for one in read_facts(primary, domains, known)]
        with concurrent.futures.ThreadPoolExecutor(_POLICIES_AT_ONCE) as pool:
            facts = list(pool.map(lambda one: self._with_policy(one, new_mx), facts))
        hosts = [(host, rdtype) for one in facts for host in one.mx_hosts for rdtype in ("A", "CNAME")]
        keys = [(text, "TXT") for one in facts for below in SELECTORS for text in one.texts(below, "CNAME")]
        self.resolver.resolve_all([*filter(lambda pair: pair[0], hosts), *keys])
        prefetch(
            [(text, one.domain) for one in facts for text in one.texts("", "TXT") if spf.is_spf(text)], self.resolver
        )
        return facts

    def _with_policy(self, facts: Facts, new_mx: NewMx) -> Facts:
        if not announced(policy_texts(facts, self.resolver.resolve) or ()):
            return facts
        return dataclasses.replace(facts, policy=self.policy(facts.domain), new_mx=new_mx(facts.domain))

    def _named_servers(self, facts: Sequence[Facts]) -> tuple[dict[str, list[str]], set[dns.name.Name]]:
        """The name servers that each domain's zone names, and the zones that publish a key."""
        questions = {one.domain: Question(apex, RdataType.NS) for one in facts if (apex := apex_of(one)) is not None}
        keys = {Question(one.name, RdataType.DNSKEY) for one in questions.values()}
        answers = self.primary.ask([*questions.values(), *keys])
        signed = {one.name for one in keys if isinstance(shown := answers[one], Answer) and shown.rdataset is not None}
        hosts: dict[str, list[str]] = {}
        for one in facts:
            answer = answers[questions[one.domain]] if one.domain in questions else None
            names = answer.rdataset or () if isinstance(answer, Answer) else ()
            hosts[one.domain] = sorted(rdata.target.canonicalize().to_text(omit_final_dot=True) for rdata in names)
        return hosts, signed

    def _authoritative(self, named: Mapping[str, Sequence[str]]) -> dict[str, list[Nameserver]]:
        """Each domain's name servers, by address."""
        self.resolver.resolve_all(address_questions(named))
        known = {host: list(self._nameservers(host)) for host, _ in address_questions(named)}
        return {domain: [one for host in names for one in known[host]] for domain, names in named.items()}

    def _delegations(self, facts: Sequence[Facts]) -> dict[dns.name.Name | None, frozenset[str] | None]:
        """The name servers the parent of each zone delegates to, as one of the parent's servers says."""
        parents = parents_of(facts)
        self.resolver.resolve_all((parent, "NS") for parent in parents.values())
        servers = {
            apex: (self.resolver.resolve(parent, "NS") or ("",))[0].rstrip(".") for apex, parent in parents.items()
        }
        self.resolver.resolve_all((host, "A") for host in servers.values() if host)
        asked = [
            (Nameserver(host, addresses[0]), apex)
            for apex, host in servers.items()
            if host and (addresses := self.resolver.resolve(host, "A"))
        ]
        return dict(zip((apex for _, apex in asked), delegated_to(asked), strict=True))

    def _nameservers(self, host: str) -> Iterator[Nameserver]:
        addresses = (self.resolver.resolve(host, "A") or ()) + (self.resolver.resolve(host, "AAAA") or ())
        for address in addresses:
            # A primary on a port of its own does not serve port 53.
            port = self.primary.port if address == self.primary.host else 53
            yield Nameserver(f"{host} ({address})", address, port)

    def _is_primary(self, nameserver: Nameserver) -> bool:
        return (nameserver.host, nameserver.port) == (self.primary.host, self.primary.port)


_OF_SERVERS = ("servers", "ttl", "dnssec")


def _bogus(domain: str) -> Phrase:
    return Phrase(
        "The signatures (DNSSEC) of {domain} do not validate: resolvers refuse its answers. Its owner must fix that.",
        domain=domain,
    )


def to_report(findings: Sequence[Finding]) -> list[Finding]:
    """Of the findings before a switch, those the plan does not put right by itself."""
    return [
        one
        for one in findings
        if one.weight is Weight.BLOCKS or (one.weight is Weight.WARNS and one.check in _WARNING_BEFORE)
    ]


def _named(domain: str, check: str, reported: Iterator[tuple[Weight, str]]) -> list[Finding]:
    return [Finding(domain, check, weight, sentence) for weight, sentence in reported]
