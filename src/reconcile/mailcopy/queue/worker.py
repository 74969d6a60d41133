"""A worker: admits what is due to the job engine, lets it run, and looks after the others."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from reconcile.clock import Clock
from reconcile.mailcopy.imap.interruptions import ConnectionLost
from reconcile.mailcopy.imap.message_list import statuses
from reconcile.mailcopy.imap.session import LoginRefused, connect
from reconcile.mailcopy.queue.dispatch import Dispatcher
from reconcile.mailcopy.queue.failover import Guard, same_name
from reconcile.mailcopy.queue.jobs import Job
from reconcile.mailcopy.queue.liveness import Locks
from reconcile.mailcopy.queue.task import Ends, Slices
from reconcile.mailcopy.queue.tickets import LEASE, Limits, WorkList
from reconcile.mailcopy.storage.database import DatabaseUnreachable
from reconcile.problem import Problem

#: Seconds between two looks for what is due, in a run and in a service, and between two after the other workers.
LOOK_EVERY, LOOK_EVERY_SERVICE, GUARD_EVERY = 0.2, 1.0, 5.0
#: Seconds between two looks of a service for copies that are due another pass.
AGAIN_EVERY = 60.0
#: Seconds between two removals of what the job engine need not remember.
TIDY_EVERY = 3600.0


class Worker:
    """One worker process. ``stop`` may be called from any thread or a signal handler."""

    def __init__(
        self,
        name: str,
        jobs: WorkList,
        dispatcher: Dispatcher,
        locks: Locks,
        slices: Slices,
        ends: Callable[[Job], Ends],
        clock: Clock,
        limits: Limits,
        *,
        at_once: int,
        starts_a_minute: int = 0,
    ) -> None:
        self._name = name
        self._jobs = jobs
        self._dispatcher = dispatcher
        self._locks = locks
        self._slices = slices
        self._ends = ends
        self._clock = clock
        self._limits = limits
        self._at_once = at_once
        self._starts_a_minute = starts_a_minute

    def stop(self) -> None:
        """Take no further job, ask for no further message; what is in flight arrives."""
        self._slices.stopping.set()

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
        self._measure(wanted())
        look_every = LOOK_EVERY if every is None else LOOK_EVERY_SERVICE
        try:
            self._dispatcher.start(
                self._slices.carry_out, self._limits, self._at_once, self._starts_a_minute, look_every
            )
            with self._leases_kept():
                try:
                    self._loop(wanted, wait, every)
                finally:
                    self.stop()
                    while self._slices.held:
                        time.sleep(0.05)
        finally:
            self._dispatcher.stop()
            self._locks.close()
        if self._slices.fatal:
            raise self._slices.fatal
        return self._slices.ended

    def _loop(self, wanted: Callable[[], Collection[str]], wait: bool, every: float | None) -> None:
        guard = Guard(self._name, self._jobs, self._dispatcher, self._locks)
        guarded = tidied = again = knocked = float("-inf")
        stopping = self._slices.stopping
        while not stopping.is_set():
            now = time.monotonic()
            with contextlib.suppress(DatabaseUnreachable):  # it comes back, or somebody stops us
                if now - guarded >= GUARD_EVERY:
                    guard.look()
                    guarded = now
                if every is not None and now - again >= AGAIN_EVERY:
                    self._jobs.another_round(wanted(), every)
                    again = now
                if every is not None and now - knocked >= every:
                    self._slices.doors.forget_refusals()
                    knocked = now
                if now - tidied >= TIDY_EVERY:
                    self._dispatcher.tidy(self._clock.now())
                    tidied = now
                keys = wanted()
                self._dispatcher.admit(
                    lambda run, keys=keys: self._jobs.admit(  # type: ignore[misc]
                        run, keys, 2 * self._at_once, self._slices.doors.barred
                    )
                )
                if every is None and not self._outstanding(keys, wait):
                    return
            stopping.wait(LOOK_EVERY if every is None else LOOK_EVERY_SERVICE)

    def _outstanding(self, keys: Collection[str], wait: bool) -> bool:
        """Whether something is to be done or under way here; with ``wait`` also what is to be tried again, and what a
        worker holds that may yet die."""
        now, barred = self._clock.now().timestamp(), self._slices.doors.barred
        for job in self._jobs.unfinished():
            if job.key not in keys or job.source in barred:
                continue
            here = job.state != "running" or job.worker == self._name
            if wait or (here and job.not_before <= now):
                return True
        return False

    @contextlib.contextmanager
    def _leases_kept(self) -> Iterator[None]:
        """Renew what is held. A lease already lost is noticed by whoever works under it, at its next note."""
        over = threading.Event()

        def keep() -> None:
            while not over.wait(LEASE / 4):
                for job in list(self._slices.held.values()):
                    with contextlib.suppress(Problem):
                        self._jobs.renew(job, self._name)

        keeper = threading.Thread(target=keep, daemon=True)
        keeper.start()
        try:
            yield
        finally:
            over.set()
            keeper.join()

    def _measure(self, keys: Collection[str]) -> None:
        """Ask the old servers how many messages each mailbox holds that nobody looked at yet."""
        jobs: Sequence[Job] = [
            job
            for job in self._jobs.list()
            if job.key in keys and job.messages_total is None and job.state not in ("cancelled", "paused")
        ]
        doors = self._slices.doors

        def size(job: Job) -> None:
            if self._slices.stopping.is_set() or job.source in doors.barred:
                return
            try:
                session = connect(self._ends(job).source)
                doors.opened(job.source)
                try:
                    names = [folder.name for folder in session.layout().folders if folder.selectable]
                    found = statuses(session, names).values()
                    self._jobs.measured(job, sum(s.messages for s in found if not isinstance(s, str)))
                finally:
                    session.log_out()
            except LoginRefused:
                doors.refused(job.source)  # the copy itself will say so
            except (Problem, ConnectionLost):
                return  # the copy itself will say so

        with ThreadPoolExecutor(self._at_once) as pool:
            list(pool.map(size, jobs))
        doors.forget_refusals()
