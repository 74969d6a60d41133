"""The TTL of an RRset whose values are somebody else's: lowered before a switch, so that going over takes minutes."""

from __future__ import annotations

import dataclasses

from reconcile.providers.dns.records.canonical import texts_of
from reconcile.providers.dns.records.keys import RecordKey
from reconcile.providers.dns.records.parts import Fields, Rdataset, Seen, first_ttl
from reconcile.providers.dns.records.rdatasets import rdataset_of


@dataclasses.dataclass(frozen=True, slots=True)
class TtlOnly:
    """``{"ttl": seconds}``. Where there is no RRset, it is the TTL a new one would have: nothing is to be done."""

    key: RecordKey

    def see(self, now: Rdataset | None, only: Fields | None = None) -> Seen | None:
        if only is not None:
            return None  # a TTL that YAML no longer asks for stays as it is
        if now is None:
            return Seen({"ttl": first_ttl(self.key)}, {})
        return Seen({"ttl": now.ttl}, {"rrset": texts_of(now)})

    def holds(self, now: Rdataset | None, fields: Fields) -> bool:
        return now is None or now.ttl == fields.get("ttl")

    def moved(self, now: Rdataset | None, before: Seen | None, fields: Fields) -> bool:
        return now is not None and before is not None and now.ttl != before.fields["ttl"]

    def written(self, now: Rdataset | None, fields: Fields) -> Rdataset:
        ttl = fields.get("ttl")
        if now is None or not isinstance(ttl, int):
            raise TypeError("only an RRset that is there has a TTL to change")
        return rdataset_of(ttl, list(now))

    def removed(self, now: Rdataset, before: Fields) -> Rdataset | None:
        return now
