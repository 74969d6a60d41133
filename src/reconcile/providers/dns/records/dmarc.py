"""A DMARC record where the domain has none; one that exists is its owner's, whatever it says (RFC 7489 §6.1)."""

from __future__ import annotations

import dataclasses

import dns.rdata
import dns.rdataset
from dns.rdatatype import RdataType

from reconcile.providers.dns.records.canonical import rdata_of, text_of
from reconcile.providers.dns.records.keys import RecordKey
from reconcile.providers.dns.records.parts import Fields, Rdataset, Seen

VERSION = "v=DMARC1"
#: Asks receivers for nothing, so that publishing it changes nothing but what may be asked later.
_OURS = "v=DMARC1; p=none"
_TTL = 3600


@dataclasses.dataclass(frozen=True, slots=True)
class DmarcIfAbsent:
    """``{"contains": ("v=DMARC1",)}``: that there be one."""

    key: RecordKey

    def see(self, now: Rdataset | None, only: Fields | None = None) -> Seen | None:
        found = [text_of(rdata) for rdata in now or () if _is_policy(rdata)]
        if now is None or not found or (only is not None and found != [_OURS]):
            return None
        return Seen({"contains": (VERSION,)}, {"record": "; ".join(found), "ttl": now.ttl})

    def holds(self, now: Rdataset | None, fields: Fields) -> bool:
        return self.see(now) is not None

    def moved(self, now: Rdataset | None, before: Seen | None, fields: Fields) -> bool:
        return before is not None and self.see(now) is None

    def written(self, now: Rdataset | None, fields: Fields) -> Rdataset:
        ttl = now.ttl if now is not None else _TTL
        return dns.rdataset.from_rdata_list(ttl, [*(now or ()), rdata_of(RdataType.TXT, _OURS)])

    def removed(self, now: Rdataset, before: Fields) -> Rdataset | None:
        left = [rdata for rdata in now if text_of(rdata) != _OURS]
        return dns.rdataset.from_rdata_list(now.ttl, left) if left else None


def _is_policy(rdata: dns.rdata.Rdata) -> bool:
    return text_of(rdata).replace(" ", "").lower().startswith("v=dmarc1")
