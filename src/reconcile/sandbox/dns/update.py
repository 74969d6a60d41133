"""Dynamic update, RFC 2136 §3: prerequisites judged together, then all the changes or none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.rdtypes.ANY.SOA
import dns.rrset
import dns.serial
import dns.update

from reconcile.sandbox.dns.zone import Name, ZoneVersion

_ANY, _NONE = dns.rdataclass.ANY, dns.rdataclass.NONE
_META = {dns.rdatatype.ANY, dns.rdatatype.AXFR, dns.rdatatype.MAILA, dns.rdatatype.MAILB, dns.rdatatype.IXFR}
_SINGLE = {dns.rdatatype.CNAME, dns.rdatatype.DNAME, dns.rdatatype.SOA}

_Nodes = dict[Name, dict[dns.rdatatype.RdataType, dns.rdataset.Rdataset]]


class UpdateRefused(Exception):
    """The update does not stand: nothing was changed. ``rcode`` is the answer to give."""

    def __init__(self, rcode: dns.rcode.Rcode) -> None:
        super().__init__(dns.rcode.to_text(rcode))
        self.rcode = rcode


def updated(zone: ZoneVersion, message: dns.update.UpdateMessage) -> ZoneVersion:
    """The zone after the update; the very same zone when the update changes nothing.

    The serial rises by one for a real change that does not set it itself (§3.6). Raises UpdateRefused.
    """
    _check_prerequisites(zone, message.prerequisite)
    _prescan(zone, message.update)
    nodes: _Nodes = {name: dict(node) for name, node in zone.nodes.items()}
    for record in message.update:
        if record.deleting == _ANY:
            _delete_rrsets(zone.origin, nodes, record)
        elif record.deleting == _NONE:
            _delete_record(zone.origin, nodes, record)
        else:
            _add(nodes, record)
    after = ZoneVersion.of(zone.origin, nodes)
    if _same(zone, after):
        return zone
    return after if after.soa.serial != zone.soa.serial else _with_next_serial(after, nodes)


def _check_prerequisites(zone: ZoneVersion, prerequisites: Sequence[dns.rrset.RRset]) -> None:
    """§3.2: name in use or not, RRset present or not, and RRset present with exactly these values."""
    expected: dict[tuple[Name, dns.rdatatype.RdataType], set[dns.rdata.Rdata]] = {}
    for wanted in prerequisites:
        if wanted.ttl != 0:
            raise UpdateRefused(dns.rcode.FORMERR)
        if not wanted.name.is_subdomain(zone.origin):
            raise UpdateRefused(dns.rcode.NOTZONE)
        any_type = wanted.rdtype == dns.rdatatype.ANY
        present = wanted.name in zone.nodes if any_type else zone.rdataset(wanted.name, wanted.rdtype) is not None
        if wanted.deleting == _ANY and not present:
            raise UpdateRefused(dns.rcode.NXDOMAIN if any_type else dns.rcode.NXRRSET)
        if wanted.deleting == _NONE and present:
            raise UpdateRefused(dns.rcode.YXDOMAIN if any_type else dns.rcode.YXRRSET)
        if wanted.deleting is None:
            if wanted.rdtype in _META:
                raise UpdateRefused(dns.rcode.FORMERR)
            expected.setdefault((wanted.name, wanted.rdtype), set()).update(wanted)
    for (name, rdtype), values in expected.items():
        if set(zone.rdataset(name, rdtype) or ()) != values:
            raise UpdateRefused(dns.rcode.NXRRSET)


def _prescan(zone: ZoneVersion, changes: Sequence[dns.rrset.RRset]) -> None:
    """§3.4.1: refuse the whole message before touching anything."""
    for change in changes:
        if not change.name.is_subdomain(zone.origin):
            raise UpdateRefused(dns.rcode.NOTZONE)
        allowed = {dns.rdatatype.ANY} if change.deleting == _ANY else set()
        if change.rdtype in _META - allowed or (change.deleting and change.ttl != 0):
            raise UpdateRefused(dns.rcode.FORMERR)


def _delete_rrsets(origin: Name, nodes: _Nodes, record: dns.rrset.RRset) -> None:
    node = nodes.get(record.name, {})
    for rdtype in list(node) if record.rdtype == dns.rdatatype.ANY else [record.rdtype]:
        if record.name == origin and rdtype in (dns.rdatatype.SOA, dns.rdatatype.NS):
            continue  # §3.4.2.3: the apex keeps its SOA and its NS set
        node.pop(rdtype, None)


def _delete_record(origin: Name, nodes: _Nodes, record: dns.rrset.RRset) -> None:
    node = nodes.get(record.name, {})
    present = node.get(record.rdtype)
    if present is None or record.rdtype == dns.rdatatype.SOA:
        return
    left = [rdata for rdata in present if rdata not in record]
    if left:
        node[record.rdtype] = dns.rdataset.from_rdata_list(present.ttl, left)
    elif not (record.name == origin and record.rdtype == dns.rdatatype.NS):  # §3.4.2.4: never the last NS
        del node[record.rdtype]


def _add(nodes: _Nodes, record: dns.rrset.RRset) -> None:
    """§3.4.2.2. A CNAME beside other data, or the reverse, is ignored without a word, as the section asks."""
    node = nodes.setdefault(record.name, {})
    others = set(node) - {record.rdtype}
    if others if record.rdtype == dns.rdatatype.CNAME else dns.rdatatype.CNAME in others:
        return
    present = node.get(record.rdtype)
    if record.rdtype == dns.rdatatype.SOA and (present is None or not _newer(record[0], present[0])):
        return
    values = list(record)
    if present is not None and record.rdtype not in _SINGLE:
        values = [*present, *(rdata for rdata in record if rdata not in present)]
    node[record.rdtype] = dns.rdataset.from_rdata_list(record.ttl, values)


def _newer(record: dns.rdata.Rdata, than: dns.rdata.Rdata) -> bool:
    serials = [dns.serial.Serial(cast("dns.rdtypes.ANY.SOA.SOA", soa).serial) for soa in (record, than)]
    return bool(serials[0] > serials[1])


def _same(before: ZoneVersion, after: ZoneVersion) -> bool:
    def plain(zone: ZoneVersion) -> dict[Name, dict[dns.rdatatype.RdataType, tuple[int, set[dns.rdata.Rdata]]]]:
        return {n: {t: (s.ttl, set(s)) for t, s in node.items()} for n, node in zone.nodes.items()}

    return plain(before) == plain(after)


def _with_next_serial(zone: ZoneVersion, nodes: _Nodes) -> ZoneVersion:
    following = (dns.serial.Serial(zone.soa.serial) + 1).value or 1
    bumped = dns.rdataset.from_rdata_list(zone.soa_rdataset.ttl, [zone.soa.replace(serial=following)])
    nodes[zone.origin][dns.rdatatype.SOA] = bumped
    return ZoneVersion.of(zone.origin, nodes)
