"""One job that was claimed: give the mailbox a pass, write down how that ended. It never raises."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import random
import threading
from collections import Counter
from collections.abc import Callable
from typing import Protocol

from reconcile.clock import Clock
from reconcile.language.phrase import Phrase
from reconcile.mailcopy.imap.interruptions import Stopped
from reconcile.mailcopy.imap.session import LoginRefused, Password, Unreachable
from reconcile.mailcopy.ledger.ledger import LeaseLost
from reconcile.mailcopy.passes import PassOptions, ThrottledProblem, copy_mailbox
from reconcile.mailcopy.queue.back import WaysBack
from reconcile.mailcopy.queue.endpoints import Endpoints
from reconcile.mailcopy.queue.jobs import MORE, Job
from reconcile.mailcopy.queue.late_arrivals import noting
from reconcile.mailcopy.queue.late_mail import LateMail
from reconcile.mailcopy.queue.leases import awake_seconds
from reconcile.mailcopy.queue.liveness import Locks
from reconcile.mailcopy.queue.location import Location
from reconcile.mailcopy.queue.login_probe import LoginProbe
from reconcile.mailcopy.queue.rate import Rate
from reconcile.mailcopy.queue.work_list import Limits
from reconcile.mailcopy.report import Progress, Report
from reconcile.mailcopy.storage.database import DatabaseUnreachable
from reconcile.problem import Problem

#: Seconds between two notes of a job's progress, which also renew its lease.
NOTE_EVERY = 2.0
#: Seconds after which a pass ends although mail is left, and another goes on: mail that came meanwhile is
#: then the newest.
TASK_SECONDS = 900.0
#: Seconds before a mailbox that could not be reached is tried again; doubled each time, with a random part.
RETRY, RETRY_MOST = 15.0, 900.0
#: Seconds before a mailbox is tried again whose ledger was out of reach, and between tries to write the end down.
RETRY_DATABASE = 5.0
#: Failures in a row before a job is given up until it is asked for again.
ATTEMPTS = 8


class Watcher(Protocol):
    """Who shows what goes on. Called from several threads, one job always from the same."""

    def started(self, job: Job) -> None: ...

    def moved(self, job: Job, progress: Progress) -> None: ...

    def noticed(self, job: Job, text: str) -> None:
        """Something to know before its first message is copied."""
        ...

    def finished(self, job: Job, state: str, report: Report | None, problem: Problem | None, wait: float) -> None: ...


@dataclasses.dataclass(frozen=True, slots=True)
class WorkerSetup:
    """What a worker is made of. ``at_once``: mailboxes it copies at the same time. ``calendar``: the federations' time
    where it is not ``clock``'s."""

    name: str
    location: Location
    endpoints: Callable[[Job], Endpoints]
    limits: Limits
    locks: Locks
    watcher: Watcher
    clock: Clock
    rng: random.Random
    rate: Rate
    at_once: int
    calendar: Clock | None = None


class TaskRunner:
    """Carries out what one worker claimed. ``held``: that, by key. ``ended`` counts the passes by the state they ended
    in; ``fatal`` is why no job can go on, when that is so (disk full)."""

    def __init__(self, setup: WorkerSetup) -> None:
        self.held: dict[str, Job] = {}
        self.ended: Counter[str] = Counter()
        self.fatal: Problem | None = None
        self.login_probe = LoginProbe()
        self.stop_requested = threading.Event()
        self._location, self._jobs = setup.location, setup.location.jobs
        self._worker = setup.name
        self._ways_back = WaysBack(setup.location, setup.name, setup.calendar or setup.clock)
        self._endpoints = setup.endpoints
        self._watcher = setup.watcher
        self._clock = setup.clock
        self._rng = setup.rng
        self._rate = setup.rate
        self._lock = threading.Lock()

    def carry_out(self, job: Job) -> None:
        """Passes, one after the other while the mailbox's turn lasts, to their end."""
        try:
            while self._given_a_pass(job) == MORE:
                pass
        except Exception as error:  # not the mailbox: the list, or the watcher
            self._end_all(error if isinstance(error, Problem) else _unforeseen(job.key, error))

    def _given_a_pass(self, job: Job) -> str:
        self._watcher.started(job)
        problem, report, wait = None, None, 0.0
        try:
            report = self._copy(job, awake_seconds())
            state = _state_of(report)
            if state == "queued" and not self.stop_requested.is_set():
                state = MORE
        except LeaseLost:
            state = "lost"
        except Stopped:
            state = "queued"
        except Exception as error:
            problem = error if isinstance(error, Problem) else _unforeseen(job.key, error)
            state, wait = self._judged(job, problem)
        if state not in ("lost", MORE) and not self._written_down(job, state, report, problem, wait):
            state = "lost"
        self._watcher.finished(job, state, report, problem, wait)
        if state not in ("lost", MORE):
            with self._lock:
                self.ended[state] += 1
        return state

    def _copy(self, job: Job, began: float) -> Report:
        noted = began

        def watch(progress: Progress) -> None:
            nonlocal noted
            self._rate.spend(job.key, progress.messages, self._clock)
            if awake_seconds() - noted < NOTE_EVERY:
                return
            self._note(job, progress)
            noted = awake_seconds()
            self._watcher.moved(job, progress)

        def stop() -> bool:
            return self.stop_requested.is_set() or awake_seconds() - began > TASK_SECONDS

        endpoints = self._endpoints(job)
        if job.goes_back:
            report = self._ways_back.given_a_pass(job, endpoints, self._clock, stop, watch)
        else:
            with contextlib.closing(self._location.ledger(job)) as ledger:
                notice = functools.partial(self._watcher.noticed, job)
                halt, surveyed = self.stop_requested.is_set, noting(LateMail(self._location.database), job)
                options = PassOptions(job.folder, stop=stop, watch=watch, notice=notice, halt=halt, surveyed=surveyed)
                report = copy_mailbox(endpoints.source, endpoints.destination, ledger, self._clock, options)
        self.login_probe.accepted(job.source)
        done = report.already + report.adopted + report.copied
        self._note(job, Progress(done, done + report.left + len(report.refused), report.volume, report.volume))
        return report

    def _note(self, job: Job, progress: Progress) -> None:
        counts = (progress.messages, progress.messages_total, progress.volume, progress.volume_total)
        if not self._jobs.progress(job, self._worker, counts):
            raise LeaseLost

    def _judged(self, job: Job, problem: Problem) -> tuple[str, float]:
        """The state after a failure, and the seconds until another try."""
        may_pass = isinstance(problem, (Unreachable, LoginRefused)) or problem.code == "COPY06"
        if problem.code == "COPY04":
            # No room for the ledger: no other mailbox would fare better.
            self._end_all(problem)
            return "queued", 0.0
        if isinstance(problem, DatabaseUnreachable):
            return "waiting", RETRY_DATABASE * self._rng.uniform(1.0, 2.0)
        if isinstance(problem, LoginRefused) and isinstance(problem.endpoint.login, Password):
            if problem.of_all:
                self.login_probe.refused(job.source)
        elif isinstance(problem, ThrottledProblem):
            return "waiting", problem.wait * self._rng.uniform(1.0, 1.25)
        elif may_pass and job.attempts + 1 < ATTEMPTS:
            return "waiting", min(RETRY_MOST, RETRY * 2.0**job.attempts) * self._rng.uniform(0.75, 1.25)
        return "failed", 0.0

    def _written_down(self, job: Job, state: str, report: Report | None, problem: Problem | None, wait: float) -> bool:
        """Whether the end of a pass could be recorded. A database that is away is waited for: the lease may run out
        meanwhile, and the record is then refused."""
        refused = len(report.refused) if report else 0
        error = str(problem) if problem else _shortcoming(report) if report else ""
        while True:
            try:
                return self._jobs.finish(job, self._worker, state, refused=refused, error=error, wait=wait)
            except DatabaseUnreachable:
                if self.stop_requested.wait(RETRY_DATABASE):
                    return False
            except Problem as worse:
                self._end_all(worse)
                return False

    def _end_all(self, problem: Problem) -> None:
        self.fatal = problem
        self.stop_requested.set()


def _state_of(report: Report) -> str:
    if report.left and not report.full:
        return "queued"  # stopped half way
    return "done" if report.complete else "partial"


def _shortcoming(report: Report) -> str:
    return report.full or next(iter(report.failed.values()), "")


def _unforeseen(key: str, error: Exception) -> Problem:
    return Problem(
        "COPY14",
        Phrase(
            "{key} ended with an unexpected error: {kind}: {error}", key=key, kind=type(error).__name__, error=error
        ),
        "report it; the other mailboxes go on, and this one can be tried again: reconcile copy retry",
    )
