"""Looks after the other workers: hands on what a dead or frozen one had, gives out anew what the job engine lost."""

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


class Guard:
    """Every worker has one. Looks are cheap, and what one leaves undone the next does."""

    def __init__(self, worker: str, jobs: WorkList, dispatcher: Dispatcher, locks: Locks) -> None:
        self._worker = worker
        self._jobs = jobs
        self._dispatcher = dispatcher
        self._locks = locks
        self._free: Counter[str] = Counter()

    def look(self) -> None:
        """Raises ``Problem`` COPY16 when somebody else took this worker's name while the database was away."""
        if not self._locks.hold(self._worker):
            raise same_name(self._worker)
        active = self._dispatcher.active()
        others = set(active.values()) - {"", self._worker}
        for name in set(self._free) - others:
            del self._free[name]
        for name in others:
            self._free[name] = self._free[name] + 1 if self._locks.is_free(name) else 0
            if self._free[name] >= self._locks.looks:
                self._dispatcher.take_over(name)
                self._free[name] = 0
        overdue = self._dispatcher.change(lambda run: self._jobs.withdraw(run, active.__contains__))
        self._dispatcher.void(overdue)
