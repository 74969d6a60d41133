"""The writing face of the DNS provider: orders in, what the server then shows out."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Iterator, Sequence

import dns.rdataset
from dns.rdatatype import RdataType

from reconcile.problem import Problem
from reconcile.providers.base import Order
from reconcile.providers.dns.checks.mta_sts import fetch_policy
from reconcile.providers.dns.checks.resolver import Resolver
from reconcile.providers.dns.desired.ownership import part_of
from reconcile.providers.dns.desired.publication import CheckedPublish
from reconcile.providers.dns.desired.rrset import Withdraw
from reconcile.providers.dns.primary.updates import PrimaryStore
from reconcile.providers.dns.records.keys import RecordKey
from reconcile.providers.dns.spf.lookups import prefetch
from reconcile.resources.resource import Live

Rdataset = dns.rdataset.Rdataset


#: Seconds an order waits for others before it leaves, and again as long as some arrived meanwhile, but no longer than
#: the most: what is due together should travel together.
_BATCH_WAIT = 0.02
_BATCH_WAIT_AT_MOST = 0.2


class DnsWriter:
    """Publishes and withdraws our records; safe to call from many threads.

    Orders that arrive while others are on their way are carried out together when those are back, so that many
    threads cost no more round trips than one, and the records of one domain that are due together move together.
    """

    def __init__(
        self, store: PrimaryStore, resolver: Resolver, policy: Callable[[str], str | None] = fetch_policy
    ) -> None:
        self._store = store
        self._resolver = resolver
        self._policy = policy
        self._turn = threading.Condition()
        self._away = False
        self._waiting: list[_Request] = []

    def create(self, order: Order) -> Live:
        """Publish the record. Raises DNS07 when somebody published one since the plan, else as ``update``."""
        return self.update(order)

    def update(self, order: Order) -> Live:
        """Make our part of the RRset what is asked, leaving the rest and the TTL as they are.

        Raises Problem: DNS01 to DNS06 as ``Primary.update``, DNS07 changed since the plan, DNS08 written but not seen,
        DNS09 SPF that cannot be merged, DNS10 an alias or other data in the way, DNS13 prerequisites not honoured,
        DNS14 an MX that leads nowhere.
        """
        request = _Request(order)
        with self._turn:
            self._waiting.append(request)
            self._turn.wait_for(lambda: request.end is not None or not self._away)
            served: list[_Request] = []
            if request.end is None:
                self._away = True
                self._collect()
                served, self._waiting = self._waiting, []
        if served:
            self._serve(served)
        if request.end is None:
            raise RuntimeError("whoever serves settles every request")
        if isinstance(request.end, Problem):
            raise request.end
        return request.end

    def _collect(self) -> None:
        """Wait briefly for orders released at about the same moment."""
        deadline = time.monotonic() + _BATCH_WAIT_AT_MOST
        collected = 0
        while len(self._waiting) > collected and time.monotonic() < deadline:
            collected = len(self._waiting)
            self._turn.wait(_BATCH_WAIT)

    def _serve(self, requests: Sequence[_Request]) -> None:
        """Carry out all queued requests, then release the next ones."""
        try:
            for request, end in zip(requests, self.together([request.order for request in requests]), strict=True):
                request.end = end
        finally:
            for request in requests:
                request.end = request.end or Problem(
                    "DNS11", f"The write of {request.order.address} was cut short.", "run apply again"
                )
            with self._turn:
                self._away = False
                self._turn.notify_all()

    def together(self, orders: Sequence[Order]) -> list[Live | Problem]:
        """What became of many creates and updates: one atomic UPDATE per zone, all zones at once."""
        met = (pair for order in orders for pair in _names_met(order))
        prefetch([record for order in orders for record in _spf_met(order)], self._resolver, met)
        applied = self._store.apply([CheckedPublish(order, self._resolver.resolve, self._policy) for order in orders])
        return [_live(order, end) for order, end in zip(orders, applied, strict=True)]

    def delete(self, order: Order) -> None:
        """Remove our part: the values the plan saw, and nothing beside them. Raises as ``update``."""
        (end,) = self._store.apply([Withdraw(order)])
        if isinstance(end, Problem):
            raise end


@dataclasses.dataclass(slots=True, eq=False)
class _Request:
    """An order that waits for its turn, and what became of it."""

    order: Order
    end: Live | Problem | None = None


def _names_met(order: Order) -> Iterator[tuple[str, str]]:
    """Names whose answers will decide, as far as they are known before the record is read: asked about together."""
    key = RecordKey.parse(order.address.key)
    values = order.fields.get("values", ())
    if key.rdtype == RdataType.MX and isinstance(values, tuple):
        yield f"_mta-sts.{key.owner}", "TXT"
        yield from ((text.partition(" ")[2].rstrip("."), "A") for text in values)
    if key.part == "spf":
        includes = order.fields.get("includes", ())
        yield from ((host, "TXT") for host in (includes if isinstance(includes, tuple) else ()))


def _spf_met(order: Order) -> Iterator[tuple[str, str]]:
    """The SPF record as the plan saw it, and whose it is."""
    key = RecordKey.parse(order.address.key)
    if key.part.startswith("spf") and order.before is not None and "record" in order.before.context:
        yield str(order.before.context["record"]), key.owner


def _live(order: Order, end: Rdataset | Problem | None) -> Live | Problem:
    if isinstance(end, Problem):
        return end
    seen = part_of(RecordKey.parse(order.address.key)).see(end)
    if seen is None:
        return Problem("DNS08", f"{order.address.key} was written and is not there.")
    return Live(order.address, seen.fields, context=seen.context)
