"""A steady clock and a record to keep."""

from __future__ import annotations

import datetime as dt

from reconcile.resources.address import Address
from reconcile.state.snapshot.snapshot import Record


class TickingClock:
    """A second passes each time somebody looks at it."""

    def __init__(self) -> None:
        self._now = dt.datetime(2026, 3, 29, 18, 0, tzinfo=dt.UTC)

    def now(self) -> dt.datetime:
        self._now += dt.timedelta(seconds=1)
        return self._now

    def sleep(self, seconds: float) -> None:
        self._now += dt.timedelta(seconds=seconds)


def a_record(local: str = "contact", run: str = "run-1", **fields: object) -> Record:
    address = Address("spf55", "mailbox", f"{local}@spf55.org")
    return Record(
        address,
        identity=f"id-of-{local}",
        fields={"licence": "E1", "aliases": ("a@spf55.org",), "hidden": False, **fields},  # type: ignore[dict-item]
        created_by=run,
        applied_by=run,
        applied_at="2026-03-29T18:00:00+00:00",
    )
