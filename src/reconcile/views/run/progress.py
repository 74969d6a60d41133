"""A run while it goes: a line per change in a log, live counters on a terminal."""

from __future__ import annotations

import collections
from collections.abc import Callable

from rich.table import Table
from rich.text import Text

from reconcile.applying.events import Event, Finished, Started, Stopping
from reconcile.applying.outcome import Outcome, Result
from reconcile.language.catalogue import ENGLISH, Catalogue
from reconcile.language.figures import decimal
from reconcile.language.moments import duration
from reconcile.language.phrase import Phrase
from reconcile.planning.plan.plan import Action, Plan
from reconcile.resources.address import Address
from reconcile.views.actions import STYLES, VERBS
from reconcile.views.counts import changes
from reconcile.views.run.results import counted
from reconcile.views.wording import ALARM, QUIET, colon, plain, resource, some

_DID = {
    Action.CREATE: Phrase("created"),
    Action.UPDATE: Phrase("updated"),
    Action.DELETE: Phrase("deleted"),
    Action.ADOPT: Phrase("adopted"),
    Action.FORGET: Phrase("forgotten"),
}


class LineProgress:
    """One line per change that ends, handed to ``write``: for a pipeline's log. What is not due yet is left out."""

    def __init__(self, plan: Plan, write: Callable[[Text], None], words: Catalogue = ENGLISH) -> None:
        self._words = words
        self._left = _Counters(plan)
        self._width = len(f"{self._left.total}/{self._left.total}")
        self._write = write

    def __call__(self, event: Event) -> None:
        self._left.follow(event)
        if isinstance(event, Stopping):
            self._write(_stopping(event, self._words))
        elif isinstance(event, Finished) and event.outcome.result in (Result.DONE, Result.FAILED):
            place = f"{self._left.ended}/{self._left.total}"
            self._write(Text(f"[{place:>{self._width}}] ").append_text(_ended(event.outcome, self._words)))


class LiveProgress:
    """Counters per federation, what is under way and the time left: a renderable, for rich.live.

    ``monotonic`` tells seconds.
    """

    def __init__(self, plan: Plan, monotonic: Callable[[], float], words: Catalogue = ENGLISH) -> None:
        self._words = words
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
                self._under_way[change.address] = f"{self._words.say(VERBS[change.action])} {resource(change.address)}"
            case Finished(outcome):
                self._under_way.pop(outcome.change.address, None)
                if outcome.result is Result.FAILED:
                    self._failures.append(_ended(outcome, self._words))
            case Stopping():
                self._stopping = _stopping(event, self._words)

    def __rich__(self) -> Table:
        table = Table.grid(padding=(0, 2))
        for slug in sorted(self._left.totals):
            ended = self._left.results[slug]
            total = self._left.totals[slug]
            done, failed, skipped = (
                self._words.say(counted(result, ended[result])) if ended[result] or result is Result.DONE else ""
                for result in (Result.DONE, Result.FAILED, Result.SKIPPED)
            )
            table.add_row(slug, f"{ended.total()}/{total}", done, Text(failed, ALARM), skipped)
        # A copy: the run adds to it while another thread draws.
        under_way = list(self._under_way.values())
        page = Table.grid()
        page.add_row(table)
        for failure in self._failures[-3:]:
            page.add_row(failure)
        page.add_row(Text(self._clock_line(), "bold"))
        page.add_row(Text(self._words.say(some(under_way, 3)), QUIET))
        if self._stopping:
            page.add_row(self._stopping)
        return page

    def _clock_line(self) -> str:
        elapsed = self._monotonic() - self._began
        ended, remaining = self._left.ended, self._left.total - self._left.ended
        said = Phrase(
            "{ended} of {changes} in {duration}",
            ended=ended,
            changes=changes(self._left.total),
            duration=duration(elapsed),
        )
        if ended and remaining:
            said = Phrase("{said}, about {duration} to go", said=said, duration=duration(elapsed / ended * remaining))
        return self._words.say(said)


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


def _ended(outcome: Outcome, words: Catalogue) -> Text:
    change = outcome.change
    where = f"{change.address.federation} {resource(change.address)}"
    if outcome.problem is not None:
        opening = Phrase("DONE, NOT RECORDED:") if outcome.written else Phrase("FAILED to")
        said = f"{words.say(opening)} {words.say(VERBS[change.action])} {where}{colon(words)}{outcome.problem.code} "
        said += words.say(outcome.problem.message, plain)
        return Text("! ", ALARM).append(said)
    did = Text(f"{change.action.value} {words.say(_DID[change.action])}", STYLES[change.action])
    seconds = Phrase("{seconds} s", seconds=decimal(outcome.seconds, 1))
    return did.append(f" {where}", "not bold").append(f"  {words.say(seconds)}", QUIET)


def _stopping(event: Stopping, words: Catalogue) -> Text:
    told = Phrase.counted(
        "Stopping: {number} write under way will be finished, nothing new is started. "
        "Interrupt again to leave at once.",
        "Stopping: {number} writes under way will be finished, nothing new is started. "
        "Interrupt again to leave at once.",
        len(event.in_flight),
    )
    return Text(words.say(told), ALARM)
