"""How each change of a run ended."""

from __future__ import annotations

import collections
import dataclasses
import enum

from reconcile.planning.plan.plan import Change
from reconcile.problem import Problem
from reconcile.resources.address import Address


class Result(enum.Enum):
    """The value is the word the tally uses."""

    DONE = "done"
    FAILED = "failed"
    #: Not tried, because something it needs failed.
    SKIPPED = "skipped"
    #: Its moment has not come; the plan shows it, a later apply does it.
    NOT_DUE = "not due yet"
    #: A gate of its federation does not hold.
    HELD = "held by a gate"
    #: The run was interrupted before its turn.
    NOT_STARTED = "not started"


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one change. ``problem`` when it failed; ``because``: what it waited for when skipped or not due."""

    change: Change
    result: Result
    seconds: float = 0.0
    problem: Problem | None = None
    because: Address | None = None
    #: It was done all the same: only its record is missing.
    written: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Run:
    """A whole apply. ``interrupted``: somebody asked it to stop before its end."""

    run_id: str
    outcomes: tuple[Outcome, ...]
    seconds: float
    interrupted: bool = False

    @property
    def tally(self) -> dict[Result, int]:
        """How many changes ended each way; every result is present."""
        counts = collections.Counter(outcome.result for outcome in self.outcomes)
        return {result: counts[result] for result in Result}
