"""Failover: hands on what a dead or frozen worker had."""

from __future__ import annotations

from collections import Counter

from reconcile.language.phrase import Phrase
from reconcile.mailcopy.queue.liveness import Locks
from reconcile.mailcopy.queue.work_list import WorkList
from reconcile.problem import Problem


def same_name(worker: str) -> Problem:
    return Problem(
        "COPY16",
        Phrase("A worker called {worker} runs already.", worker=worker),
        "give this one another name, or stop the other; without --id every worker gets a name of its own",
    )


class Failover:
    """Every worker runs one. A check is cheap, and what one leaves undone the next does."""

    def __init__(self, worker: str, jobs: WorkList, locks: Locks) -> None:
        self._worker = worker
        self._jobs = jobs
        self._locks = locks
        self._times_free: Counter[str] = Counter()

    def check(self) -> None:
        """Raises ``Problem`` COPY16 when another worker took this worker's name while the database was away."""
        if not self._locks.hold(self._worker):
            raise same_name(self._worker)
        others = self._jobs.holders() - {"", self._worker}
        for name in set(self._times_free) - others:
            del self._times_free[name]
        for name in others:
            self._times_free[name] = self._times_free[name] + 1 if self._locks.is_free(name) else 0
        dead = [name for name in others if self._times_free[name] >= self._locks.looks]
        self._jobs.release(dead)
