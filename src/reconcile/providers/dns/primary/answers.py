"""Questions and what may be believed of their answers."""

from __future__ import annotations

import dataclasses
import functools
import struct
from collections.abc import Iterator, Mapping
from types import MappingProxyType
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
from reconcile.providers.dns.primary import failures
from reconcile.providers.dns.primary.connection import Unreachable
from reconcile.providers.dns.records.rdatasets import rdataset_of

#: An EDNS option record that says no more than how long an answer over UDP may be (RFC 6891 §6.1.2).
_EDNS = struct.pack("!BHHIH", 0, 41, 1232, 0, 0)
_HEADER = struct.Struct("!HHHHHH")
_ASKED = struct.Struct("!HH")
_RECORD = struct.Struct("!HHIH")
_BELIEVED = frozenset({dns.rcode.NOERROR, dns.rcode.NXDOMAIN})


class Question(NamedTuple):
    """What is asked of the server: one type at one name."""

    name: dns.name.Name
    rdtype: dns.rdatatype.RdataType

    def __hash__(self) -> int:
        """That of a name goes through its letters one by one, and questions are looked up by the ten thousand."""
        return hash((b".".join(self.name.labels).lower(), int(self.rdtype)))


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


#: What was asked, and what came of it.
Answers = Mapping[Question, Answer | Failure]
NOTHING_KNOWN: Answers = MappingProxyType({})


def query_for(question: Question, number: int) -> bytes:
    """The question as a message without recursion; ``number`` is its id."""
    # By hand, for there are hundreds at a time. Ids need only differ from each other: over TCP they protect nothing.
    header = _HEADER.pack(number, 0, 1, 0, 0, 1)
    asked = _ASKED.pack(question.rdtype, dns.rdataclass.IN)
    return header + _wire(question.name) + asked + _EDNS


def parsed_reply(server: str, question: Question, reply: bytes | Unreachable) -> Answer | Failure:
    """A reply judged: is it authoritative, whole and readable? ``server``: the name shown for the one asked."""
    if isinstance(reply, bytes) and _sound(reply):
        try:
            return _read(question, reply[2:])
        except (dns.exception.DNSException, struct.error, ValueError) as error:
            return Failure(failures.unreadable(server, _text(question.name), error))
    return _failure(server, question, reply)


def _sound(reply: bytes) -> bool:
    """Whether a reply is authoritative and whole."""
    if len(reply) < _HEADER.size:
        return False
    _, flags, *_ = _HEADER.unpack_from(reply)
    return flags & 0xF in _BELIEVED and not flags & dns.flags.TC and bool(flags & dns.flags.AA)


def _failure(server: str, question: Question, reply: bytes | Unreachable) -> Failure:
    """Why a reply that is not sound cannot be believed."""
    name = _text(question.name)
    if isinstance(reply, Unreachable):
        return Failure(failures.unreachable(server, reply, name), silent=failures.unreachable(server, reply))
    if len(reply) < _HEADER.size:
        return Failure(failures.no_message(server, name))
    _, flags, *_ = _HEADER.unpack_from(reply)
    rcode = dns.rcode.Rcode(flags & 0xF)
    if rcode not in _BELIEVED:
        return Failure(failures.other_answer(server, name, rcode))
    if flags & dns.flags.TC:
        return Failure(failures.cut_short(server, name))
    if (cut := _delegation(question, reply)) is not None:
        return Failure(failures.delegated(server, name, _text(cut)), cut)
    return Failure(failures.not_authoritative(server, name))


def _text(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True)


def _delegation(question: Question, reply: bytes) -> dns.name.Name | None:
    """The zone cut a referral points to (RFC 1034 §4.3.2); None when the reply is no referral."""
    try:
        _, _, questions, answers, authorities, _ = _HEADER.unpack_from(reply)
        asked, used = dns.name.from_wire(reply, _HEADER.size)
        records = list(_records(reply, asked, _HEADER.size + used + _ASKED.size, authorities))
    except (dns.exception.DNSException, struct.error, ValueError):
        return None
    if questions != 1 or answers:
        return None
    try:
        owners = [one.owner for one in records if one.rdtype == dns.rdatatype.NS]
    except dns.exception.DNSException:
        return None
    cuts = (owner for owner in owners if question.name.is_subdomain(owner))
    return next((cut.canonicalize() for cut in cuts if len(cut.labels) > 1), None)


@functools.lru_cache(maxsize=4096)  # the same is read for the plan, before a write and after it
def _read(question: Question, after_id: bytes) -> Answer:
    """By hand, for there are hundreds at a time: only the records that matter are looked into. Raises ValueError.

    ``after_id``: the reply without its first two octets.
    """
    reply = b"\0\0" + after_id  # names in it point to octets counted from its start
    name, rdtype = question
    _, _, questions, answers, authorities, _ = _HEADER.unpack_from(reply)
    start = _HEADER.size + _question_name(name, reply)
    if questions != 1 or _ASKED.unpack_from(reply, start) != (rdtype, dns.rdataclass.IN):
        raise ValueError("it answers another question")
    records = list(_records(reply, name, start + _ASKED.size, answers + authorities))
    rdatas, ttl = [], 0
    alias = dname = None
    for record in records[:answers]:
        if record.rdtype == dns.rdatatype.DNAME:
            dname = record.owner
        elif record.rdtype not in (rdtype, dns.rdatatype.CNAME) or record.owner != name:
            continue
        elif record.rdtype == rdtype:
            rdatas.append(dns.rdata.from_wire(dns.rdataclass.IN, rdtype, reply, record.start, record.length))
            ttl = record.ttl
        else:
            (alias, _) = dns.name.from_wire(reply, record.start)
    apex = None
    if rdtype == dns.rdatatype.SOA and alias is None:  # otherwise that SOA is the zone of the target
        apex = name if rdatas else next((one.owner for one in records[answers:] if one.rdtype == rdtype), None)
    exists = _HEADER.unpack_from(reply)[1] & 0xF != dns.rcode.NXDOMAIN
    return Answer(rdataset_of(ttl, rdatas) if rdatas else None, alias, apex, dname, exists)


def _question_name(name: dns.name.Name, reply: bytes) -> int:
    """How long the name is that the reply answers. Raises ValueError when it is another one."""
    wire = _wire(name)
    if reply.startswith(wire, _HEADER.size):
        return len(wire)
    owner, used = dns.name.from_wire(reply, _HEADER.size)  # in upper or lower case, which is the same name
    if owner != name:
        raise ValueError("it answers another question")
    return used


def _wire(name: dns.name.Name) -> bytes:
    return b"".join(bytes((len(label),)) + label for label in name.labels)


@dataclasses.dataclass(frozen=True, slots=True)
class _Record:
    """Where a record's name and data stand in a message that answers a question about ``asked``."""

    reply: bytes
    asked: dns.name.Name
    named: int
    rdtype: int
    ttl: int
    start: int
    length: int

    @property
    def owner(self) -> dns.name.Name:
        """Raises a DNSException for a name that is none."""
        if self.reply.startswith(_AS_ASKED, self.named):
            return self.asked
        return dns.name.from_wire(self.reply, self.named)[0]


#: A name written as a pointer to that of the question (RFC 1035 §4.1.4).
_AS_ASKED = b"\xc0\x0c"


def _records(reply: bytes, asked: dns.name.Name, offset: int, count: int) -> Iterator[_Record]:
    for _ in range(count):
        named, offset = offset, _after_name(reply, offset)
        rdtype, _, ttl, length = _RECORD.unpack_from(reply, offset)
        offset += _RECORD.size
        if offset + length > len(reply):
            raise ValueError("it ends too early")
        yield _Record(reply, asked, named, rdtype, ttl, offset, length)
        offset += length


def _after_name(reply: bytes, offset: int) -> int:
    """Where what follows a name begins. Raises ValueError when it runs out of the message."""
    while offset < len(reply):
        length = reply[offset]
        if length >= 0xC0:
            return offset + 2
        if length == 0:
            return offset + 1
        if length > 63:
            raise ValueError("it holds a label of a kind nobody uses")
        offset += 1 + length
    raise ValueError("it ends too early")
