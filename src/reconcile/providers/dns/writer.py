"""The writing face of the DNS provider: orders in, what the server then shows out."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import dns.rdataset
from dns.rdatatype import RdataType

from reconcile.problem import Problem
from reconcile.providers.base import Order
from reconcile.providers.dns.exchange import Exchange
from reconcile.providers.dns.keys import RecordKey
from reconcile.providers.dns.parts import part_of, spf_records
from reconcile.providers.dns.spf_lookups import Resolve, refuse_over_limit
from reconcile.providers.dns.wishes import Publish, Withdraw
from reconcile.resources.address import Address
from reconcile.resources.resource import Live

Rdataset = dns.rdataset.Rdataset


class DnsWriter:
    """Publishes and withdraws our records; safe to call from many threads."""

    def __init__(self, exchange: Exchange, resolve: Resolve) -> None:
        self._exchange = exchange
        self._resolve = resolve

    def create(self, order: Order) -> Live:
        """Publish the record. Raises DNS07 when somebody published one since the plan, else as ``update``."""
        return self.update(order)

    def update(self, order: Order) -> Live:
        """Make our part of the RRset what is asked, leaving the rest and the TTL as they are.

        Raises Problem: DNS01 to DNS06 as ``Primary.update``, DNS07 changed since the plan, DNS08 written but not seen,
        DNS09 SPF that cannot be merged, DNS10 an alias or other data in the way, DNS13 prerequisites not honoured,
        DNS14 an MX that leads nowhere.
        """
        live = self.together([order])[order.address]
        if isinstance(live, Problem):
            raise live
        return live

    def together(self, orders: Sequence[Order]) -> Mapping[Address, Live | Problem]:
        """Carry out many creates and updates: one atomic UPDATE per zone, all zones at once."""
        wishes = [_Judged(order, self._resolve) for order in orders]
        granted = self._exchange.grant(wishes)
        return {order.address: _live(order, end) for order, end in zip(orders, granted, strict=True)}

    def delete(self, order: Order) -> None:
        """Take our part away: the values the plan saw, and nothing beside them. Raises as ``update``."""
        (end,) = self._exchange.grant([Withdraw(order)])
        if isinstance(end, Problem):
            raise end


@dataclasses.dataclass(frozen=True, slots=True)
class _Judged(Publish):
    """Publishes nothing that receivers of mail would stumble over."""

    resolve: Resolve

    def granted(self, now: Rdataset | None) -> Rdataset | None:
        after = Publish.granted(self, now)
        if self.key.part == "spf":
            for record in spf_records(after):
                refuse_over_limit(record, self.key.owner, self.resolve)
        if self.key.rdtype == RdataType.MX:
            refuse_dead_hosts(self.key, after, self.resolve)
        return after


def refuse_dead_hosts(key: RecordKey, mx: Rdataset | None, resolve: Resolve) -> None:
    """Raise DNS14 when an MX host has no address: mail would stop (RFC 5321 §5.1). What cannot be told passes."""
    for rdata in mx or ():
        host = rdata.exchange.to_text(omit_final_dot=True)
        if resolve(host, "A") == () and resolve(host, "AAAA") == ():
            raise Problem(
                "DNS14",
                f"{key} would send mail to {host or 'nowhere'}, which has no address.",
                "Microsoft may still be preparing it; try again later",
            )


def _live(order: Order, end: Rdataset | Problem | None) -> Live | Problem:
    if isinstance(end, Problem):
        return end
    seen = part_of(RecordKey.parse(order.address.key)).see(end)
    if seen is None:
        return Problem("DNS08", f"{order.address.key} was written and is not there.")
    return Live(order.address, seen.fields, context=seen.context)
