"""What of an SPF record is ours: an include inside it, or the absence of a term the switch makes wrong. Pure."""

from __future__ import annotations

import dataclasses

import dns.rdata
import dns.rdataset
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.TXT import TXT

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.dns.records.canonical import rdata_of, text_of
from reconcile.providers.dns.records.keys import RecordKey
from reconcile.providers.dns.records.parts import USUAL_TTL, Fields, Rdataset, Seen, narrowed, texts_in, without
from reconcile.providers.dns.records.rdatasets import rdataset_of
from reconcile.providers.dns.spf import record as spf

#: Neutral on whoever the include does not name: the old host still sends for the domain when this is published.
_NEW_SPF = "v=spf1 include:{} ?all"


@dataclasses.dataclass(frozen=True, slots=True)
class IncludeInSpf:
    """Hosts that the one SPF record of the name must include; its other terms belong to the domain's owner."""

    key: RecordKey

    def see(self, now: Rdataset | None, only: Fields | None = None) -> Seen | None:
        record = the_record(self.key, now)
        if record is None or now is None:
            return None
        found = narrowed(record.includes, only, "includes")
        if only is not None and not found:
            return None
        return Seen({"includes": found}, {"record": str(record), "ttl": now.ttl})

    def holds(self, now: Rdataset | None, fields: Fields) -> bool:
        record = the_record(self.key, now)
        return record is not None and set(texts_in(fields, "includes")) <= set(record.includes)

    def moved(self, now: Rdataset | None, before: Seen | None, fields: Fields) -> bool:
        """The whole record counts: the plan showed it, and the merge was judged on it."""
        record = the_record(self.key, now)
        if record is None or before is None:
            return (record is None) != (before is None)
        if "record" in before.context:
            return str(record) != before.context["record"]
        return record.includes != before.fields["includes"]

    def written(self, now: Rdataset | None, fields: Fields) -> Rdataset:
        """``fields["before"]`` is the term before which a new include is reached; "" for its usual place."""
        hosts = texts_in(fields, "includes")
        record = the_record(self.key, now) or spf.parse(_NEW_SPF.format(" include:".join(hosts)))
        place = fields.get("before")
        for host in hosts:
            record = record.with_include(host, place if isinstance(place, str) else "")
        return _replaced(now, record)

    def removed(self, now: Rdataset, before: Fields) -> Rdataset | None:
        """Without our include; a record that then names nobody goes with it, lest it forbid all mail."""
        record = the_record(self.key, now)
        if record is None:
            return now
        for host in texts_in(before, "includes"):
            record = record.without_include(host)
        return without(now, _spf_rdatas(now)) if record.authorises_nobody else _replaced(now, record)


@dataclasses.dataclass(frozen=True, slots=True)
class SpfTermRemoved:
    """``{"gone": True}``: the record no longer says a term that is not true any more, or soon will not be. An include
    that is not gone is there again, for a federation that went back to its old host.

    The key's part names it: ``spf-mx`` for ``mx``, which the switch would turn from the old host to Microsoft's inbound
    hosts (it becomes ``a:`` of the hosts it means today); ``spf-without-HOST`` for the old host's include, when all
    mail leaves through Microsoft.
    """

    key: RecordKey

    def see(self, now: Rdataset | None, only: Fields | None = None) -> Seen | None:
        if only is not None:
            return None  # what was taken out stays out
        record = the_record(self.key, now)
        context: Fields = {"record": str(record)} if record is not None else {}
        return Seen({"gone": self._gone(record)}, context)

    def holds(self, now: Rdataset | None, fields: Fields) -> bool:
        return self._gone(the_record(self.key, now)) == (fields.get("gone") is not False)

    def moved(self, now: Rdataset | None, before: Seen | None, fields: Fields) -> bool:
        """The whole record counts: the plan showed it."""
        record = the_record(self.key, now)
        return before is not None and "record" in before.context and str(record) != before.context["record"]

    def written(self, now: Rdataset | None, fields: Fields) -> Rdataset:
        """``fields["hosts"]`` are the MX hosts of today that may go on sending. Raises DNS09 when nobody reported."""
        record = the_record(self.key, now)
        if record is None:
            raise TypeError("only an SPF record that is there has parts to take out")
        if self._host and fields.get("gone") is False:
            place = fields.get("before")
            return _replaced(now, record.with_include(self._host, place if isinstance(place, str) else ""))
        if self._host:
            default = fields.get("default")
            return _replaced(now, record.without_include(self._host, default if isinstance(default, str) else "?all"))
        if "hosts" not in fields:
            raise Problem(
                "DNS09",
                Phrase("What the term mx in the SPF record of {owner} means today is not known.", owner=self.key.owner),
                "its owner must name the hosts that may still send",
            )
        return _replaced(now, record.with_mx_as(texts_in(fields, "hosts"), self.key.owner))

    def removed(self, now: Rdataset, before: Fields) -> Rdataset | None:
        return now

    @property
    def _host(self) -> str:
        return self.key.part.removeprefix("spf-without-") if self.key.part != "spf-mx" else ""

    def _gone(self, record: spf.SpfRecord | None) -> bool:
        if record is None:
            return True
        return not (record.says_include(self._host) if self._host else record.says_mx(self.key.owner))


def the_record(key: RecordKey, now: Rdataset | None) -> spf.SpfRecord | None:
    """The one SPF record of a name, None when there is none. Raises DNS09 for two, or a malformed one."""
    found = _spf_rdatas(now)
    if len(found) > 1:
        raise Problem(
            "DNS09",
            Phrase(
                "{owner} has {found} SPF records, which receivers treat as none.", owner=key.owner, found=len(found)
            ),
            "its owner must merge them into one by hand",
        )
    if not found:
        return None
    try:
        return spf_records(now)[0]
    except spf.MalformedSpf as error:
        raise Problem(
            "DNS09",
            Phrase("The SPF record of {owner} is malformed: {error}.", owner=key.owner, error=error),
            "its owner must correct it first; it is never repaired by guessing",
        ) from None


def spf_records(now: Rdataset | None) -> list[spf.SpfRecord]:
    """The SPF records among an RRset's texts. Raises spf.MalformedSpf."""
    return [spf.parse(text_of(rdata)) for rdata in _spf_rdatas(now)]


def _spf_rdatas(now: Rdataset | None) -> list[dns.rdata.Rdata]:
    return [rdata for rdata in now or () if isinstance(rdata, TXT) and spf.is_spf(text_of(rdata))]


def _replaced(now: Rdataset | None, record: spf.SpfRecord) -> Rdataset:
    others = without(now, _spf_rdatas(now)) if now is not None else None
    ttl = now.ttl if now is not None else USUAL_TTL
    return rdataset_of(ttl, [*(others or ()), rdata_of(RdataType.TXT, str(record))])
