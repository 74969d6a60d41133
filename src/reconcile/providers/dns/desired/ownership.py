"""Which part of an RRset a key means."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from reconcile.providers.dns.records.dmarc import DmarcIfAbsent
from reconcile.providers.dns.records.keys import RecordKey
from reconcile.providers.dns.records.parts import Part, TxtValues, WholeRrset
from reconcile.providers.dns.records.ttl import TtlOnly
from reconcile.providers.dns.spf.parts import IncludeInSpf, SpfTermRemoved


def part_of(key: RecordKey) -> Part:
    """How the records of a key are ours: ``spf``, ``spf-mx``, ``dmarc``, ``ttl``; else a text among others."""
    if not key.part:
        return WholeRrset(key)
    if key.part.startswith("spf-"):
        return SpfTermRemoved(key)
    return _PARTS.get(key.part, TxtValues)(key)


_PARTS: Mapping[str, Callable[[RecordKey], Part]] = {
    "spf": IncludeInSpf,
    "dmarc": DmarcIfAbsent,
    "ttl": TtlOnly,
}
