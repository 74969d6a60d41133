"""Questions and what may be believed of their answers."""

from __future__ import annotations

import dataclasses
import struct
from collections.abc import Iterator
from typing import NamedTuple

import dns.exception
import dns.flags
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdataset
import dns.rdatatype

from reconcile.problem import Problem
from reconcile.providers.dns.primary.connection import Unreachable

#: An EDNS option record that says no more than how long an answer over UDP may be (RFC 6891 §6.1.2).
_EDNS = struct.pack("!BHHIH", 0, 41, 1232, 0, 0)
_HEADER = struct.Struct("!HHHHHH")
_ASKED = struct.Struct("!HH")
_RECORD = struct.Struct("!HHIH")
_BELIEVED = (dns.rcode.NOERROR, dns.rcode.NXDOMAIN)


class Question(NamedTuple):
    """What is asked of the server: one type at one name."""

    name: dns.name.Name
    rdtype: dns.rdatatype.RdataType


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """An authoritative answer. ``rdataset`` is None when the name has no such record.

    ``alias`` is where a CNAME sends the name, when another type was asked. ``zone`` is the apex of the zone, for a
    question about a SOA alone. ``dname`` is a name above that redirects all below it. ``exists``: whether
    there is such a name, with records or with names below it.
    """

    rdataset: dns.rdataset.Rdataset | None
    alias: dns.name.Name | None = None
    zone: dns.name.Name | None = None
    dname: dns.name.Name | None = None
    exists: bool = True

    @property
    def positive(self) -> bool:
        """Something answers for the name: the type asked, or an alias."""
        return self.rdataset is not None or self.alias is not None


@dataclasses.dataclass(frozen=True, slots=True)
class Failure:
    """No answer one may rely on; ``problem`` says why, naming the server and the name.

    ``cut`` is the name, at or above the one asked, that the zone delegates to other servers. ``silent``: the same of
    the server alone, when it answers nothing at all; None when it answered.
    """

    problem: Problem
    cut: dns.name.Name | None = None
    silent: Problem | None = None


def query_for(question: Question, number: int) -> bytes:
    """The question as a message without recursion; ``number`` is its id."""
    # By hand, for there are hundreds at a time. Ids need only differ from each other: over TCP they protect nothing.
    header = _HEADER.pack(number, 0, 1, 0, 0, 1)
    asked = _ASKED.pack(question.rdtype, dns.rdataclass.IN)
    return header + (question.name.to_wire() or b"") + asked + _EDNS


def parsed_reply(server: str, question: Question, reply: bytes | Unreachable) -> Answer | Failure:
    """A reply judged: is it authoritative, whole and readable? ``server``: the name shown for the one asked."""
    name = question.name.to_text(omit_final_dot=True)
    if isinstance(reply, Unreachable):
        return Failure(unreachable(server, reply, name), silent=unreachable(server, reply))
    if len(reply) < _HEADER.size:
        return Failure(Problem("DNS11", f"{server} sent an answer about {name} that is no message.", "read its log"))
    _, flags, *_ = _HEADER.unpack_from(reply)
    rcode = dns.rcode.Rcode(flags & 0xF)
    if rcode not in _BELIEVED:
        answered = dns.rcode.to_text(rcode)
        return Failure(Problem("DNS11", f"{server} answered {answered} when asked for {name}.", "read its log"))
    if flags & dns.flags.TC:
        return Failure(Problem("DNS11", f"{server} cut its answer for {name} short.", "ask its administrator why"))
    if not flags & dns.flags.AA:
        if (cut := _delegation(question, reply)) is not None:
            at = cut.to_text(omit_final_dot=True)
            message = f"{server} is not authoritative for {name}: {at} is delegated to other name servers."
            return Failure(Problem("DNS06", message, f"what is to be published at {name} belongs in that zone"), cut)
        hint = "the name is delegated elsewhere, or [dns] host names the wrong server"
        return Failure(Problem("DNS06", f"{server} is not authoritative for {name}.", hint))
    try:
        return _read(question, reply)
    except (dns.exception.DNSException, struct.error, ValueError) as error:
        why = type(error).__name__
        return Failure(Problem("DNS11", f"{server} sent an answer about {name} that cannot be read ({why})."))


def unreachable(server: str, why: Unreachable, name: str = "") -> Problem:
    """DNS01 when no connection was made, DNS02 when one was and no answer came. Without a name, of the server alone."""
    if why.connected:
        about = f" about {name}" if name else ""
        return Problem("DNS02", f"{server} did not answer{about} ({why.reason}).", "try again; nothing is assumed")
    return Problem(
        "DNS01",
        f"{server} cannot be reached ({why.reason}){f', so {name} is not known' if name else ''}.",
        "check [dns] host and port in reconcile.toml, and that TCP is let through",
    )


def _delegation(question: Question, reply: bytes) -> dns.name.Name | None:
    """The zone cut a referral points to (RFC 1034 §4.3.2); None when the reply is no referral."""
    try:
        _, _, questions, answers, authorities, _ = _HEADER.unpack_from(reply)
        _, used = dns.name.from_wire(reply, _HEADER.size)
        records = list(_records(reply, _HEADER.size + used + _ASKED.size, authorities))
    except (dns.exception.DNSException, struct.error, ValueError):
        return None
    if questions != 1 or answers:
        return None
    cuts = (one.owner for one in records if one.rdtype == dns.rdatatype.NS and question.name.is_subdomain(one.owner))
    return next((cut.canonicalize() for cut in cuts if len(cut.labels) > 1), None)


def _read(question: Question, reply: bytes) -> Answer:
    """By hand, for there are hundreds at a time: only the records that matter are looked into. Raises ValueError."""
    name, rdtype = question
    _, _, questions, answers, authorities, _ = _HEADER.unpack_from(reply)
    owner, used = dns.name.from_wire(reply, _HEADER.size)
    start = _HEADER.size + used
    if questions != 1 or owner != name or _ASKED.unpack_from(reply, start) != (rdtype, dns.rdataclass.IN):
        raise ValueError("it answers another question")
    records = list(_records(reply, start + _ASKED.size, answers + authorities))
    rdatas, ttl = [], 0
    alias = dname = None
    for record in records[:answers]:
        if record.rdtype == dns.rdatatype.DNAME:
            dname = record.owner
        elif record.owner == name and record.rdtype == rdtype:
            rdatas.append(dns.rdata.from_wire(dns.rdataclass.IN, rdtype, reply, record.start, record.length))
            ttl = record.ttl
        elif record.owner == name and record.rdtype == dns.rdatatype.CNAME:
            (alias, _) = dns.name.from_wire(reply, record.start)
    apex = next((one.owner for one in records[answers:] if one.rdtype == dns.rdatatype.SOA), None)
    if rdatas:
        apex = name if rdtype == dns.rdatatype.SOA else None
    elif alias is not None:
        apex = None  # that SOA is the zone of the target
    exists = _HEADER.unpack_from(reply)[1] & 0xF != dns.rcode.NXDOMAIN
    return Answer(dns.rdataset.from_rdata_list(ttl, rdatas) if rdatas else None, alias, apex, dname, exists)


class _Record(NamedTuple):
    """Where a record's data stands in a message."""

    owner: dns.name.Name
    rdtype: int
    ttl: int
    start: int
    length: int


def _records(reply: bytes, offset: int, count: int) -> Iterator[_Record]:
    for _ in range(count):
        owner, used = dns.name.from_wire(reply, offset)
        rdtype, _, ttl, length = _RECORD.unpack_from(reply, offset + used)
        offset += used + _RECORD.size
        if offset + length > len(reply):
            raise ValueError("it ends too early")
        yield _Record(owner, rdtype, ttl, offset, length)
        offset += length
