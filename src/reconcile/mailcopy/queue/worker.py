"""A worker: claims what is due, lets it run, and watches over the other workers."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from reconcile.mailcopy.imap.limits import GRACE
from reconcile.mailcopy.imap.messages.listing import statuses
from reconcile.mailcopy.imap.session import LoginRefused, connect
from reconcile.mailcopy.queue.choice import EVERYTHING, Choice
from reconcile.mailcopy.queue.failover import Failover, same_name
from reconcile.mailcopy.queue.jobs import Job
from reconcile.mailcopy.queue.task import TaskRunner, WorkerSetup
from reconcile.mailcopy.queue.work_list import LEASE, Claimant
from reconcile.mailcopy.storage.database import DatabaseUnreachable
from reconcile.problem import Problem

#: Seconds between two looks for what is due, when no mailbox ends meanwhile, and between two after the other workers.
LOOK_EVERY, GUARD_EVERY = 1.0, 5.0
#: Seconds between two looks of a service for copies that are due another pass.
AGAIN_EVERY = 60.0


class Worker:
    """One worker process. ``stop`` may be called from any thread or a signal handler."""

    def __init__(self, setup: WorkerSetup, tasks: TaskRunner) -> None:
        self._name = setup.name
        self._jobs = setup.location.jobs
        self._locks = setup.locks
        self._tasks = tasks
        self._endpoints = setup.endpoints
        self._limits = setup.limits
        self._at_once = setup.at_once
        self._news: queue.SimpleQueue[None] = queue.SimpleQueue()

    def stop(self) -> None:
        """Take no further job, ask for no further message; what is in flight arrives."""
        self._tasks.stop_requested.set()
        self._news.put(None)

    def run(self, choice: Choice = EVERYTHING, *, wait: bool = True, every: float | None = None) -> Counter[str]:
        """Give every copy that is chosen a pass; returns how many passes ended in each state.

        ``wait``: stay until those to be tried again have been. ``every``: stay until stopped, with another pass for
        each so many seconds after its last.

        Raises ``Problem`` COPY16 for a name that is taken, and when no job could go on (disk full).
        """
        if not self._locks.hold(self._name):
            raise same_name(self._name)
        try:
            if every is None:
                self._jobs.another_round(choice)
            self._jobs.release([self._name])  # what it had when it was killed
            with self._leases_kept(), self._measured(choice), ThreadPoolExecutor(self._at_once) as places:
                try:
                    self._loop(choice, places, wait, every)
                finally:
                    self.stop()
        finally:
            self._locks.close()
        if self._tasks.fatal:
            raise self._tasks.fatal
        return self._tasks.ended

    def _loop(self, choice: Choice, places: ThreadPoolExecutor, wait: bool, every: float | None) -> None:
        failover = Failover(self._name, self._jobs, self._locks)
        checked = again = probed = float("-inf")
        while not self._tasks.stop_requested.is_set():
            now = time.monotonic()
            with contextlib.suppress(DatabaseUnreachable):  # it comes back, or the worker is stopped
                if now - checked >= GUARD_EVERY:
                    failover.check()
                    checked = now
                if every is not None and now - again >= AGAIN_EVERY:
                    self._jobs.another_round(choice, every)
                    again = now
                if every is not None and now - probed >= every:
                    self._tasks.login_probe.forget_refusals()
                    probed = now
                by = Claimant(self._name, choice, self._tasks.login_probe.refusing)
                self._begin(by, places)
                if every is None and not self._tasks.held and not self._jobs.outstanding(by, wait):
                    return
            self._await_news()

    def _begin(self, by: Claimant, places: ThreadPoolExecutor) -> None:
        """Claim as much as there are places, and set it going."""
        busy = set(self._tasks.held)
        if free := self._at_once - len(busy):
            for job in self._jobs.claim(by, self._limits, free, busy):
                self._tasks.held[job.key] = job
                places.submit(self._carry_out, job)

    def _carry_out(self, job: Job) -> None:
        self._tasks.carry_out(job)
        del self._tasks.held[job.key]
        self._news.put(None)

    def _await_news(self) -> None:
        """A mailbox ended, or it is time for another look."""
        with contextlib.suppress(queue.Empty):
            self._news.get(timeout=LOOK_EVERY)
            while True:
                self._news.get_nowait()

    @contextlib.contextmanager
    def _leases_kept(self) -> Iterator[None]:
        """Renew what is held. A lease already lost is noticed by its task at the next progress note."""
        over = threading.Event()

        def keep() -> None:
            while not over.wait(LEASE / 4):
                if held := list(self._tasks.held.values()):
                    with contextlib.suppress(Problem):
                        self._jobs.renew(held, self._name)

        renewer = threading.Thread(target=keep, daemon=True)
        renewer.start()
        try:
            yield
        finally:
            over.set()
            renewer.join()

    @contextlib.contextmanager
    def _measured(self, choice: Choice) -> Iterator[None]:
        """Beside the copies, ask the old servers how many messages each mailbox holds that nobody looked at yet.

        It serves the forecast and the order, so nothing waits for it; what is odd about a mailbox, its own pass says.
        """
        over = threading.Event()

        def measure() -> None:
            closed: set[str] = set()  # one refused login is enough: a server might lock the master user out
            with contextlib.suppress(Problem):
                for job in self._jobs.unmeasured(choice):
                    if over.is_set() or self._tasks.stop_requested.is_set():
                        return
                    if job.key in self._tasks.held or job.source in closed:
                        continue
                    try:
                        self._size(job, over.is_set)
                    except LoginRefused as refused:
                        closed |= {job.source} if refused.of_all else set()
                    except Exception:  # noqa: S112 - whatever it is, it is that mailbox's, and its pass says so
                        continue

        measuring = threading.Thread(target=measure, daemon=True)
        measuring.start()
        try:
            yield
        finally:
            over.set()
            measuring.join(2 * GRACE)

    def _size(self, job: Job, over: Callable[[], bool]) -> None:
        session = connect(self._endpoints(job).source, lambda: over() or self._tasks.stop_requested.is_set())
        try:
            names = [folder.name for folder in session.layout().folders if folder.selectable]
            found = statuses(session, names).values()
            self._jobs.measured(job, sum(s.messages for s in found if not isinstance(s, str)))
        finally:
            session.log_out()
