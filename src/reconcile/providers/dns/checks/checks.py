"""Named checks of a mail domain: what would stop its mail, before the switch and after. Pure, given a resolver."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.base import Finding, Weight
from reconcile.providers.dns.checks.asked import SELECTORS
from reconcile.providers.dns.checks.dkim_and_dmarc import dkim, dmarc
from reconcile.providers.dns.checks.facts import Facts, with_todo
from reconcile.providers.dns.checks.mta_sts import mta_sts
from reconcile.providers.dns.checks.spf_checks import spf_record, spf_terms
from reconcile.providers.dns.primary.answers import Answer, Failure
from reconcile.providers.dns.primary.name_status import others_at, rrset_at
from reconcile.providers.dns.records.keys import RecordKey
from reconcile.providers.dns.records.microsoft_hosts import MICROSOFT
from reconcile.providers.dns.spf.lookups import Resolve

Check = Callable[[Facts, Resolve], Iterator[tuple[Weight, str]]]


def run_checks(facts: Iterable[Facts], resolve: Resolve, only: Sequence[str] = ()) -> list[Finding]:
    """Every check on every domain, in the order of ``CHECKS``; ``only`` names some of them.

    Of a domain whose server answers nothing, that alone is said: what is not known is not absent.
    """
    chosen = {name: check for name, check in CHECKS.items() if not only or name in only}
    return [
        Finding(one.domain, name, weight, sentence)
        for one in facts
        for name, check in (chosen.items() if one.silent is None else [("readable", readable)])
        for weight, sentence in check(one, resolve)
    ]


def readable(facts: Facts, _: Resolve) -> Iterator[tuple[Weight, str]]:
    """The primary answers for the domain, and the domain can bear an MX."""
    if facts.silent is not None:
        yield (
            Weight.BLOCKS,
            Phrase("Nothing is known: {message} To do: {hint}.", message=facts.silent.message, hint=facts.silent.hint),
        )
        return
    answer = facts.answer("", "MX")
    if isinstance(answer, Failure):
        yield Weight.BLOCKS, answer.problem.message
        return
    try:
        rrset_at(RecordKey.parse(f"{facts.domain}/MX"), facts.answers)
    except Problem as problem:
        yield Weight.BLOCKS, with_todo(problem.message, problem.hint)


def mail_hosts(facts: Facts, resolve: Resolve) -> Iterator[tuple[Weight, str]]:
    """Where mail goes: no null MX beside others, no host without address."""
    hosts = facts.mx_hosts
    if not hosts and isinstance(facts.answer("", "MX"), Answer):
        yield Weight.WARNS, _without_mx(facts.domain, resolve)
    if "" in hosts:
        yield (
            Weight.BLOCKS,
            (
                Phrase(
                    "{domain} says it takes no mail (null MX, RFC 7505) beside other MX records, which is "
                    "contradictory: ask its owner.",
                    domain=facts.domain,
                )
                if len(hosts) > 1
                else Phrase("{domain} says it takes no mail (null MX, RFC 7505): ask its owner.", domain=facts.domain)
            ),
        )
    microsoft = [host for host in hosts if host.endswith(MICROSOFT)]
    for host in dict.fromkeys(filter(None, hosts)):
        if resolve(host, "A") == () and resolve(host, "AAAA") == ():
            # An old host that is dead already is a reason to switch, not to wait.
            weight = Weight.BLOCKS if host in microsoft else Weight.WARNS
            yield (
                weight,
                Phrase("The MX {host} has no address: mail for {domain} stops there.", host=host, domain=facts.domain),
            )
        if alias := resolve(host, "CNAME"):
            # RFC 2181 §10.3, RFC 5321 §5.1.
            yield (
                Weight.WARNS,
                Phrase(
                    "The MX {host} is an alias (CNAME) of {other}: some senders refuse such a host.",
                    host=host,
                    other=alias[0],
                ),
            )
    for host in sorted({host for host in hosts if hosts.count(host) > 1}):
        yield (
            Weight.WARNS,
            Phrase(
                "The MX {host} stands in {number} records of {domain}.",
                host=host,
                number=hosts.count(host),
                domain=facts.domain,
            ),
        )
    if microsoft and len(hosts) > len(microsoft):
        others = ", ".join(host for host in hosts if host not in microsoft)
        yield (
            Weight.WARNS,
            Phrase(
                "{others} still takes mail of {domain} beside Microsoft: nobody reads it there.",
                others=others,
                domain=facts.domain,
            ),
        )


def _without_mx(domain: str, resolve: Resolve) -> str:
    """Without MX the domain's own addresses receive its mail (RFC 5321 §5.1)."""
    found = (resolve(domain, "A"), resolve(domain, "AAAA"))
    if addresses := (found[0] or ()) + (found[1] or ()):
        return Phrase(
            "{domain} has no MX: its mail goes to its own address, {addresses} (implicit MX).",
            domain=domain,
            addresses=", ".join(addresses),
        )
    if None in found:
        return Phrase("{domain} has no MX; whether it has an address of its own could not be found out.", domain=domain)
    return Phrase("{domain} has no MX and no address: it receives no mail today.", domain=domain)


def wildcard(facts: Facts, _: Resolve) -> Iterator[tuple[Weight, str]]:
    """Names below the domain that nobody declared go on to the old host."""
    if targets := [text.removesuffix(".") for text in facts.texts("*", "MX")]:
        yield (
            Weight.WARNS,
            Phrase(
                "The wildcard *.{domain} sends mail of undeclared names to {targets}.",
                domain=facts.domain,
                targets=", ".join(targets),
            ),
        )


def occupied(facts: Facts, _: Resolve) -> Iterator[tuple[Weight, str]]:
    """Names that are to become aliases and hold other records, or lie where nothing can be published."""
    for below, weight in (("autodiscover", Weight.BLOCKS), *((one, Weight.WARNS) for one in SELECTORS)):
        key = RecordKey.parse(f"{below}.{facts.domain}/CNAME")
        if key.name in facts.replace and (others := others_at(key, facts.answers)) and "NS" not in others:
            yield (
                Weight.FINE,
                Phrase(
                    "{name}: our alias takes the place of its records ({others}).",
                    name=key.owner,
                    others=", ".join(others),
                ),
            )
            continue
        try:
            rrset_at(key, facts.answers)
        except Problem as problem:
            # A selector in the way stops the signing, not the mail.
            yield weight, with_todo(problem.message, problem.hint)


def leftovers(facts: Facts, _: Resolve) -> Iterator[tuple[Weight, str]]:
    """Records that lead mail programs to the old host."""
    for below, rdtype in (
        ("_autodiscover._tcp", "SRV"),
        ("autoconfig", "CNAME"),
        ("_imaps._tcp", "SRV"),
        ("_submission._tcp", "SRV"),
        ("msoid", "CNAME"),
    ):
        # SRV with the target "." says that there is no such service (RFC 2782).
        if values := [text.removesuffix(".") for text in facts.texts(below, rdtype) if not text.endswith(" .")]:
            yield (
                Weight.WARNS,
                Phrase(
                    "{below}.{domain} {rdtype} still leads mail programs to {values}.",
                    below=below,
                    domain=facts.domain,
                    rdtype=rdtype,
                    values=", ".join(values),
                ),
            )


def delegated(facts: Facts, _: Resolve) -> Iterator[tuple[Weight, str]]:
    """Whether the domain is a zone of its own."""
    answer = facts.answer("", "SOA")
    if isinstance(answer, Answer) and answer.rdataset is None and answer.zone is not None:
        yield (
            Weight.FINE,
            Phrase(
                "{domain} lives in the zone {zone}.", domain=facts.domain, zone=answer.zone.to_text(omit_final_dot=True)
            ),
        )


#: By stable name, in the order they are reported.
CHECKS: Mapping[str, Check] = {
    "readable": readable,
    "zone": delegated,
    "mx": mail_hosts,
    "wildcard": wildcard,
    "spf": spf_record,
    "spf-terms": spf_terms,
    "dkim": dkim,
    "occupied": occupied,
    "dmarc": dmarc,
    "mta-sts": mta_sts,
    "leftovers": leftovers,
}
