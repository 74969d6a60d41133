"""What of an RRset is ours: all of it, one text among others, or an include inside the one SPF record. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Protocol

import dns.rdata
import dns.rdataset
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.TXT import TXT

from reconcile.problem import Problem
from reconcile.providers.dns import spf
from reconcile.providers.dns.keys import RecordKey
from reconcile.providers.dns.spelling import rdata_of, text_of, texts_of
from reconcile.resources.resource import Value

Rdataset = dns.rdataset.Rdataset
Fields = Mapping[str, Value]

#: Seconds. The records of the switch itself are born with a short life, so that going back is quick.
_SWITCH_TTL = 300
_USUAL_TTL = 3600
#: Neutral on whoever the include does not name: the old host still sends for the domain when this is published.
_NEW_SPF = "v=spf1 include:{} ?all"


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
        if now is None or (only is not None and texts_of(now) != tuple(sorted(_texts(only, "values")))):
            return None  # other values than the recorded ones are somebody else's
        return Seen({"values": texts_of(now), "ttl": now.ttl}, _around(now))

    def holds(self, now: Rdataset | None, fields: Fields) -> bool:
        return now is not None and set(now) == self._values(fields) and fields.get("ttl", now.ttl) == now.ttl

    def moved(self, now: Rdataset | None, before: Seen | None, fields: Fields) -> bool:
        return texts_of(now) != (before.fields["values"] if before else ())

    def written(self, now: Rdataset | None, fields: Fields) -> Rdataset:
        ttl = fields.get("ttl")
        kept = now.ttl if now is not None else first_ttl(self.key)
        return _rdataset(ttl if isinstance(ttl, int) else kept, sorted(self._values(fields)))

    def removed(self, now: Rdataset, before: Fields) -> Rdataset | None:
        return None

    def _values(self, fields: Fields) -> set[dns.rdata.Rdata]:
        return {rdata_of(self.key.rdtype, text) for text in _texts(fields, "values")}


@dataclasses.dataclass(frozen=True, slots=True)
class TextAmongOthers:
    """Some TXT strings are ours; the others at the name belong to somebody else."""

    key: RecordKey

    def see(self, now: Rdataset | None, only: Fields | None = None) -> Seen | None:
        found = _narrowed(texts_of(now), only, "contains")
        return Seen({"contains": found}, _around(now)) if now is not None and found else None

    def holds(self, now: Rdataset | None, fields: Fields) -> bool:
        return set(_texts(fields, "contains")) <= set(texts_of(now))

    def moved(self, now: Rdataset | None, before: Seen | None, fields: Fields) -> bool:
        ours = set(_texts(fields, "contains"))
        return ours & set(texts_of(now)) != ours & set(_texts(before.fields, "contains") if before else ())

    def written(self, now: Rdataset | None, fields: Fields) -> Rdataset:
        missing = set(_texts(fields, "contains")) - set(texts_of(now))
        return _with(now, [rdata_of(RdataType.TXT, text) for text in sorted(missing)])

    def removed(self, now: Rdataset, before: Fields) -> Rdataset | None:
        gone = set(_texts(before, "contains"))
        return _without(now, [rdata for rdata in now if text_of(rdata) in gone])


@dataclasses.dataclass(frozen=True, slots=True)
class IncludeInSpf:
    """Hosts that the one SPF record of the name must include; its other terms belong to the domain's owner."""

    key: RecordKey

    def see(self, now: Rdataset | None, only: Fields | None = None) -> Seen | None:
        record = self._record(now)
        if record is None or now is None:
            return None
        found = _narrowed(record.includes, only, "includes")
        if only is not None and not found:
            return None
        return Seen({"includes": found}, {"record": str(record), "ttl": now.ttl})

    def holds(self, now: Rdataset | None, fields: Fields) -> bool:
        record = self._record(now)
        return record is not None and set(_texts(fields, "includes")) <= set(record.includes)

    def moved(self, now: Rdataset | None, before: Seen | None, fields: Fields) -> bool:
        """The whole record counts: the plan showed it, and the merge was judged on it."""
        record = self._record(now)
        if record is None or before is None:
            return (record is None) != (before is None)
        if "record" in before.context:
            return str(record) != before.context["record"]
        return record.includes != before.fields["includes"]

    def written(self, now: Rdataset | None, fields: Fields) -> Rdataset:
        hosts = _texts(fields, "includes")
        record = self._record(now) or spf.parse(_NEW_SPF.format(" include:".join(hosts)))
        for host in hosts:
            record = record.with_include(host)
        return self._replaced(now, record)

    def removed(self, now: Rdataset, before: Fields) -> Rdataset | None:
        """Without our include; a record that then names nobody goes with it, lest it forbid all mail."""
        record = self._record(now)
        if record is None:
            return now
        for host in _texts(before, "includes"):
            record = record.without_include(host)
        return _without(now, _spf_rdatas(now)) if record.authorises_nobody else self._replaced(now, record)

    def _record(self, now: Rdataset | None) -> spf.SpfRecord | None:
        found = _spf_rdatas(now)
        if len(found) > 1:
            raise Problem(
                "DNS09",
                f"{self.key.owner} has {len(found)} SPF records, which receivers treat as none.",
                "its owner must merge them into one by hand",
            )
        if not found:
            return None
        try:
            return spf_records(now)[0]
        except spf.MalformedSpf as error:
            raise Problem(
                "DNS09",
                f"The SPF record of {self.key.owner} is malformed: {error}.",
                "its owner must correct it first; it is never repaired by guessing",
            ) from None

    def _replaced(self, now: Rdataset | None, record: spf.SpfRecord) -> Rdataset:
        others = _without(now, _spf_rdatas(now)) if now is not None else None
        ttl = now.ttl if now is not None else _USUAL_TTL
        return _rdataset(ttl, [*(others or ()), rdata_of(RdataType.TXT, str(record))])


def spf_records(now: Rdataset | None) -> list[spf.SpfRecord]:
    """The SPF records among an RRset's texts. Raises spf.MalformedSpf."""
    return [spf.parse(text_of(rdata)) for rdata in _spf_rdatas(now)]


def _texts(fields: Fields, name: str) -> tuple[str, ...]:
    value = fields.get(name, ())
    return value if isinstance(value, tuple) else ()


def _narrowed(found: tuple[str, ...], only: Fields | None, name: str) -> tuple[str, ...]:
    return found if only is None else tuple(text for text in found if text in _texts(only, name))


def _around(now: Rdataset) -> Fields:
    return {"rrset": texts_of(now), "ttl": now.ttl}


def first_ttl(key: RecordKey) -> int:
    """Seconds a record of ours is born with."""
    switched = key.rdtype == RdataType.MX or key.name.labels[0] == b"autodiscover"
    return _SWITCH_TTL if switched else _USUAL_TTL


def _spf_rdatas(now: Rdataset | None) -> list[dns.rdata.Rdata]:
    return [rdata for rdata in now or () if isinstance(rdata, TXT) and spf.is_spf(text_of(rdata))]


def _with(now: Rdataset | None, more: list[dns.rdata.Rdata]) -> Rdataset:
    return _rdataset(now.ttl if now is not None else _USUAL_TTL, [*(now or ()), *more])


def _without(now: Rdataset, gone: list[dns.rdata.Rdata]) -> Rdataset | None:
    left = [rdata for rdata in now if rdata not in gone]
    return _rdataset(now.ttl, left) if left else None


def _rdataset(ttl: int, rdatas: list[dns.rdata.Rdata]) -> Rdataset:
    return dns.rdataset.from_rdata_list(ttl, rdatas)
