"""What ``copy status --json`` computes."""

from __future__ import annotations

import time
from collections.abc import Callable

from reconcile.clock import SystemClock
from reconcile.mailcopy.queue.forecast import forecast
from reconcile.mailcopy.queue.location import PostgresLocation
from reconcile.views.copies.metrics import copies_json


def status_ms(location: PostgresLocation) -> float:
    return milliseconds(lambda: _status(location))


def _status(location: PostgresLocation) -> None:
    clock = SystemClock()
    now, found = clock.now(), location.jobs.list()
    copies_json(found, now, forecast(found, location.jobs.rates(), now.timestamp()))


def milliseconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    began = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - began)
