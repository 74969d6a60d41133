"""Runs copy jobs: several mailboxes at once, small ones first, each held by a lease that is kept alive."""

from __future__ import annotations

import contextlib
import dataclasses
import random
import threading
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

from reconcile.clock import Clock
from reconcile.mailcopy.interruptions import ConnectionLost
from reconcile.mailcopy.jobs import LEASE, Job, JobList
from reconcile.mailcopy.lease import awake_seconds, holder
from reconcile.mailcopy.ledger import LeaseLost, Ledger
from reconcile.mailcopy.listing import statuses
from reconcile.mailcopy.passes import ThrottledProblem, copy_mailbox
from reconcile.mailcopy.report import Progress, Report
from reconcile.mailcopy.session import Endpoint, LoginRefused, Password, Unreachable, connect
from reconcile.problem import Problem

#: Seconds between two notes of a job's progress, which also renew its lease.
NOTE_EVERY = 1.0
#: Seconds before a mailbox that could not be reached is tried again; doubled each time, with a random part.
RETRY, RETRY_MOST = 15.0, 900.0
#: Logins refused by a server that accepted none, before no further one is tried: it might lock the master user out.
REFUSALS = 2
#: Failures in a row before a job is given up until it is asked for again.
ATTEMPTS = 8


class Watcher(Protocol):
    """Who shows what goes on. Called from several threads, one job always from the same."""

    def started(self, job: Job) -> None: ...

    def moved(self, job: Job, progress: Progress) -> None: ...

    def finished(self, job: Job, state: str, report: Report | None, problem: Problem | None, wait: float) -> None: ...


@dataclasses.dataclass(frozen=True, slots=True)
class Ends:
    """The two mailboxes of a job."""

    source: Endpoint
    destination: Endpoint


class Worker:
    """One worker process. ``stop`` may be called from any thread or a signal handler."""

    def __init__(
        self,
        jobs: JobList,
        ledgers: Path,
        ends: Callable[[Job], Ends],
        clock: Clock,
        rng: random.Random,
        watcher: Watcher,
    ) -> None:
        self._jobs = jobs
        self._ledgers = ledgers
        self._ends = ends
        self._clock = clock
        self._rng = rng
        self._watcher = watcher
        self._name = holder(f"{rng.getrandbits(64):016x}")
        self._stopping = threading.Event()
        self._held: dict[str, Job] = {}
        self._open_sources: set[str] = set()
        self._refusals: Counter[str] = Counter()
        self._fatal: Problem | None = None

    def stop(self) -> None:
        """Take no further job, ask for no further message; what is in flight arrives."""
        self._stopping.set()

    def run(self, keys: Collection[str], *, at_once: int, wait: bool) -> Counter[str]:
        """Give every job of ``keys`` a pass, ``at_once`` together. ``wait``: stay until those to be tried again have
        been. Returns how many passes ended in each state. Raises ``Problem`` when no job could go on (disk full).
        """
        self._jobs.another_pass(keys)
        self._measure([job for job in self._jobs.list() if job.key in keys and job.messages_total is None], at_once)
        ended: Counter[str] = Counter()
        over = threading.Event()
        keeper = threading.Thread(target=self._keep_leases, args=(over,), daemon=True)
        keeper.start()
        try:
            with ThreadPoolExecutor(at_once) as pool:
                for future in [pool.submit(self._serve, keys, wait) for _ in range(at_once)]:
                    ended += future.result()
        finally:
            over.set()
            keeper.join()
        if self._fatal:
            raise self._fatal
        return ended

    @property
    def _barred(self) -> set[str]:
        """Sources that refuse every login."""
        return {source for source, count in self._refusals.items() if count >= REFUSALS} - self._open_sources

    def _keep_leases(self, over: threading.Event) -> None:
        """Renew what is held. A lease already lost is noticed by whoever works under it, at its next note."""
        while not over.wait(LEASE / 4):
            for job in list(self._held.values()):
                with contextlib.suppress(Problem):
                    self._jobs.renew(job, self._name)

    def _measure(self, jobs: Sequence[Job], at_once: int) -> None:
        def size(job: Job) -> None:
            if self._stopping.is_set() or job.source in self._barred or job.state == "cancelled":
                return
            try:
                session = connect(self._ends(job).source)
                self._open_sources.add(job.source)
                try:
                    names = [folder.name for folder in session.layout().folders if folder.selectable]
                    found = statuses(session, names).values()
                    self._jobs.measured(job, sum(s.messages for s in found if not isinstance(s, str)))
                finally:
                    session.log_out()
            except LoginRefused:
                self._refusals[job.source] += 1  # the copy itself will say so
            except (Problem, ConnectionLost):
                return  # the copy itself will say so

        with ThreadPoolExecutor(at_once) as pool:
            list(pool.map(size, jobs))
        self._refusals.clear()

    def _serve(self, keys: Collection[str], wait: bool) -> Counter[str]:
        ended: Counter[str] = Counter()
        while not self._stopping.is_set():
            job = self._jobs.claim(self._name, keys, self._barred)
            if job:
                if state := self._carry_out(job):
                    ended[state] += 1
            elif not wait or not self._outstanding(keys):
                break
            else:
                self._stopping.wait(1.0)
        return ended

    def _outstanding(self, keys: Collection[str]) -> bool:
        """Whether something is still to be tried again, or is held by a worker that may yet die."""
        return any(
            job.key in keys and job.source not in self._barred and job.state in ("queued", "waiting", "running")
            for job in self._jobs.list()
        )

    def _carry_out(self, job: Job) -> str:
        """One pass over one mailbox; the state it ended in, "" when the job was lost to somebody else."""
        self._watcher.started(job)
        self._held[job.key] = job
        try:
            report = self._copy(job)
        except LeaseLost:
            self._watcher.finished(job, "lost", None, None, 0)
            return ""
        except Problem as problem:
            return self._failed(job, problem)
        finally:
            del self._held[job.key]
        state = "done" if report.complete else "partial"
        if report.left and not report.full:
            state = "queued"  # stopped half way
        error = report.full or next(iter(report.failed.values()), "")
        self._jobs.finish(job, self._name, state, refused=len(report.refused), error=error)
        self._watcher.finished(job, state, report, None, 0)
        return state

    def _copy(self, job: Job) -> Report:
        noted = awake_seconds()

        def watch(progress: Progress) -> None:
            nonlocal noted
            if awake_seconds() - noted < NOTE_EVERY:
                return
            self._note(job, progress)
            noted = awake_seconds()
            self._watcher.moved(job, progress)

        ends = self._ends(job)
        with contextlib.closing(Ledger(self._ledgers / job.ledger, job.epoch)) as ledger:
            report = copy_mailbox(
                ends.source,
                ends.destination,
                ledger,
                self._clock,
                folder=job.folder,
                stop=self._stopping.is_set,
                watch=watch,
            )
        self._open_sources.add(job.source)
        done = report.already + report.adopted + report.copied
        self._note(job, Progress(done, done + report.left + len(report.refused), report.volume, report.volume))
        return report

    def _note(self, job: Job, progress: Progress) -> None:
        counts = (progress.messages, progress.messages_total, progress.volume, progress.volume_total)
        if not self._jobs.progress(job, self._name, counts):
            raise LeaseLost

    def _failed(self, job: Job, problem: Problem) -> str:
        state, wait = "failed", 0.0
        may_pass = isinstance(problem, (Unreachable, LoginRefused)) or problem.code == "COPY06"
        if problem.code == "COPY04":
            # No room for the ledger: no other mailbox would fare better.
            self._fatal, state = problem, "queued"
            self.stop()
        elif isinstance(problem, LoginRefused) and isinstance(problem.endpoint.login, Password):
            self._refusals[job.source] += 1
        elif isinstance(problem, ThrottledProblem):
            state, wait = "waiting", problem.wait * self._rng.uniform(1.0, 1.25)
        elif may_pass and job.attempts + 1 < ATTEMPTS:
            state = "waiting"
            wait = min(RETRY_MOST, RETRY * 2.0**job.attempts) * self._rng.uniform(0.75, 1.25)
        try:
            self._jobs.finish(job, self._name, state, error=str(problem), wait=wait)
        except Problem as worse:
            self._fatal = worse
        self._watcher.finished(job, state, None, problem, wait)
        return state
