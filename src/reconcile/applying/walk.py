"""Walk the change graph: start whatever is ready, within each kind's limit, without barriers; finish what is in flight.

Every decision is taken in the calling thread; worker threads only carry one write out.
"""

from __future__ import annotations

import collections
import concurrent.futures
import datetime as dt
import threading
from collections.abc import Callable, Sequence

from reconcile.applying.events import Event, Finished, Listener, Started, Stopping
from reconcile.applying.outcome import Outcome, Result
from reconcile.planning.plan import Blocked, Change
from reconcile.resources.address import Address
from reconcile.resources.desired import due_now

#: Carries one change out, in a worker thread. Never raises: a failure is an outcome.
Perform = Callable[[Change], Outcome]
#: How many writes of a kind may be under way at once.
Limit = Callable[[str], int]

#: Threads are made as they are needed; the limits per kind keep them far below this.
WORKERS = 128

#: How long the walk sleeps at most before it looks again whether it was asked to stop, in seconds.
_ATTENTION = 0.2


class Walk:
    """One walk over the changes of a plan."""

    def __init__(
        self,
        changes: Sequence[Change],
        blocked: Sequence[Blocked],
        *,
        perform: Perform,
        limit: Limit,
        now: dt.datetime,
        stop: threading.Event,
        listener: Listener,
    ) -> None:
        self._perform = perform
        self._limit = limit
        self._now = now
        self._stop = stop
        self._tell: Callable[[Event], None] = listener
        self._waiting: dict[Address, Change] = {change.address: change for change in changes}
        self._unknown = {one.address for one in blocked}
        self._outcomes: dict[Address, Outcome] = {}
        self._flying: dict[concurrent.futures.Future[Outcome], Change] = {}
        self._busy: collections.Counter[str] = collections.Counter()

    def run(self) -> tuple[Outcome, ...]:
        """Carry out all that can be; the outcome of every change, in the order they ended."""
        told = False
        with concurrent.futures.ThreadPoolExecutor(max_workers=WORKERS, thread_name_prefix="apply") as pool:
            while True:
                if not self._stop.is_set():
                    self._start_ready(pool)
                elif not told:
                    told = True
                    self._tell(Stopping(tuple(self._flying.values())))
                if not self._flying:
                    break
                self._collect()
        for change in self._waiting.values():
            self._end(Outcome(change, Result.NOT_STARTED))
        return tuple(self._outcomes.values())

    def _start_ready(self, pool: concurrent.futures.Executor) -> None:
        settled = True
        while settled:  # a change set aside may set its dependants aside
            settled = False
            for change in list(self._waiting.values()):
                held = self._held_by(change)
                if held is not None:
                    del self._waiting[change.address]
                    self._end(held)
                    settled = True
        for change in list(self._waiting.values()):
            if self._busy[change.address.kind] >= self._limit(change.address.kind):
                continue
            if all(self._right(address) for address in change.after):
                del self._waiting[change.address]
                self._busy[change.address.kind] += 1
                self._tell(Started(change))
                self._flying[pool.submit(self._perform, change)] = change

    def _held_by(self, change: Change) -> Outcome | None:
        """The outcome of a change that cannot be carried out in this run; None when it may still be."""
        if not due_now(change.due, self._now):
            return Outcome(change, Result.NOT_DUE)
        for address in change.after:
            if address in self._unknown:
                return Outcome(change, Result.SKIPPED, because=address)
            ended = self._outcomes.get(address)
            if ended is not None and ended.result is not Result.DONE:
                result = Result.NOT_DUE if ended.result is Result.NOT_DUE else Result.SKIPPED
                return Outcome(change, result, because=ended.because or address)
        return None

    def _right(self, address: Address) -> bool:
        ended = self._outcomes.get(address)
        return ended is not None and ended.result is Result.DONE

    def _collect(self) -> None:
        done, _ = concurrent.futures.wait(
            self._flying, timeout=_ATTENTION, return_when=concurrent.futures.FIRST_COMPLETED
        )
        for future in done:
            change = self._flying.pop(future)
            self._busy[change.address.kind] -= 1
            self._end(future.result())

    def _end(self, outcome: Outcome) -> None:
        self._outcomes[outcome.change.address] = outcome
        self._tell(Finished(outcome))
