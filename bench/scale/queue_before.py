"""The same as ``queue`` of a commit that has a job engine: its part of an admission is on the clock."""

from __future__ import annotations

import json
import os
import statistics
import sys
from typing import Any

from bench.scale.filling import fill
from bench.scale.status import milliseconds, status_ms

from reconcile.clock import SystemClock
from reconcile.mailcopy.queue.location import PostgresLocation

WINDOW = 16


def measure(url: str, mailboxes: int, rounds: int) -> dict[str, float]:
    """Milliseconds to admit one mailbox when one has ended, and for the status of all: medians."""
    location = PostgresLocation(url, "", SystemClock())
    fill(location, mailboxes)
    jobs: Any = location.jobs
    keys = {job.key for job in jobs.list()}
    dispatcher = _dispatcher(location)

    def admit() -> int:
        return int(dispatcher.admit(lambda run: jobs.admit(run, keys, WINDOW)))

    def end_one() -> None:
        with location.database.changing() as run:
            run.change("UPDATE job SET state='done' WHERE key=(SELECT min(key) FROM job WHERE admitted>0)")
            run.change("UPDATE job SET admitted=0 WHERE state='done'")

    try:
        assert admit() == WINDOW
        admitting = []
        for _ in range(rounds):
            end_one()
            admitting.append(milliseconds(admit))
        looking = [status_ms(location) for _ in range(min(10, rounds))]
    finally:
        dispatcher.stop()
    return {"admit_ms": statistics.median(admitting), "status_ms": statistics.median(looking)}


def _dispatcher(location: PostgresLocation) -> Any:
    """One whose tasks leave their mailboxes as they are: only the list and the engine are on the clock."""
    import importlib

    dispatch = importlib.import_module("reconcile.mailcopy.queue.dispatch")
    limits = importlib.import_module("reconcile.mailcopy.queue.tickets").Limits()
    one = dispatch.Dispatcher(location.database, "bench", {})
    one.start(lambda _key, _number: "done", limits, 1, 0, 3600.0)
    return one


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))) + os.linesep)
