"""What an authoritative server answers to a question: RFC 1034 §4.3.2, wildcards as in RFC 4592."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import cast

import dns.name
import dns.rcode
import dns.rdatatype
import dns.rdtypes.ANY.CNAME
import dns.rdtypes.ANY.NS
import dns.rrset

from reconcile.sandbox.dns.zone import Name, Node, ZoneVersion, rrset

_LONGEST_CHAIN = 8
_Type = dns.rdatatype.RdataType


@dataclasses.dataclass(slots=True)
class Answer:
    """The sections of a reply. ``authoritative`` is false for a referral, ``refused`` for a name of nobody's here."""

    answer: list[dns.rrset.RRset] = dataclasses.field(default_factory=list)
    authority: list[dns.rrset.RRset] = dataclasses.field(default_factory=list)
    additional: list[dns.rrset.RRset] = dataclasses.field(default_factory=list)
    rcode: dns.rcode.Rcode = dns.rcode.NOERROR
    authoritative: bool = True


def look_up(zones: Mapping[Name, ZoneVersion], name: Name, rdtype: _Type) -> Answer:
    """Answer one question from the zones held, following CNAMEs between them.

    At the end of a chain the code is that of the last name (RFC 6604 §2.1). REFUSED when no zone holds ``name``.
    """
    reply = Answer()
    for _ in range(_LONGEST_CHAIN):
        zone = zone_of(zones, name, rdtype)
        if zone is None:
            if not reply.answer:
                reply.rcode, reply.authoritative = dns.rcode.REFUSED, False
            return reply
        target = _answer_in(zone, name, rdtype, reply)
        if target is None:
            return reply
        name = target
    return reply


def zone_of(zones: Mapping[Name, ZoneVersion], name: Name, rdtype: _Type = dns.rdatatype.NONE) -> ZoneVersion | None:
    """The closest zone at or above the name; for a DS, the parent's (RFC 4035 §3.1.4.1)."""
    closest = [zones[above] for above in _upwards(name) if above in zones]
    if rdtype == dns.rdatatype.DS and len(closest) > 1 and closest[0].origin == name:
        return closest[1]
    return closest[0] if closest else None


def _answer_in(zone: ZoneVersion, name: Name, rdtype: _Type, reply: Answer) -> Name | None:
    """Fill the reply from one zone; the name a CNAME leads to, if it does."""
    cut = _delegation(zone, name, rdtype)
    if cut is not None:
        reply.authoritative = bool(reply.answer)
        reply.authority.append(cut)
        reply.additional.extend(_glue(zone, cut))
        return None
    node = zone.nodes.get(name)
    if node is None and name not in zone.empty_names:
        node = _wildcard(zone, name)
        if node is None:
            reply.rcode = dns.rcode.NXDOMAIN
            reply.authority.append(_negative(zone))
            return None
    if node and rdtype == dns.rdatatype.ANY:
        reply.answer.extend(rrset(name, rdataset) for rdataset in node.values())
        return None
    if node and rdtype in node:
        reply.answer.append(rrset(name, node[rdtype]))
        return None
    if node and dns.rdatatype.CNAME in node:
        alias = node[dns.rdatatype.CNAME]
        reply.answer.append(rrset(name, alias))
        return cast("dns.rdtypes.ANY.CNAME.CNAME", alias[0]).target
    reply.authority.append(_negative(zone))
    return None


def _delegation(zone: ZoneVersion, name: Name, rdtype: _Type) -> dns.rrset.RRset | None:
    """The highest zone cut between the apex and the name; a DS stands above its own cut."""
    below_apex = [above for above in _upwards(name) if above.is_subdomain(zone.origin) and above != zone.origin]
    for cut in reversed(below_apex):
        servers = zone.rdataset(cut, dns.rdatatype.NS)
        if servers is not None and not (cut == name and rdtype == dns.rdatatype.DS):
            return rrset(cut, servers)
    return None


def _glue(zone: ZoneVersion, servers: dns.rrset.RRset) -> Iterator[dns.rrset.RRset]:
    for server in servers:
        host = cast("dns.rdtypes.ANY.NS.NS", server).target
        for rdtype in (dns.rdatatype.A, dns.rdatatype.AAAA):
            address = zone.rdataset(host, rdtype)
            if address is not None:
                yield rrset(host, address)


def _wildcard(zone: ZoneVersion, name: Name) -> Node | None:
    """The records of the wildcard just below the closest existing name (RFC 4592 §3.3.1)."""
    encloser = next(above for above in _upwards(name.parent()) if zone.exists(above))
    return zone.nodes.get(dns.name.Name((b"*", *encloser.labels)))


def _negative(zone: ZoneVersion) -> dns.rrset.RRset:
    """The SOA with the time a "no" may be kept (RFC 2308 §3)."""
    soa = rrset(zone.origin, zone.soa_rdataset)
    soa.ttl = min(soa.ttl, zone.soa.minimum)
    return soa


def _upwards(name: Name) -> Iterator[Name]:
    while True:
        yield name
        if name == dns.name.root:
            return
        name = name.parent()
