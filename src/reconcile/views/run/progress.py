"""A run while it goes: a line per change in a log, live counters on a terminal."""

from __future__ import annotations

import collections
from collections.abc import Callable

from rich.table import Table
from rich.text import Text

from reconcile.applying.events import Event, Finished, Started, Stopping
from reconcile.applying.outcome import Outcome, Result
from reconcile.planning.plan.plan import Action, Plan
from reconcile.resources.address import Address
from reconcile.views.actions import STYLES
from reconcile.views.wording import ALARM, QUIET, count, duration, plain, resource

_DID = {
    Action.CREATE: "created",
    Action.UPDATE: "updated",
    Action.DELETE: "deleted",
    Action.ADOPT: "adopted",
    Action.FORGET: "forgotten",
}


class LineProgress:
    """One line per change that ends, handed to ``write``: for a pipeline's log. What is not due yet is left out."""

    def __init__(self, plan: Plan, write: Callable[[Text], None]) -> None:
        self._left = _Counters(plan)
        self._width = len(f"{self._left.total}/{self._left.total}")
        self._write = write

    def __call__(self, event: Event) -> None:
        self._left.follow(event)
        if isinstance(event, Stopping):
            self._write(_stopping(event))
        elif isinstance(event, Finished) and event.outcome.result in (Result.DONE, Result.FAILED):
            place = f"{self._left.ended}/{self._left.total}"
            self._write(Text(f"[{place:>{self._width}}] ").append_text(_ended(event.outcome)))


class LiveProgress:
    """Counters per federation, what is under way and the time left: a renderable, for rich.live.

    ``monotonic`` tells seconds.
    """

    def __init__(self, plan: Plan, monotonic: Callable[[], float]) -> None:
        self._left = _Counters(plan)
        self._monotonic = monotonic
        self._began = monotonic()
        self._under_way: dict[Address, str] = {}
        self._failures: list[Text] = []
        self._stopping: Text | None = None

    def __call__(self, event: Event) -> None:
        self._left.follow(event)
        match event:
            case Started(change):
                self._under_way[change.address] = f"{change.action.name.lower()} {resource(change.address)}"
            case Finished(outcome):
                self._under_way.pop(outcome.change.address, None)
                if outcome.result is Result.FAILED:
                    self._failures.append(_ended(outcome))
            case Stopping():
                self._stopping = _stopping(event)

    def __rich__(self) -> Table:
        table = Table.grid(padding=(0, 2))
        for slug in sorted(self._left.totals):
            ended = self._left.results[slug]
            total = self._left.totals[slug]
            cells = [f"{slug}", f"{ended.total()}/{total}", f"{ended[Result.DONE]} done"]
            cells.append(f"{ended[Result.FAILED]} failed" if ended[Result.FAILED] else "")
            cells.append(f"{ended[Result.SKIPPED]} skipped" if ended[Result.SKIPPED] else "")
            table.add_row(*cells[:3], Text(cells[3], ALARM), cells[4])
        # A copy: the run adds to it while another thread draws.
        under_way = list(self._under_way.values())
        page = Table.grid()
        page.add_row(table)
        for failure in self._failures[-3:]:
            page.add_row(failure)
        page.add_row(Text(self._clock_line(), "bold"))
        page.add_row(
            Text(", ".join(under_way[:3]) + (f" and {len(under_way) - 3} more" if under_way[3:] else ""), QUIET)
        )
        if self._stopping:
            page.add_row(self._stopping)
        return page

    def _clock_line(self) -> str:
        elapsed = self._monotonic() - self._began
        said = f"{self._left.ended} of {count(self._left.total, 'change')} in {duration(elapsed)}"
        remaining = self._left.total - self._left.ended
        if self._left.ended and remaining:
            said += f", about {duration(elapsed / self._left.ended * remaining)} to go"
        return said


class _Counters:
    """How many changes there are to carry out now, and how they ended, by federation."""

    def __init__(self, plan: Plan) -> None:
        self.totals = collections.Counter(change.address.federation for change in plan.changes)
        self.results: dict[str, collections.Counter[Result]] = {slug: collections.Counter() for slug in self.totals}

    @property
    def total(self) -> int:
        return self.totals.total()

    @property
    def ended(self) -> int:
        return sum(results.total() for results in self.results.values())

    def follow(self, event: Event) -> None:
        if not isinstance(event, Finished):
            return
        slug = event.outcome.change.address.federation
        if event.outcome.result in (Result.NOT_DUE, Result.HELD):
            self.totals[slug] -= 1
        else:
            self.results[slug][event.outcome.result] += 1


def _ended(outcome: Outcome) -> Text:
    change = outcome.change
    where = f"{change.address.federation} {resource(change.address)}"
    if outcome.problem is not None:
        said = f"{_FAILED[outcome.written]} {change.action.name.lower()} {where}: {outcome.problem.code} "
        said += plain(outcome.problem.message)
        return Text("! ", ALARM).append(said)
    did = Text(f"{change.action.value} {_DID[change.action]}", STYLES[change.action])
    return did.append(f" {where}", "not bold").append(f"  {outcome.seconds:.1f} s", QUIET)


def _stopping(event: Stopping) -> Text:
    in_flight = count(len(event.in_flight), "write")
    text = (
        f"Stopping: {in_flight} under way will be finished, nothing new is started. Interrupt again to leave at once."
    )
    return Text(text, ALARM)


#: By whether the write was done all the same.
_FAILED = {False: "FAILED to", True: "DONE, NOT RECORDED:"}
