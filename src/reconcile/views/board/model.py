"""What the board shows, as one value: everything on its pages is told from it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence

from reconcile.config.cost import Cost
from reconcile.config.settings.tables.batches import Batch, batch_of
from reconcile.mailcopy.queue.forecast import Remaining
from reconcile.mailcopy.queue.jobs import Job
from reconcile.planning.batches.weights import Weight
from reconcile.planning.plan.plan import Plan
from reconcile.planning.status import FederationStatus, State, Step
from reconcile.resources.milestones import Milestones
from reconcile.state.journal.runs import RunRecord


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """One federation. ``weight``, ``moments`` and ``cost`` are None where its file is not valid, ``moments`` also where
    it has no date. ``jobs``: its copies; ``left``: how long each still takes, by its key."""

    status: FederationStatus
    weight: Weight | None = None
    moments: Milestones | None = None
    cost: Cost | None = None
    jobs: tuple[Job, ...] = ()
    left: Mapping[str, Remaining] = dataclasses.field(default_factory=dict)

    @property
    def slug(self) -> str:
        return self.status.federation

    @property
    def name(self) -> str:
        """As its file has it, else as the file is called."""
        return self.status.name or self.slug

    @property
    def page(self) -> str:
        """The name of its page, whatever its file is called."""
        return f"federation-{_harmless(self.slug)}.html"

    @property
    def plan_page(self) -> str:
        """The name of the page of its changes."""
        return f"plan-{_harmless(self.slug)}.html"


@dataclasses.dataclass(frozen=True, slots=True)
class SavedPlan:
    """The newest saved plan: the name of its file, its digest, and the plan, or why it cannot be shown."""

    file: str
    digest: str = ""
    plan: Plan | None = None
    why: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Board:
    """A migration at one moment.

    ``now``: the moment it was looked at, in the network's time zone. ``copying_now``: the same by the copies' own
    clock, in seconds since 1970. ``entries``: what needs somebody first. ``rates``: messages of each minute of the last
    hour in which any came, by old host, the latest first. ``runs``: the latest first.
    """

    now: dt.datetime
    copying_now: float
    batches: tuple[Batch, ...]
    entries: tuple[Entry, ...]
    rates: Mapping[str, Sequence[int]]
    runs: tuple[RunRecord, ...]
    plan: SavedPlan | None
    tool: str

    @property
    def dates(self) -> tuple[dt.date, ...]:
        """Each date on which somebody migrates, or that the calendar has."""
        taken = {one.status.date for one in self.entries if one.status.date is not None}
        return tuple(sorted(taken | {batch.date for batch in self.batches}))

    def of_date(self, date: dt.date | None) -> tuple[Entry, ...]:
        """Who migrates on that date; whoever has none for None. What needs somebody first."""
        return tuple(one for one in self.entries if one.status.date == date)

    def batch(self, date: dt.date) -> Batch | None:
        """The calendar's batch of that date; None for a date that is not in it."""
        return batch_of(date, self.batches)

    @property
    def nearest(self) -> dt.date | None:
        """The date the day board opens with: today's and the coming one, else the last; None without any."""
        today = self.now.date()
        return next((day for day in self.dates if day >= today), self.dates[-1] if self.dates else None)


def added(steps: Iterable[Step]) -> Step:
    """The steps of several federations together."""
    listed = list(steps)
    return Step(sum(s.done for s in listed), sum(s.total for s in listed), sum(s.failed for s in listed))


def boxes(entries: Iterable[Entry]) -> Step:
    """Mailboxes done, of all."""
    return added(one.status.boxes for one in entries)


def old_mail(entries: Iterable[Entry]) -> int:
    """Bytes of old mail that come along."""
    return sum(one.weight.size for one in entries if one.weight is not None)


def tally(entries: Iterable[Entry]) -> dict[State, int]:
    """How many federations are in each state, the worst first; states in which none is are left out."""
    listed = [one.status.state for one in entries]
    return {state: listed.count(state) for state in State if state in listed}


def _harmless(slug: str) -> str:
    return slug if re.fullmatch(r"[a-z0-9]{1,40}", slug) else hashlib.sha256(slug.encode()).hexdigest()[:16]
