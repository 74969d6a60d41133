"""Questions and what may be believed of their answers."""

from __future__ import annotations

import dataclasses
import struct
from typing import NamedTuple

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdataset
import dns.rdatatype

from reconcile.problem import Problem
from reconcile.providers.dns.connection import Unreachable

#: An EDNS option record that says no more than how long an answer over UDP may be (RFC 6891 §6.1.2).
_EDNS = struct.pack("!BHHIH", 0, 41, 1232, 0, 0)
_HEADER = struct.Struct("!HHHHHH")
_BELIEVED = (dns.rcode.NOERROR, dns.rcode.NXDOMAIN)


class Question(NamedTuple):
    """What is asked of the server: one type at one name."""

    name: dns.name.Name
    rdtype: dns.rdatatype.RdataType


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """An authoritative answer. ``rdataset`` is None when the name has no such record.

    ``alias`` is where a CNAME sends the name, when another type was asked. ``zone`` is the apex of the zone, told for a
    question about a SOA alone. ``dname`` is a name above that redirects all below it.
    """

    rdataset: dns.rdataset.Rdataset | None
    alias: dns.name.Name | None = None
    zone: dns.name.Name | None = None
    dname: dns.name.Name | None = None

    @property
    def positive(self) -> bool:
        """Something answers for the name: the type asked, or an alias."""
        return self.rdataset is not None or self.alias is not None


@dataclasses.dataclass(frozen=True, slots=True)
class Failure:
    """No answer one may rely on; ``problem`` says why, naming the server and the name."""

    problem: Problem


_NOTHING = Answer(None)


def query_for(question: Question, number: int) -> bytes:
    """The question as a message without recursion; ``number`` is its id."""
    # By hand, for there are hundreds at a time. Ids need only differ from each other: over TCP they protect nothing.
    header = _HEADER.pack(number, 0, 1, 0, 0, 1)
    asked = struct.pack("!HH", question.rdtype, dns.rdataclass.IN)
    return header + (question.name.to_wire() or b"") + asked + _EDNS


def judged(server: str, question: Question, query: bytes, reply: bytes | Unreachable) -> Answer | Failure:
    """What the reply to a query tells; ``server`` is how people know the one that was asked."""
    name = question.name.to_text(omit_final_dot=True)
    if isinstance(reply, Unreachable):
        return Failure(unreachable(server, reply, name))
    _, flags, _, answers, _, _ = _HEADER.unpack_from(reply)  # a reply is never shorter: see connection.py
    rcode = dns.rcode.Rcode(flags & 0xF)
    if rcode not in _BELIEVED:
        answered = dns.rcode.to_text(rcode)
        return Failure(Problem("DNS11", f"{server} answered {answered} when asked for {name}.", "read its log"))
    if flags & dns.flags.TC:
        return Failure(Problem("DNS11", f"{server} cut its answer for {name} short.", "ask its administrator why"))
    if not flags & dns.flags.AA:
        hint = "the name is delegated elsewhere, or [dns] host names the wrong server"
        return Failure(Problem("DNS06", f"{server} is not authoritative for {name}.", hint))
    asked = query[_HEADER.size : -len(_EDNS)]
    try:
        # A plain denial, which most answers are, is told without reading the whole message.
        if not answers and reply.startswith(asked, _HEADER.size):
            if question.rdtype != dns.rdatatype.SOA:
                return _NOTHING
            if (apex := _denying_zone(reply, _HEADER.size + len(asked))) is not None:
                return Answer(None, zone=apex)
        return _read(question, dns.message.from_wire(reply))
    except dns.exception.DNSException as error:
        why = type(error).__name__
        return Failure(Problem("DNS11", f"{server} sent an answer about {name} that cannot be read ({why})."))


def unreachable(server: str, why: Unreachable, name: str) -> Problem:
    """DNS01 when no connection was made, DNS02 when one was and no answer came."""
    if why.connected:
        return Problem(
            "DNS02", f"{server} did not answer about {name} ({why.reason}).", "try again; nothing is assumed"
        )
    return Problem(
        "DNS01",
        f"{server} cannot be reached ({why.reason}), so {name} is not known.",
        "check [dns] host and port in reconcile.toml, and that TCP is let through",
    )


def _denying_zone(reply: bytes, offset: int) -> dns.name.Name | None:
    """The owner of the SOA that stands first after the question, when it does."""
    owner, used = dns.name.from_wire(reply, offset)
    rdtype = int.from_bytes(reply[offset + used : offset + used + 2], "big")
    return owner if rdtype == dns.rdatatype.SOA else None


def _read(question: Question, message: dns.message.Message) -> Answer:
    name, rdtype = question
    found = message.get_rrset(message.answer, name, dns.rdataclass.IN, rdtype)
    alias = message.get_rrset(message.answer, name, dns.rdataclass.IN, dns.rdatatype.CNAME)
    apex = next((rrset.name for rrset in message.authority if rrset.rdtype == dns.rdatatype.SOA), None)
    return Answer(
        rdataset=found.to_rdataset() if found is not None else None,
        alias=alias[0].target if alias is not None and found is None else None,
        zone=name if found is not None and rdtype == dns.rdatatype.SOA else None if alias is not None else apex,
        dname=next((rrset.name for rrset in message.answer if rrset.rdtype == dns.rdatatype.DNAME), None),
    )
