"""The list with many mailboxes queued: ``python -m bench.scale.queue URL MAILBOXES ROUNDS`` on an empty database."""

from __future__ import annotations

import json
import os
import statistics
import sys
import threading
import time

from bench.scale.filling import fill
from bench.scale.status import milliseconds, status_ms

from reconcile.clock import SystemClock
from reconcile.mailcopy.queue.jobs import Job
from reconcile.mailcopy.queue.location import PostgresLocation
from reconcile.mailcopy.queue.work_list import Claimant, Limits, WorkList

UNDER_WAY = 16
#: Seconds for which notes of progress are written as fast as they can be, and by how many threads.
WRITING, WRITERS = 3.0, 8


def measure(url: str, mailboxes: int, rounds: int) -> dict[str, float]:
    """Milliseconds to claim the next mailbox when one has ended, and for the status of all: medians. Notes of progress
    that the list takes in a second."""
    location = PostgresLocation(url, "", SystemClock())
    fill(location, mailboxes)
    jobs, by = location.jobs, Claimant("bench")
    under_way = list(jobs.claim(by, Limits(), UNDER_WAY))
    assert len(under_way) == UNDER_WAY
    admitting = []
    for _ in range(rounds):
        assert jobs.finish(under_way.pop(0), "bench", "done")
        began = time.perf_counter()
        under_way += jobs.claim(by, Limits(), 1)
        admitting.append(1000 * (time.perf_counter() - began))
        assert len(under_way) == UNDER_WAY
    looking = [status_ms(location) for _ in range(min(10, rounds))]
    idle = [milliseconds(lambda: jobs.claim(by, Limits(in_all=UNDER_WAY), 1)) for _ in range(rounds)]
    figures = {"admit_ms": admitting, "status_ms": looking, "look_ms": idle}
    found = {name: statistics.median(taken) for name, taken in figures.items()}
    return found | {"notes_per_s": _notes(jobs, under_way)}


def _notes(jobs: WorkList, under_way: list[Job]) -> float:
    written, until = [0] * WRITERS, time.monotonic() + WRITING

    def write(number: int) -> None:
        job = under_way[number]
        while time.monotonic() < until:
            written[number] += 1
            assert jobs.progress(job, "bench", (written[number], 10**9, 0, 0))

    threads = [threading.Thread(target=write, args=[number]) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(written) / WRITING


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))) + os.linesep)
