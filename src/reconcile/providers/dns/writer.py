"""The writing face of the DNS provider: orders in, what the server then shows out."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import threading
import time
from collections.abc import Callable, Iterator, Sequence

import dns.rdataset
from dns.rdatatype import RdataType

from reconcile.language.phrase import Phrase
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
from reconcile.steps import Steps, at_once

Rdataset = dns.rdataset.Rdataset


#: Seconds an order waits for others before it leaves, and again as long as some arrived meanwhile, but no longer than
#: the most: what is due together should travel together.
_BATCH_WAIT = 0.02
_BATCH_WAIT_AT_MOST = 0.2


class DnsWriter:
    """Publishes and withdraws our records, in steps; safe to call from many threads.

    Orders that arrive while others are on their way are carried out together when those are back, by one thread: so
    many cost no more round trips than one, and the records of one domain that are due together move together.
    """

    def __init__(
        self, store: PrimaryStore, resolver: Resolver, policy: Callable[[str], str | None] = fetch_policy
    ) -> None:
        self._store = store
        self._resolver = resolver
        self._policy = policy
        self._arrived = threading.Condition()
        self._waiting: list[_Request] = []
        self._server = concurrent.futures.ThreadPoolExecutor(1, thread_name_prefix="dns")

    def create(self, order: Order) -> Steps[Live]:
        """Publish the record. Raises DNS07 when somebody published one since the plan, else as ``update``."""
        return self.update(order)

    def update(self, order: Order) -> Steps[Live]:
        """Make our part of the RRset what is asked, leaving the rest and the TTL as they are.

        Raises Problem: DNS01 to DNS06 as ``Primary.update``, DNS07 changed since the plan, DNS08 written but not seen,
        DNS09 SPF that cannot be merged, DNS10 an alias or other data in the way, DNS13 prerequisites not honoured,
        DNS14 an MX that leads nowhere.
        """
        request = _Request(order)
        with self._arrived:
            self._waiting.append(request)
        self._server.submit(self._serve)
        yield request.over
        if request.end is None:
            raise RuntimeError("whoever serves settles every request")
        if isinstance(request.end, Exception):
            raise request.end
        return request.end

    def _collected(self) -> Sequence[_Request]:
        """Whoever waits, once nobody else was released at about the same moment."""
        deadline = time.monotonic() + _BATCH_WAIT_AT_MOST
        collected = 0
        with self._arrived:
            while len(self._waiting) > collected and time.monotonic() < deadline:
                collected = len(self._waiting)
                self._arrived.wait(_BATCH_WAIT)
            found, self._waiting = self._waiting, []
        return found

    def _serve(self) -> None:
        """Carry out all that wait; the call of one that went along with others finds nobody."""
        requests = self._collected()
        if not requests:
            return
        try:
            ends: Sequence[Live | Exception] = self.together([request.order for request in requests])
        except Problem as problem:
            ends = [problem] * len(requests)
        except Exception as error:  # told as it is by the first
            ends = [error, *(_cut_short(request.order) for request in requests[1:])]
        for request, end in zip(requests, ends, strict=True):
            request.end = end
            request.over.set_result(None)

    def together(self, orders: Sequence[Order]) -> list[Live | Problem]:
        """What became of many creates and updates: one atomic UPDATE per zone, all zones at once."""
        met = (pair for order in orders for pair in _names_met(order))
        prefetch([record for order in orders for record in _spf_met(order)], self._resolver, met)
        applied = self._store.apply([CheckedPublish(order, self._resolver.resolve, self._policy) for order in orders])
        return [_live(order, end) for order, end in zip(orders, applied, strict=True)]

    def delete(self, order: Order) -> Steps[None]:
        """Remove our part: the values the plan saw, and nothing beside them. Raises as ``update``."""
        return at_once(lambda: self._withdraw(order))

    def _withdraw(self, order: Order) -> None:
        (end,) = self._store.apply([Withdraw(order)])
        if isinstance(end, Problem):
            raise end


@dataclasses.dataclass(slots=True, eq=False)
class _Request:
    """An order that waits for its turn, and what became of it."""

    order: Order
    end: Live | Exception | None = None
    over: concurrent.futures.Future[None] = dataclasses.field(default_factory=concurrent.futures.Future)


def _cut_short(order: Order) -> Problem:
    return Problem("DNS11", Phrase("The write of {address} was cut short.", address=order.address), "run apply again")


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
        return Problem("DNS08", Phrase("{key} was written and is not there.", key=order.address.key))
    return Live(order.address, seen.fields, context=seen.context)
