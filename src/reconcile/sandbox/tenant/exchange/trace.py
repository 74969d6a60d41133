"""Message trace: what passed through the organization, the newest first, by windows and rounds as its page says."""

from __future__ import annotations

import datetime as dt
from typing import Any

from reconcile.sandbox.tenant.cmdlet_error import CmdletError
from reconcile.sandbox.tenant.exchange.recipients import Outcome, Parameters
from reconcile.sandbox.tenant.world.world import World

_WINDOW = dt.timedelta(days=10)
_KEPT = dt.timedelta(days=90)
_MOST, _USUAL = 5000, 1000


class Trace:
    """The MessageTraceV2 cmdlet."""

    def __init__(self, world: World) -> None:
        self._world = world

    def get(self, given: Parameters) -> Outcome:
        """A query without dates is about the last 48 hours. What does not fit is asked for again, from the time and the
        recipient of the last row on."""
        now = self._world.clock.now()
        end = _moment(given, "enddate") or now
        start = _moment(given, "startdate") or end - dt.timedelta(hours=48)
        size = given.get("resultsize", _USUAL)
        if end - start > _WINDOW or start < now - _KEPT - dt.timedelta(minutes=5) or start > end:
            raise _invalid("Data is kept for 90 days, of which a query may ask for 10.")
        if not 1 <= size <= _MOST:
            raise _invalid(f"ResultSize must be between 1 and {_MOST}.")
        begin = str(given.get("startingrecipientaddress") or "").lower()
        found = [row for row in self._world.trace if _fits(row, given) and start <= _received(row) <= end]
        found = [row for row in found if not begin or _received(row) < end or str(row["RecipientAddress"]) >= begin]
        found.sort(key=lambda row: str(row["RecipientAddress"]))
        found.sort(key=_received, reverse=True)
        return [{**row, "Received": _received(row).isoformat(timespec="microseconds")} for row in found[:size]], []


def _fits(row: dict[str, object], given: Parameters) -> bool:
    for name, field in (
        ("recipientaddress", "RecipientAddress"),
        ("senderaddress", "SenderAddress"),
        ("messageid", "MessageId"),
        ("status", "Status"),
        ("messagetraceid", "MessageTraceId"),
    ):
        wanted: Any = given.get(name)
        listed = [wanted] if isinstance(wanted, str) else wanted
        if listed and str(row[field]).lower() not in {str(one).lower() for one in listed}:
            return False
    return True


def _received(row: dict[str, object]) -> dt.datetime:
    moment = row["Received"]
    if not isinstance(moment, dt.datetime):
        raise TypeError(moment)
    return moment


def _moment(given: Parameters, name: str) -> dt.datetime | None:
    if not given.get(name):
        return None
    try:
        moment = dt.datetime.fromisoformat(given[name])
    except ValueError:
        raise _invalid(f"{name} is not a date.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def _invalid(text: str) -> CmdletError:
    return CmdletError("RecipientTaskException", text)
