"""Graph's published quotas for one application in one tenant (identity and access: throttling-limits page)."""

from __future__ import annotations

import datetime as dt

from reconcile.sandbox.tenant.behaviour.virtual_clock import VirtualClock
from reconcile.sandbox.tenant.https.web import Request

#: Resource units in ten seconds, by the tenant's size in users.
_UNITS = ((50, 3500.0), (500, 5000.0))
_UNITS_OF_LARGE = 8000.0
_UNITS_WINDOW = 10.0
_WRITES = 3000.0
_WRITES_WINDOW = 150.0


class Quotas:
    """Two buckets that refill steadily on the virtual clock: resource units and writes."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._last = clock.now()
        self._used_units = 0.0
        self._used_writes = 0.0

    def charge(self, request: Request, users: int) -> float:
        """Take the request's cost; otherwise the seconds after which it can be taken."""
        units = next((limit for size, limit in _UNITS if users < size), _UNITS_OF_LARGE)
        self._refill(units)
        cost, writes = _cost(request), float(request.method != "GET")
        wait = max(
            (self._used_units + cost - units) * _UNITS_WINDOW / units,
            (self._used_writes + writes - _WRITES) * _WRITES_WINDOW / _WRITES if writes else 0.0,
        )
        if wait > 0:
            return wait
        self._used_units += cost
        self._used_writes += writes
        return 0.0

    def _refill(self, units: float) -> None:
        now = self._clock.now()
        passed = (now - self._last) / dt.timedelta(seconds=1)
        self._last = now
        self._used_units = max(0.0, self._used_units - passed * units / _UNITS_WINDOW)
        self._used_writes = max(0.0, self._used_writes - passed * _WRITES / _WRITES_WINDOW)


def _cost(request: Request) -> float:
    """Resource units: 2 for users, 3 for subscriptions, 4 for references, 1 for the rest; less for small answers."""
    match (request.method, request.segments[1:]):
        case ("GET", ("users",)):
            cost = 2
        case ("GET", ("subscribedSkus",)):
            cost = 3
        case ("GET", ("domains", _, "domainNameReferences")):
            cost = 4
        case _:
            cost = 1
    top = request.query.get("$top", "")
    return float(max(1, cost - ("$select" in request.query) - (top.isdigit() and int(top) < 20)))
