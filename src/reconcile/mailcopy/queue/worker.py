"""A worker: admits what is due to the job engine, lets it run, and watches over the other workers."""

from __future__ import annotations

import contextlib
import functools
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence

from reconcile.mailcopy.imap.limits import GRACE
from reconcile.mailcopy.imap.messages.listing import statuses
from reconcile.mailcopy.imap.session import LoginRefused, connect
from reconcile.mailcopy.queue.dispatch import Dispatcher
from reconcile.mailcopy.queue.failover import Failover, same_name
from reconcile.mailcopy.queue.jobs import Job
from reconcile.mailcopy.queue.task import TaskRunner, WorkerSetup
from reconcile.mailcopy.queue.tickets import LEASE, Ticket
from reconcile.mailcopy.storage.database import DatabaseUnreachable, Statements
from reconcile.problem import Problem

#: Seconds between two looks for what is due, in a run and in a service, and between two after the other workers.
LOOK_EVERY, LOOK_EVERY_SERVICE, GUARD_EVERY = 0.2, 1.0, 5.0
#: Seconds between two looks of a service for copies that are due another pass.
AGAIN_EVERY = 60.0
#: Seconds between two removals of what the job engine need not remember.
TIDY_EVERY = 3600.0


class Worker:
    """One worker process. ``stop`` may be called from any thread or a signal handler."""

    def __init__(self, setup: WorkerSetup, dispatcher: Dispatcher, tasks: TaskRunner) -> None:
        self._name = setup.name
        self._jobs = setup.location.jobs
        self._dispatcher = dispatcher
        self._locks = setup.locks
        self._tasks = tasks
        self._endpoints = setup.endpoints
        self._clock = setup.clock
        self._limits = setup.limits
        self._at_once = setup.at_once
        self._starts_a_minute = setup.starts_a_minute

    def stop(self) -> None:
        """Take no further job, ask for no further message; what is in flight arrives."""
        self._tasks.stop_requested.set()

    def run(
        self, wanted: Callable[[], Collection[str]], *, wait: bool = True, every: float | None = None
    ) -> Counter[str]:
        """Give every copy of ``wanted`` a pass. ``wait``: stay until those to be tried again have been. ``every``: stay
        until stopped, with another pass for each so many seconds after its last. Returns how many passes ended in each
        state. Raises ``Problem`` COPY16 for a name that is taken, and when no job could go on (disk full).
        """
        if not self._locks.hold(self._name):
            raise same_name(self._name)
        if every is None:
            self._jobs.another_pass(wanted())
        look_every = LOOK_EVERY if every is None else LOOK_EVERY_SERVICE
        try:
            self._dispatcher.start(
                self._tasks.carry_out, self._limits, self._at_once, self._starts_a_minute, look_every
            )
            with self._leases_kept(), self._measured(wanted()):
                try:
                    self._loop(wanted, wait, every)
                finally:
                    self.stop()
                    while self._tasks.held:
                        time.sleep(0.05)
        finally:
            self._dispatcher.stop()
            self._locks.close()
        if self._tasks.fatal:
            raise self._tasks.fatal
        return self._tasks.ended

    def _loop(self, wanted: Callable[[], Collection[str]], wait: bool, every: float | None) -> None:
        failover = Failover(self._name, self._jobs, self._dispatcher, self._locks)
        checked = tidied = again = probed = float("-inf")
        stop_requested = self._tasks.stop_requested
        while not stop_requested.is_set():
            now = time.monotonic()
            with contextlib.suppress(DatabaseUnreachable):  # it comes back, or the worker is stopped
                if now - checked >= GUARD_EVERY:
                    failover.check()
                    checked = now
                if every is not None and now - again >= AGAIN_EVERY:
                    self._jobs.another_round(wanted(), every)
                    again = now
                if every is not None and now - probed >= every:
                    self._tasks.login_probe.forget_refusals()
                    probed = now
                if now - tidied >= TIDY_EVERY:
                    self._dispatcher.tidy(self._clock.now())
                    tidied = now
                keys = wanted()
                self._dispatcher.admit(functools.partial(self._admitted, keys))
                if every is None and not self._outstanding(keys, wait):
                    return
            stop_requested.wait(LOOK_EVERY if every is None else LOOK_EVERY_SERVICE)

    def _admitted(self, keys: Collection[str], run: Statements) -> Sequence[Ticket]:
        return self._jobs.admit(run, keys, 2 * self._at_once, self._tasks.login_probe.refusing)

    def _outstanding(self, keys: Collection[str], wait: bool) -> bool:
        """Whether something is to be done or under way here; with ``wait`` also what is to be tried again, and what a
        worker holds that may yet die."""
        now, refusing = self._clock.now().timestamp(), self._tasks.login_probe.refusing
        for job in self._jobs.unfinished():
            if job.key not in keys or job.source in refusing:
                continue
            here = job.state != "running" or job.worker == self._name
            if wait or (here and job.not_before <= now):
                return True
        return False

    @contextlib.contextmanager
    def _leases_kept(self) -> Iterator[None]:
        """Renew what is held. A lease already lost is noticed by its task at the next progress note."""
        over = threading.Event()

        def keep() -> None:
            while not over.wait(LEASE / 4):
                for job in list(self._tasks.held.values()):
                    with contextlib.suppress(Problem):
                        self._jobs.renew(job, self._name)

        renewer = threading.Thread(target=keep, daemon=True)
        renewer.start()
        try:
            yield
        finally:
            over.set()
            renewer.join()

    @contextlib.contextmanager
    def _measured(self, keys: Collection[str]) -> Iterator[None]:
        """Beside the copies, ask the old servers how many messages each mailbox holds that nobody looked at yet.

        It serves the forecast and the order, so nothing waits for it; what is odd about a mailbox, its own pass says.
        """
        over = threading.Event()

        def measure() -> None:
            closed: set[str] = set()  # one refused login is enough: a server might lock the master user out
            for job in self._jobs.list():
                if over.is_set() or self._tasks.stop_requested.is_set():
                    return
                fresh = job.messages_total is None and job.state in ("queued", "waiting")
                if job.key not in keys or not fresh or job.key in self._tasks.held or job.source in closed:
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
