"""One worker as a process: ``python -m bench.scale.worker URL OLD-PORT NEW-PORT NAME AT-ONCE CONNECTIONS``.

Says ``ready`` once everything is imported, begins when it is sent a line, and says its processor seconds at the end.
"""

from __future__ import annotations

import os
import random
import sys
import time

from tests.mailcopy.dovecot import PASSWORD

from reconcile.clock import SystemClock
from reconcile.garbage_collection import tune_garbage_collection
from reconcile.mailcopy.imap.session import Endpoint, Password
from reconcile.mailcopy.queue.endpoints import Endpoints
from reconcile.mailcopy.queue.jobs import Job
from reconcile.mailcopy.queue.liveness import PostgresLocks
from reconcile.mailcopy.queue.location import PostgresLocation
from reconcile.mailcopy.queue.rate import Rate
from reconcile.mailcopy.queue.task import TaskRunner, WorkerSetup
from reconcile.mailcopy.queue.work_list import Limits
from reconcile.mailcopy.queue.worker import Worker
from reconcile.mailcopy.report import Progress, Report
from reconcile.problem import Problem


class Silent:
    """Nobody looks on."""

    def started(self, job: Job) -> None:
        return

    def moved(self, job: Job, progress: Progress) -> None:
        return

    def noticed(self, job: Job, text: str) -> None:
        return

    def finished(self, job: Job, state: str, report: Report | None, problem: Problem | None, wait: float) -> None:
        return


def main(url: str, old: int, new: int, name: str, at_once: int, connections: int) -> None:
    clock = SystemClock()
    location = PostgresLocation(url, "", clock)

    def endpoints(job: Job) -> Endpoints:
        def end(port: int) -> Endpoint:
            return Endpoint("127.0.0.1", port, Password(job.login, PASSWORD), tls=False, connections=connections)

        return Endpoints(end(old), end(new))

    limits, locks = Limits(1000, 1000), PostgresLocks(location.database)
    rng = random.SystemRandom()
    setup = WorkerSetup(name, location, endpoints, limits, locks, Silent(), clock, rng, Rate(0), at_once)
    location.jobs.list()  # the driver is loaded
    _say("ready")
    sys.stdin.readline()
    began = time.process_time()
    Worker(setup, TaskRunner(setup)).run(wait=False)
    _say(f"{time.process_time() - began:.3f}")


def _say(text: str) -> None:
    sys.stdout.write(text + os.linesep)
    sys.stdout.flush()


if __name__ == "__main__":
    tune_garbage_collection()
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], int(sys.argv[5]), int(sys.argv[6]))
