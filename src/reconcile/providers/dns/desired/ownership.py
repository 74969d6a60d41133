"""Which part of an RRset a key means."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from reconcile.providers.dns.records.dmarc import PolicyIfNone
from reconcile.providers.dns.records.keys import RecordKey
from reconcile.providers.dns.records.parts import Part, TextAmongOthers, WholeRrset
from reconcile.providers.dns.records.ttl import LifetimeAlone
from reconcile.providers.dns.spf.parts import IncludeInSpf, TermGone


def part_of(key: RecordKey) -> Part:
    """How the records of a key are ours: ``spf``, ``spf-mx``, ``dmarc``, ``ttl``; else a text among others."""
    if not key.part:
        return WholeRrset(key)
    if key.part.startswith("spf-"):
        return TermGone(key)
    return _PARTS.get(key.part, TextAmongOthers)(key)


_PARTS: Mapping[str, Callable[[RecordKey], Part]] = {
    "spf": IncludeInSpf,
    "dmarc": PolicyIfNone,
    "ttl": LifetimeAlone,
}
