"""Walk the change graph: start whatever is ready, within each kind's limit, without barriers; finish what is in flight.

Every decision is taken in the calling thread; the crew only carries writes out, and one that waits holds no thread. The
work of deciding grows with the number of changes and of prerequisites, not with their square.
"""

from __future__ import annotations

import collections
import concurrent.futures
import dataclasses
import datetime as dt
import threading
from collections.abc import Callable, Collection, Sequence

from reconcile.applying.crew import Crew
from reconcile.applying.events import Event, Finished, Listener, Started, Stopping
from reconcile.applying.outcome import Outcome, Result
from reconcile.clock import Clock
from reconcile.planning.order.behind import counts
from reconcile.planning.plan.plan import Blocked, Change
from reconcile.resources.address import Address
from reconcile.resources.milestones import due_now
from reconcile.steps import Steps

#: Carries one change out, in steps. Never raises: a failure is an outcome.
Perform = Callable[[Change], Steps[Outcome]]
#: How many writes of a kind may be under way at once.
Limit = Callable[[str], int]

#: How long the walk sleeps at most before it looks again whether it was asked to stop, in seconds.
_ATTENTION = 0.2


@dataclasses.dataclass(frozen=True, slots=True)
class Work:
    """What one walk is about: the changes of a plan, what nothing is known of, and what its gates hold back."""

    changes: Sequence[Change]
    blocked: Sequence[Blocked] = ()
    held: Collection[Address] = ()


class Walk:
    """One walk over the changes of a plan."""

    def __init__(
        self,
        work: Work,
        *,
        perform: Perform,
        limit: Limit,
        clock: Clock,
        stop: threading.Event,
        listener: Listener,
    ) -> None:
        self._perform = perform
        self._limit = limit
        self._clock = clock
        self._stop = stop
        self._tell: Callable[[Event], None] = listener
        self._outcomes: dict[Address, Outcome] = {}
        changes = work.changes
        self._waiting = {change.address: change for change in changes}
        #: Prerequisites not right yet, and who waits for them.
        self._missing = {change.address: len({*change.after, *change.behind}) for change in changes}
        self._dependants: dict[Address, list[Address]] = {}
        for change in changes:
            for needed in {*change.after, *change.behind}:
                self._dependants.setdefault(needed, []).append(change.address)
        #: Whose failure a change can bear, and how many mailboxes of them may still fail.
        self._behind = {change.address: {*change.behind} - {*change.after} for change in changes if change.behind}
        self._spare = {change.address: change.spare for change in changes if change.behind}
        #: By kind, in the plan's order.
        self._ready: dict[str, collections.deque[Change]] = {
            change.address.kind: collections.deque() for change in changes
        }
        self._flying: dict[concurrent.futures.Future[Outcome], Change] = {}
        self._busy: collections.Counter[str] = collections.Counter()
        self._set_aside(changes, work.blocked, frozenset(work.held), clock.now())

    def run(self) -> tuple[Outcome, ...]:
        """Carry out all that can be; the outcome of every change, in the order they ended."""
        told = False
        with Crew(self._clock) as crew:
            while True:
                if not self._stop.is_set():
                    self._start_ready(crew)
                elif not told:
                    told = True
                    self._tell(Stopping(tuple(self._flying.values())))
                if not self._flying:
                    break
                self._collect()
        for change in list(self._waiting.values()):
            self._end(Outcome(change, Result.NOT_STARTED))
        return tuple(self._outcomes.values())

    def _set_aside(
        self, changes: Sequence[Change], blocked: Sequence[Blocked], held: Collection[Address], now: dt.datetime
    ) -> None:
        """End at once what this run cannot do, and queue what waits for nothing."""
        unknown = {one.address for one in blocked}
        for change in changes:
            needed = next((address for address in change.after if address in unknown), None)
            if change.address not in self._waiting:
                continue  # it hung on one that was set aside before
            if not due_now(change.due, now):
                self._give_up(Outcome(change, Result.NOT_DUE))
            elif change.address in held:
                self._give_up(Outcome(change, Result.HELD))
            elif needed is not None:
                self._give_up(Outcome(change, Result.SKIPPED, because=needed))
        for queue in self._ready.values():
            queue.clear()  # some may have been set aside after they became ready
        for change in list(self._waiting.values()):
            if not self._missing[change.address]:
                self._ready[change.address.kind].append(change)

    def _start_ready(self, crew: Crew) -> None:
        for kind, queue in self._ready.items():
            while queue and self._busy[kind] < self._limit(kind):
                change = queue.popleft()
                del self._waiting[change.address]
                self._busy[kind] += 1
                self._tell(Started(change))
                self._flying[crew.start(kind, self._perform(change))] = change

    def _collect(self) -> None:
        done, _ = concurrent.futures.wait(
            self._flying, timeout=_ATTENTION, return_when=concurrent.futures.FIRST_COMPLETED
        )
        for future in done:
            change = self._flying.pop(future)
            self._busy[change.address.kind] -= 1
            outcome = future.result()
            if outcome.result is Result.DONE:
                self._end(outcome)
                self._release(change.address)
            else:
                self._give_up(outcome)

    def _release(self, address: Address) -> None:
        """One prerequisite less for those that waited for it."""
        for dependant in self._dependants.get(address, ()):
            self._release_one(dependant)

    def _release_one(self, dependant: Address) -> None:
        self._missing[dependant] -= 1
        if not self._missing[dependant] and dependant in self._waiting:
            self._ready[dependant.kind].append(self._waiting[dependant])

    def _bears(self, dependant: Address, failed: Address) -> bool:
        """Whether a change goes on without one that it comes behind."""
        if failed not in self._behind.get(dependant, ()):
            return False
        self._spare[dependant] -= counts(failed)
        return self._spare[dependant] >= 0

    def _give_up(self, outcome: Outcome) -> None:
        """End a change that was not done, and with it all that depends on it, naming the first cause."""
        self._waiting.pop(outcome.change.address, None)
        self._end(outcome)
        todo = [outcome.change.address]
        result = outcome.result if outcome.result in (Result.NOT_DUE, Result.HELD) else Result.SKIPPED
        cause = outcome.because or outcome.change.address
        while todo:
            failed = todo.pop()
            for dependant in self._dependants.get(failed, ()):
                if dependant in self._waiting and self._bears(dependant, failed):
                    self._release_one(dependant)
                    continue
                change = self._waiting.pop(dependant, None)
                if change is not None:
                    self._end(Outcome(change, result, because=cause))
                    todo.append(dependant)

    def _end(self, outcome: Outcome) -> None:
        self._outcomes[outcome.change.address] = outcome
        self._tell(Finished(outcome))
