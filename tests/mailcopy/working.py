"""A worker as a process of its own, for tests that freeze and kill it.

``python -m tests.mailcopy.working URL|FOLDER OLD-PORT NEW-PORT NAME MESSAGES-A-SECOND LEASE``: gives every copy of the
list a pass and prints how each ended, ``FAILED`` and the problem when it could not go on.
"""

# ruff: noqa: T201 - it has nothing but its words to be watched by
from __future__ import annotations

import random
import sys
from pathlib import Path

from reconcile.cli.session.signals import graceful_shutdown
from reconcile.clock import SystemClock
from reconcile.mailcopy.imap.session import Endpoint, Password
from reconcile.mailcopy.queue import task as tasks
from reconcile.mailcopy.queue import work_list, worker
from reconcile.mailcopy.queue.jobs import Job
from reconcile.mailcopy.queue.liveness import FileLocks, PostgresLocks
from reconcile.mailcopy.queue.location import FolderLocation, PostgresLocation
from reconcile.mailcopy.queue.rate import Rate
from reconcile.mailcopy.queue.task import Endpoints, TaskRunner, WorkerSetup
from reconcile.mailcopy.queue.work_list import Limits
from reconcile.mailcopy.queue.worker import Worker
from reconcile.mailcopy.report import Progress, Report
from reconcile.problem import Problem


class Lines:
    def started(self, job: Job) -> None:
        print("started", job.login, flush=True)

    def moved(self, job: Job, progress: Progress) -> None:
        print("moved", job.login, progress.messages, flush=True)

    def noticed(self, job: Job, text: str) -> None:
        return

    def finished(self, job: Job, state: str, report: Report | None, problem: Problem | None, wait: float) -> None:
        print("finished", job.login, state, report.copied if report else problem, flush=True)


def main(where: str, old: str, new: str, name: str, rate: str, lease: str) -> None:
    clock, limits = SystemClock(), Limits()
    # A minute is long for a test; the clocks of the processes are one.
    work_list.LEASE = worker.LEASE = float(lease)
    worker.GUARD_EVERY, tasks.RETRY_DATABASE = 1.0, 0.5
    if where.startswith("postgresql:"):
        location = PostgresLocation(where, "", clock)
        locks = PostgresLocks(location.database)
    else:
        location = FolderLocation(Path(where), clock)
        locks = FileLocks(Path(where) / "workers")

    def endpoints(job: Job) -> Endpoints:
        master = Password(f"{job.login}*maitre", "mot-de-passe-maitre")
        return Endpoints(
            Endpoint("127.0.0.1", int(old), master, tls=False),
            Endpoint("127.0.0.1", int(new), Password(job.login, "pw"), tls=False),
        )

    rng = random.SystemRandom()
    setup = WorkerSetup(name, location, endpoints, limits, locks, Lines(), clock, rng, Rate(float(rate)), at_once=2)
    try:
        one = Worker(setup, TaskRunner(setup))
        with graceful_shutdown(one.stop):
            print("ended", dict(one.run()), flush=True)
    except Problem as problem:
        print("FAILED", problem, flush=True)
        sys.exit(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
