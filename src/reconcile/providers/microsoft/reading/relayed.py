"""What a tenant handed on because it did not know the address, read from message trace.

Trace is asked by windows of ten days and rounds of 5,000 rows, the newest first; a round goes on from the time and the
recipient of the last row (Get-MessageTraceV2).
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator, Mapping

from reconcile.config.settings.settings import Settings
from reconcile.problem import Problem
from reconcile.providers.microsoft.reading.records import domain_of, smtp_addresses
from reconcile.providers.microsoft.reading.tenant import Tenant
from reconcile.providers.microsoft.wire.exchange import Exchange, Row
from reconcile.providers.microsoft.wire.graph import Graph

WINDOW = dt.timedelta(days=10)
#: Trace forgets after 90 days.
KEPT = dt.timedelta(days=89)
ROUND = 5000
#: Rounds of one window; more rows than that were never meant for one report.
MOST_ROUNDS = 200

_SELECT = ("Received", "RecipientAddress", "SenderAddress", "Status", "MessageTraceId")


@dataclasses.dataclass(frozen=True, slots=True)
class Relayed:
    """One address the tenant does not know: how many messages for it were handed on, the last when and from whom, and
    how many of them the old host did not take."""

    address: str
    messages: int
    refused: int
    last: dt.datetime
    sender: str


def relayed(
    graph: Graph, exchange: Exchange, settings: Settings, since: Mapping[str, dt.datetime], now: dt.datetime
) -> tuple[Relayed, ...]:
    """The unknown addresses of these domains that were written to, each domain from its moment on, most written first.

    Raises ``Problem`` M365-… and ``Refused`` when trace or the tenant's addresses cannot be read whole.
    """
    if not since:
        return ()
    tenant = Tenant(graph, exchange, settings)
    known = {address for one in tenant.recipient_list() for address in (one.primary, *smtp_addresses(one.proxies))}
    known |= {address for box in tenant.boxes().values() for address in smtp_addresses(box.proxies)}
    found: dict[str, Relayed] = {}
    for row in _rows(exchange, max(min(since.values()), now - KEPT), now):
        address = str(row["RecipientAddress"]).lower()
        received, begin = _moment(row), since.get(domain_of(address))
        if begin is None or received < begin or address in known:
            continue
        one = found.get(address) or Relayed(address, 0, 0, received, str(row.get("SenderAddress") or ""))
        failed = row.get("Status") == "Failed"
        found[address] = dataclasses.replace(one, messages=one.messages + 1, refused=one.refused + failed)
    return tuple(sorted(found.values(), key=lambda one: (-one.messages, one.address)))


def _rows(exchange: Exchange, start: dt.datetime, end: dt.datetime) -> Iterator[Row]:
    """Every row of that time, once, the newest first."""
    seen: set[tuple[str, str]] = set()
    while end > start:
        begin = max(start, end - WINDOW)
        for row in _window(exchange, begin, end):
            key = (str(row.get("MessageTraceId")), str(row["RecipientAddress"]).lower())
            if key not in seen:
                seen.add(key)
                yield row
        end = begin


def _window(exchange: Exchange, start: dt.datetime, end: dt.datetime) -> Iterator[Row]:
    after: dict[str, object] = {}
    for _ in range(MOST_ROUNDS):
        rows = exchange.rows(
            "Get-MessageTraceV2",
            _SELECT,
            StartDate=start.isoformat(),
            EndDate=end.isoformat(),
            ResultSize=ROUND,
            **after,
        )
        yield from rows
        if len(rows) < ROUND:
            return
        last = rows[-1]
        following = {"StartingRecipientAddress": str(last["RecipientAddress"])}
        if _moment(last) == end and following == after:
            break
        end, after = _moment(last), dict(following)
    raise Problem("M365-05", "Message trace was cut short.", "nothing was concluded from it; run it again")


def _moment(row: Row) -> dt.datetime:
    """Trace tells UTC, with or without saying so."""
    moment = dt.datetime.fromisoformat(str(row["Received"]))
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
