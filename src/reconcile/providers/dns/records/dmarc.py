"""A DMARC record where the domain has none; one that exists is its owner's, whatever it says (RFC 7489 §6.1)."""

from __future__ import annotations

import dataclasses

import dns.rdata
import dns.rdataset
from dns.rdatatype import RdataType

from reconcile.providers.dns.records.canonical import rdata_of, text_of
from reconcile.providers.dns.records.keys import RecordKey
from reconcile.providers.dns.records.parts import Fields, Rdataset, Seen
from reconcile.providers.dns.records.rdatasets import rdataset_of

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
        return rdataset_of(ttl, [*(now or ()), rdata_of(RdataType.TXT, _OURS)])

    def removed(self, now: Rdataset, before: Fields) -> Rdataset | None:
        left = [rdata for rdata in now if text_of(rdata) != _OURS]
        return rdataset_of(now.ttl, left) if left else None


def _is_policy(rdata: dns.rdata.Rdata) -> bool:
    return is_dmarc(text_of(rdata))


def is_dmarc(text: str) -> bool:
    """Whether receivers take a text for a DMARC record: its first tag is the version, spelt as it is (§6.3, §6.4)."""
    name, _, value = text.partition(";")[0].partition("=")
    return name.strip() == "v" and value.strip() == "DMARC1"


def dmarc_policy(text: str) -> str:
    """What a DMARC record asks for: ``none``, ``quarantine``, ``reject``; "" when receivers would ignore it.

    A record whose ``p`` is missing or unknown counts as ``none`` where it has a report address (§6.6.3).
    """
    pairs = (tag.partition("=") for tag in text.split(";") if "=" in tag)
    tags = {name.strip().lower(): value.strip() for name, _, value in pairs}
    policy = tags.get("p", "").lower()
    return policy if policy in ("none", "quarantine", "reject") else ""
