"""One zone's records as a value that never changes: an update makes the next one."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import cast

import dns.name
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.rdtypes.ANY.SOA
import dns.rrset
import dns.zone

Name = dns.name.Name
#: The RRsets of one name, by type.
Node = Mapping[dns.rdatatype.RdataType, dns.rdataset.Rdataset]


@dataclasses.dataclass(frozen=True, slots=True)
class ZoneVersion:
    """The whole zone at one serial. ``nodes`` holds the names that own records, none of them empty."""

    origin: Name
    nodes: Mapping[Name, Node]
    #: Names without records of their own that exist because something stands below them (RFC 4592 §2.2.2).
    empty_names: frozenset[Name]

    @classmethod
    def of(cls, origin: Name, nodes: Mapping[Name, Node]) -> ZoneVersion:
        kept = {name: node for name, node in nodes.items() if node}
        return cls(origin, kept, frozenset(_between(origin, kept)))

    @classmethod
    def from_text(cls, origin: str, text: str) -> ZoneVersion:
        """Read a master file (RFC 1035 §5). Raises dns.exception.DNSException when it is malformed or has no SOA."""
        name = dns.name.from_text(origin)
        parsed = dns.zone.from_text(text, name, relativize=False, check_origin=True)
        nodes: dict[Name, dict[dns.rdatatype.RdataType, dns.rdataset.Rdataset]] = {}
        for owner, rdataset in parsed.iterate_rdatasets():
            nodes.setdefault(owner, {})[rdataset.rdtype] = rdataset
        return cls.of(name, nodes)

    @property
    def soa_rdataset(self) -> dns.rdataset.Rdataset:
        return self.nodes[self.origin][dns.rdatatype.SOA]

    @property
    def soa(self) -> dns.rdtypes.ANY.SOA.SOA:
        return cast("dns.rdtypes.ANY.SOA.SOA", self.soa_rdataset[0])

    def exists(self, name: Name) -> bool:
        return name in self.nodes or name in self.empty_names

    def rdataset(self, name: Name, rdtype: dns.rdatatype.RdataType) -> dns.rdataset.Rdataset | None:
        return self.nodes.get(name, {}).get(rdtype)

    def rrsets(self) -> Iterator[dns.rrset.RRset]:
        """Every RRset, the SOA first."""
        yield rrset(self.origin, self.soa_rdataset)
        for name, node in self.nodes.items():
            for rdtype, rdataset in node.items():
                if rdtype != dns.rdatatype.SOA:
                    yield rrset(name, rdataset)


def rrset(owner: Name, rdataset: dns.rdataset.Rdataset) -> dns.rrset.RRset:
    """The same records under a name, as a message carries them."""
    named = dns.rrset.RRset(owner, rdataset.rdclass, rdataset.rdtype, rdataset.covers)
    named.update_ttl(rdataset.ttl)
    for rdata in rdataset:
        named.add(rdata)
    return named


def _between(origin: Name, nodes: Mapping[Name, Node]) -> Iterator[Name]:
    for owner in nodes:
        above = owner
        while above != origin:
            above = above.parent()
            if above not in nodes:
                yield above
