"""One RRset exchanged for another in one atomic UPDATE that fails if the RRset is no longer the first. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import dns.name
import dns.rdata
import dns.rdataset
import dns.rrset
import dns.update
from dns.rdataclass import RdataClass
from dns.rdatatype import RdataType


@dataclasses.dataclass(frozen=True, slots=True)
class Swap:
    """``before`` and ``after`` at one name and type; None is no RRset."""

    name: dns.name.Name
    rdtype: RdataType
    before: dns.rdataset.Rdataset | None
    after: dns.rdataset.Rdataset | None

    @property
    def changes(self) -> bool:
        """Whether the two sides differ, be it by TTL alone (which rdatasets do not compare)."""
        before, after = self.before, self.after
        return before != after or (before is not None and after is not None and before.ttl != after.ttl)


def update_for(zone: dns.name.Name, swaps: Sequence[Swap]) -> dns.update.UpdateMessage:
    """The UPDATE (RFC 2136): prerequisites on every value of ``before``, then only the records that differ."""
    message = dns.update.UpdateMessage(zone)
    taken_over = {
        swap.name for swap in swaps if swap.rdtype == RdataType.CNAME and swap.before is None and swap.after is not None
    } & {swap.name for swap in swaps if swap.rdtype != RdataType.CNAME and swap.after is None}
    for swap in swaps:
        if swap.name in taken_over and swap.before is None:
            message.absent(swap.name, swap.rdtype)
        else:
            _require(message, swap)
    for name in taken_over:
        message.delete(name)  # whole: deleting the RRsets beside the added alias loses it on Knot
    # What goes, goes first: an alias and other records at one name are never there together.
    for swap in sorted(swaps, key=lambda one: one.after is not None):
        if swap.name not in taken_over or swap.after is not None:
            _change(message, swap)
    return message


def _require(message: dns.update.UpdateMessage, swap: Swap) -> None:
    if swap.before is not None:
        # A TTL of zero, not the RRset's: §2.4.2 (servers answer FORMERR).
        message.prerequisite.extend(_record(swap.name, 0, rdata) for rdata in swap.before)
    elif swap.rdtype == RdataType.CNAME:
        # Beside other data a CNAME would be dropped without a word (BIND, Knot): nothing at all may be there.
        message.absent(swap.name)
    else:
        message.absent(swap.name, swap.rdtype)


def _change(message: dns.update.UpdateMessage, swap: Swap) -> None:
    before, after = swap.before, swap.after
    if after is not None and swap.rdtype == RdataType.CNAME:
        # A CNAME added takes the old one's place (§3.4.2.2). Deleting it in the same message loses both on Knot.
        message.update.append(_record(swap.name, after.ttl, after[0]))
        return
    other_ttl = before is not None and after is not None and before.ttl != after.ttl
    if other_ttl:
        # Knot ignores a record added again with another TTL.
        message.delete(swap.name, swap.rdtype)
    elif before is not None:
        gone = (rdata for rdata in before if rdata not in (after or ()))
        message.update.extend(_record(swap.name, 0, rdata, deleting=RdataClass.NONE) for rdata in gone)
    if after is not None:
        new = (rdata for rdata in after if other_ttl or rdata not in (before or ()))
        message.update.extend(_record(swap.name, after.ttl, rdata) for rdata in new)


def _record(
    name: dns.name.Name, ttl: int, rdata: dns.rdata.Rdata, deleting: RdataClass | None = None
) -> dns.rrset.RRset:
    """One value in a section of an UPDATE. The message's own methods hash it three times and search the section."""
    record = dns.rrset.RRset(name, RdataClass.IN, rdata.rdtype, deleting=deleting)
    record.ttl = ttl
    record.items = {rdata: None}
    return record
