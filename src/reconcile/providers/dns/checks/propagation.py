"""Propagation of a record: every authoritative server and resolver asked at once, against the primary."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import enum
from collections.abc import Iterable, Sequence

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdataclass
import dns.rdataset
import dns.rdatatype

from reconcile.providers.dns.primary.answers import Question

#: At most so many questions in flight: public servers limit the rate of one address.
_IN_FLIGHT = 64


class State(enum.Enum):
    """What a server says of a record, measured by the primary's answer."""

    CURRENT = "current"
    OLD = "old"
    MISSING = "missing"
    LAME = "lame"
    UNREACHABLE = "unreachable"


@dataclasses.dataclass(frozen=True, slots=True)
class Nameserver:
    """A server that is asked. ``name`` is how people know it; ``recursive``: a resolver, with a cache."""

    name: str
    host: str
    port: int = 53
    recursive: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Report:
    """One server's state for one record, and the TTL in its answer.

    ``seconds``: how long a resolver may still say what is no longer so; None when it has no cache.
    """

    nameserver: Nameserver
    question: Question
    state: State
    seconds: int | None = None
    ttl: int | None = None


#: A server, what it is asked, and what the primary holds.
Asked = tuple[Nameserver, Question, dns.rdataset.Rdataset | None]


def query_all(
    truths: Iterable[tuple[Question, dns.rdataset.Rdataset | None]],
    nameservers: Sequence[Nameserver],
    timeout: float = 2.0,
) -> list[Report]:
    """Ask every nameserver about every record; ``truths`` is what the primary holds. ``timeout`` is in seconds."""
    truths = list(truths)
    return query_each(
        ((nameserver, question, truth) for nameserver in nameservers for question, truth in truths), timeout=timeout
    )


def query_each(asked: Iterable[Asked], timeout: float = 2.0) -> list[Report]:
    """Each server about its own records, all at once. One that does not answer is not waited for again."""
    silent: set[Nameserver] = set()

    def ask(one: Asked) -> Report:
        nameserver, question, truth = one
        if nameserver in silent:
            return Report(nameserver, question, State.UNREACHABLE)
        report = _ask(nameserver, question, truth, timeout)
        if report.state is State.UNREACHABLE:
            silent.add(nameserver)
        return report

    with concurrent.futures.ThreadPoolExecutor(_IN_FLIGHT) as pool:
        return list(pool.map(ask, asked))


def delegated_to(
    asked: Iterable[tuple[Nameserver, dns.name.Name]], timeout: float = 2.0
) -> list[frozenset[str] | None]:
    """The name servers each parent delegates to for a zone below; None when it does not say."""
    with concurrent.futures.ThreadPoolExecutor(_IN_FLIGHT) as pool:
        return list(pool.map(lambda one: _referral(one[0], one[1], timeout), asked))


def last_clean(reports: Iterable[Report]) -> int:
    """Seconds until none of the caches asked can hold an older answer; 0 when none does."""
    return max((one.seconds or 0 for one in reports if one.state in (State.OLD, State.MISSING)), default=0)


def _ask(nameserver: Nameserver, question: Question, truth: dns.rdataset.Rdataset | None, timeout: float) -> Report:
    flags = dns.flags.RD if nameserver.recursive else 0
    query = dns.message.make_query(question.name, question.rdtype, flags=flags, use_edns=0, payload=1232)
    try:
        answer, _ = dns.query.udp_with_fallback(query, nameserver.host, timeout, nameserver.port)
    except (OSError, dns.exception.Timeout, EOFError):
        return Report(nameserver, question, State.UNREACHABLE)
    except dns.exception.DNSException:
        return Report(nameserver, question, State.LAME)
    authority = nameserver.recursive or answer.flags & dns.flags.AA
    if answer.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN) or not authority:
        return Report(nameserver, question, State.LAME)
    found = answer.get_rrset(answer.answer, question.name, dns.rdataclass.IN, question.rdtype)
    if found is None:
        if truth is None:
            return Report(nameserver, question, State.CURRENT)
        return Report(nameserver, question, State.MISSING, _negative_ttl(answer) if nameserver.recursive else None)
    if set(found) == set(truth or ()):
        return Report(nameserver, question, State.CURRENT, ttl=found.ttl)
    return Report(nameserver, question, State.OLD, found.ttl if nameserver.recursive else None, found.ttl)


def _referral(parent: Nameserver, zone: dns.name.Name, timeout: float) -> frozenset[str] | None:
    query = dns.message.make_query(zone, dns.rdatatype.NS, flags=0, use_edns=0, payload=1232)
    try:
        answer, _ = dns.query.udp_with_fallback(query, parent.host, timeout, parent.port)
    except (OSError, dns.exception.DNSException, EOFError):
        return None
    for section in (answer.answer, answer.authority):
        found = answer.get_rrset(section, zone, dns.rdataclass.IN, dns.rdatatype.NS)
        if found is not None:
            return frozenset(rdata.target.canonicalize().to_text(omit_final_dot=True) for rdata in found)
    return None


def _negative_ttl(answer: dns.message.Message) -> int:
    """How long "there is none" is kept: the lesser of the SOA's TTL and its minimum (RFC 2308 §5)."""
    for rrset in answer.authority:
        if rrset.rdtype == dns.rdatatype.SOA:
            return int(min(rrset.ttl, rrset[0].minimum))
    return 0
