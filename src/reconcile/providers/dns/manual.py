"""Zones we may not write: each change is printed in full, for a human to make, and checked once it is made."""

from __future__ import annotations

import dataclasses

import dns.name
import dns.rdatatype
from dns.rdatatype import RdataType

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.base import Order, Provider
from reconcile.providers.dns.checks.mta_sts import fetch_policy
from reconcile.providers.dns.checks.preflight import Preflight
from reconcile.providers.dns.checks.resolver import Resolver
from reconcile.providers.dns.desired.ownership import part_of
from reconcile.providers.dns.desired.publication import CheckedPublish
from reconcile.providers.dns.desired.replacement import refuse_others_than_shown
from reconcile.providers.dns.desired.rrset import RrsetChange, Withdraw
from reconcile.providers.dns.primary.client import Primary
from reconcile.providers.dns.primary.compare_and_swap import Swap
from reconcile.providers.dns.primary.name_status import ask_rrsets, other_rrsets, rrset_at
from reconcile.providers.dns.reader import DnsReader
from reconcile.providers.dns.spf.lookups import Resolve
from reconcile.resources.resource import Live


def manual_provider(
    primary: Primary,
    resolver: Resolver,
    preflight: Preflight | None = None,
    replace: frozenset[dns.name.Name] = frozenset(),
) -> Provider:
    """Reads from an authoritative server, needs no key, and writes nothing.

    ``replace``: names where our alias may take the place of other records.
    """
    return Provider("dns", DnsReader(primary, preflight, replace), ManualWriter(primary, resolver.resolve, replace))


@dataclasses.dataclass(frozen=True, slots=True)
class ManualWriter:
    """Answers what is done already, and raises DNS19 with the records for what is not."""

    primary: Primary
    resolve: Resolve
    replace: frozenset[dns.name.Name] = frozenset()

    def create(self, order: Order) -> Live:
        """As ``update``."""
        return self.update(order)

    def update(self, order: Order) -> Live:
        """Raises DNS19 with what to publish, DNS07 when the record changed since the plan, DNS09 and DNS14 as
        ``CheckedPublish``, and as the reader fails.
        """
        change = CheckedPublish(order, self.resolve, fetch_policy)
        self._ask_for(change)
        seen = part_of(change.key).see(rrset_at(change.key, ask_rrsets(self.primary, [change.key])))
        return Live(order.address, seen.fields if seen else {}, context=seen.context if seen else {})

    def delete(self, order: Order) -> None:
        """Raises DNS19 with what to remove."""
        self._ask_for(Withdraw(order))

    def _ask_for(self, change: RrsetChange) -> None:
        key = change.key
        answers = ask_rrsets(self.primary, [key])
        others = other_rrsets(key, answers) if key.name in self.replace else {}
        now = None if others and RdataType.NS not in others else rrset_at(key, answers)
        if change.satisfied_by(now):
            return
        change.refuse_drift(now)
        refuse_others_than_shown(change, others)
        going = (Swap(key.name, rdtype, other, None) for rdtype, other in others.items())
        swaps = [*going, Swap(key.name, key.rdtype, now, change.applied_to(now))]
        raise Problem(
            "DNS19",
            Phrase(
                "{key} is to be changed by hand: {lines}.",
                key=key,
                lines="; ".join(line for swap in swaps for line in instructions(swap)),
            ),
            "publish that, wait until the zone's servers show it, then apply again",
        )


def instructions(swap: Swap) -> list[str]:
    """What to remove and what to add, as lines of a master file."""
    before, after = swap.before, swap.after
    lines = [f"remove {_line(swap, '', rdata.to_text())}" for rdata in before or () if rdata not in (after or ())]
    if after is not None:
        kept = before is not None and before.ttl == after.ttl
        new = [rdata for rdata in after if not (kept and before is not None and rdata in before)]
        lines += [f"add {_line(swap, f'{after.ttl} ', rdata.to_text())}" for rdata in new]
    return lines


def _line(swap: Swap, ttl: str, text: str) -> str:
    return f"{swap.name.to_text()} {ttl}IN {dns.rdatatype.to_text(swap.rdtype)} {text}"
