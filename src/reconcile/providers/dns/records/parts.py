"""What of an RRset is ours: all of it, one text among others, or an include inside the one SPF record. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Protocol

import dns.rdata
import dns.rdataset
from dns.rdatatype import RdataType

from reconcile.providers.dns.records.canonical import rdata_of, text_of, texts_of
from reconcile.providers.dns.records.keys import RecordKey
from reconcile.providers.dns.records.rdatasets import rdataset_of
from reconcile.resources.resource import Value

Rdataset = dns.rdataset.Rdataset
Fields = Mapping[str, Value]

#: Seconds. The records of the switch itself are created with a short life, so that going back is quick.
_SWITCH_TTL = 300
USUAL_TTL = 3600


@dataclasses.dataclass(frozen=True, slots=True)
class Seen:
    """Our part of an RRset: its fields, and what may be shown around them."""

    fields: Fields
    context: Fields


class Part(Protocol):
    """Reads and rewrites our part. An RRset that does not exist is None."""

    def see(self, now: Rdataset | None, only: Fields | None = None) -> Seen | None:
        """Our part, None when it is not there; ``only`` narrows it to those values. Raises DNS09."""

    def holds(self, now: Rdataset | None, fields: Fields) -> bool:
        """Whether the RRset is already as asked."""

    def moved(self, now: Rdataset | None, before: Seen | None, fields: Fields) -> bool:
        """Whether our part is no longer what the plan saw."""

    def written(self, now: Rdataset | None, fields: Fields) -> Rdataset:
        """The RRset as asked, what is not ours untouched. Raises DNS09."""

    def removed(self, now: Rdataset, before: Fields) -> Rdataset | None:
        """The RRset without our part; None when nothing else was in it. Raises DNS09."""


@dataclasses.dataclass(frozen=True, slots=True)
class WholeRrset:
    """Every value is ours; ``ttl`` too when asked for (seconds)."""

    key: RecordKey

    def see(self, now: Rdataset | None, only: Fields | None = None) -> Seen | None:
        if now is None or (only is not None and texts_of(now) != tuple(sorted(texts_in(only, "values")))):
            return None  # other values than the recorded ones are somebody else's
        return Seen({"values": texts_of(now), "ttl": now.ttl}, _around(now))

    def holds(self, now: Rdataset | None, fields: Fields) -> bool:
        if now is None or fields.get("ttl", now.ttl) != now.ttl:
            return False
        return {rdata.to_digestable() for rdata in now} == self._values(fields).keys()

    def moved(self, now: Rdataset | None, before: Seen | None, fields: Fields) -> bool:
        return texts_of(now) != (before.fields["values"] if before else ())

    def written(self, now: Rdataset | None, fields: Fields) -> Rdataset:
        ttl = fields.get("ttl")
        kept = now.ttl if now is not None else first_ttl(self.key)
        values = self._values(fields)
        return rdataset_of(ttl if isinstance(ttl, int) else kept, [values[form] for form in sorted(values)])

    def removed(self, now: Rdataset, before: Fields) -> Rdataset | None:
        return None

    def _values(self, fields: Fields) -> dict[bytes, dns.rdata.Rdata]:
        """By the form in which values compare and are ordered: to compare them themselves writes it each time."""
        rdatas = (rdata_of(self.key.rdtype, text) for text in texts_in(fields, "values"))
        return {rdata.to_digestable(): rdata for rdata in rdatas}


@dataclasses.dataclass(frozen=True, slots=True)
class TxtValues:
    """Some TXT strings are ours; the others at the name belong to somebody else."""

    key: RecordKey

    def see(self, now: Rdataset | None, only: Fields | None = None) -> Seen | None:
        found = narrowed(texts_of(now), only, "contains")
        return Seen({"contains": found}, _around(now)) if now is not None and found else None

    def holds(self, now: Rdataset | None, fields: Fields) -> bool:
        return set(texts_in(fields, "contains")) <= set(texts_of(now))

    def moved(self, now: Rdataset | None, before: Seen | None, fields: Fields) -> bool:
        ours = set(texts_in(fields, "contains"))
        return ours & set(texts_of(now)) != ours & set(texts_in(before.fields, "contains") if before else ())

    def written(self, now: Rdataset | None, fields: Fields) -> Rdataset:
        missing = set(texts_in(fields, "contains")) - set(texts_of(now))
        return _with(now, [rdata_of(RdataType.TXT, text) for text in sorted(missing)])

    def removed(self, now: Rdataset, before: Fields) -> Rdataset | None:
        gone = set(texts_in(before, "contains"))
        return without(now, [rdata for rdata in now if text_of(rdata) in gone])


def texts_in(fields: Fields, name: str) -> tuple[str, ...]:
    """A field that holds several texts; none when it holds something else."""
    value = fields.get(name, ())
    return value if isinstance(value, tuple) else ()


def narrowed(found: tuple[str, ...], only: Fields | None, name: str) -> tuple[str, ...]:
    """Those of ``found`` that the field ``name`` of ``only`` names; all without ``only``."""
    return found if only is None else tuple(text for text in found if text in texts_in(only, name))


def _around(now: Rdataset) -> Fields:
    return {"rrset": texts_of(now), "ttl": now.ttl}


def first_ttl(key: RecordKey) -> int:
    """Seconds a record of ours is created with."""
    switched = key.rdtype == RdataType.MX or key.name.labels[0] == b"autodiscover"
    return _SWITCH_TTL if switched else USUAL_TTL


def _with(now: Rdataset | None, more: list[dns.rdata.Rdata]) -> Rdataset:
    return rdataset_of(now.ttl if now is not None else USUAL_TTL, [*(now or ()), *more])


def without(now: Rdataset, gone: list[dns.rdata.Rdata]) -> Rdataset | None:
    """The RRset less some values; None when nothing is left."""
    left = [rdata for rdata in now if rdata not in gone]
    return rdataset_of(now.ttl, left) if left else None
