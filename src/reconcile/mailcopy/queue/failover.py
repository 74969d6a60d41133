"""Failover: hands on what a dead or frozen worker had, and queues again what the job engine lost."""

from __future__ import annotations

from collections import Counter

from reconcile.mailcopy.queue.dispatch import Dispatcher
from reconcile.mailcopy.queue.liveness import Locks
from reconcile.mailcopy.queue.tickets import WorkList
from reconcile.problem import Problem


def same_name(worker: str) -> Problem:
    return Problem(
        "COPY16",
        f"A worker called {worker} runs already.",
        "give this one another name, or stop the other; without --id every worker gets a name of its own",
    )


class Failover:
    """Every worker runs one. A check is cheap, and what one leaves undone the next does."""

    def __init__(self, worker: str, jobs: WorkList, dispatcher: Dispatcher, locks: Locks) -> None:
        self._worker = worker
        self._jobs = jobs
        self._dispatcher = dispatcher
        self._locks = locks
        self._times_free: Counter[str] = Counter()

    def check(self) -> None:
        """Raises ``Problem`` COPY16 when another worker took this worker's name while the database was away."""
        if not self._locks.hold(self._worker):
            raise same_name(self._worker)
        active = self._dispatcher.active()
        others = set(active.values()) - {"", self._worker}
        for name in set(self._times_free) - others:
            del self._times_free[name]
        for name in others:
            self._times_free[name] = self._times_free[name] + 1 if self._locks.is_free(name) else 0
            if self._times_free[name] >= self._locks.looks:
                self._dispatcher.take_over(name)
                self._times_free[name] = 0
        overdue = self._dispatcher.change(lambda run: self._jobs.withdraw(run, active.__contains__))
        self._dispatcher.void(overdue)
