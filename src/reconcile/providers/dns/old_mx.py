"""How long senders may go on delivering to the hosts that the MX named before the switch. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from dns.rdatatype import RdataType

from reconcile.providers.dns.journal import Entry
from reconcile.providers.dns.records.canonical import texts_of
from reconcile.providers.dns.records.microsoft_hosts import MICROSOFT


def old_mx_until(entries: Iterable[Entry]) -> dt.datetime | None:
    """Until when a cache may hold an MX that led elsewhere than to the tenant; None where we changed none.

    Whoever asked just before one of our changes keeps that answer for its TTL: of the change to the tenant's MX, and of
    the lowering of that TTL before it.
    """
    held = (_held_until(one) for one in entries if one.swap.rdtype is RdataType.MX and _led_elsewhere(one))
    return max(held, default=None)


def _led_elsewhere(entry: Entry) -> bool:
    before = entry.swap.before
    return before is not None and not all(text.rstrip(".").endswith(MICROSOFT) for text in texts_of(before))


def _held_until(entry: Entry) -> dt.datetime:
    ttl = entry.swap.before.ttl if entry.swap.before else 0
    return dt.datetime.fromisoformat(entry.at) + dt.timedelta(seconds=ttl)
