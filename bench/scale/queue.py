"""The list with many mailboxes queued: ``python -m bench.scale.queue URL MAILBOXES ROUNDS`` on an empty database."""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from itertools import islice

from reconcile.clock import SystemClock
from reconcile.mailcopy.queue.dispatch import Dispatcher
from reconcile.mailcopy.queue.forecast import forecast
from reconcile.mailcopy.queue.jobs import FIELDS
from reconcile.mailcopy.queue.location import PostgresLocation
from reconcile.mailcopy.queue.tickets import Limits
from reconcile.views.copies.metrics import copies_json

SOURCE, WINDOW = "ovh", 16


def measure(url: str, mailboxes: int, rounds: int) -> dict[str, float]:
    """Milliseconds to admit one mailbox when one has ended, and for what `copy status --json` computes: medians."""
    clock = SystemClock()
    location = PostgresLocation(url, "", clock)
    jobs = location.jobs
    # An earlier list knows no public folders.
    ends = [name for name in ("login", "destination", "folder", "public_folder") if name in FIELDS.split(", ")]
    columns = ", ".join(["key", "source", "messages_total", *ends])
    places = ",".join("?" * (3 + len(ends)))
    with location.database.changing() as run:
        run.change_each(
            f"INSERT INTO job({columns}) VALUES({places})",
            [
                (f"spfb{one // 100:03d}/copy/{one}@example.org", SOURCE, one % 977, *(str(one) for _ in ends))
                for one in range(mailboxes)
            ],
        )
    keys = {job.key for job in jobs.list()}
    dispatcher = Dispatcher(location.database, "bench", {})
    # A task that leaves its mailbox as it is: only the list and the engine are on the clock.
    dispatcher.start(lambda _key, _number: "done", Limits(), 1, 0, 3600.0)

    def admit() -> int:
        return dispatcher.admit(lambda run: jobs.admit(run, keys, WINDOW))

    def end_one() -> None:
        with location.database.changing() as run:
            run.change("UPDATE job SET state='done' WHERE key=(SELECT min(key) FROM job WHERE admitted>0)")
            run.change("UPDATE job SET admitted=0 WHERE state='done'")

    try:
        assert admit() == WINDOW
        admitting = []
        for _ in range(rounds):
            end_one()
            admitting.append(_milliseconds(lambda: _one(admit())))
        looking = [_milliseconds(lambda: _status(location, clock)) for _ in islice(range(rounds), 10)]
    finally:
        dispatcher.stop()
    return {"admit_ms": statistics.median(admitting), "status_ms": statistics.median(looking)}


def _one(admitted: int) -> None:
    assert admitted == 1, admitted


def _status(location: PostgresLocation, clock: SystemClock) -> None:
    now = clock.now()
    found = location.jobs.list()
    copies_json(found, now, forecast(found, location.jobs.rates(), now.timestamp()))


def _milliseconds(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - began)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))) + os.linesep)
