"""A date for each federation that has none: within each batch's room and its wishes, mailboxes and gigabytes spread
evenly over the dates. Solved by CBC, through PuLP; the same files give the same answer."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from reconcile.config.settings.tables.batches import Batch
from reconcile.language.lists import apart
from reconcile.language.phrase import Phrase
from reconcile.planning.batches.weights import Candidate, total
from reconcile.problem import Problem

#: The answer is within so many points of the best there is: a point is a hundredth of imbalance. After so many nodes
#: of the search the best found is taken.
GAP = 2.0
NODES = 1_000

#: What the search minimises, in points: a federation without date, a hundredth of imbalance of mailboxes or of
#: gigabytes on the worst date, a federation missing to a date's least, a step down in somebody's wishes.
_UNPLACED, _IMBALANCE, _MISSING, _STEP = 1_000.0, 1.0, 0.2, 0.05


@dataclasses.dataclass(frozen=True, slots=True)
class Assigned:
    """One federation's date, None when none has room, and why."""

    candidate: Candidate
    date: dt.date | None
    why: str


@dataclasses.dataclass(frozen=True, slots=True)
class Proposal:
    """``proved``: within ``GAP`` of the best there is. ``points``: what the search minimised."""

    assigned: tuple[Assigned, ...]
    proved: bool
    points: float


def propose(candidates: Sequence[Candidate], batches: Sequence[Batch], today: dt.date) -> Proposal:
    """Dates for all that have none to keep. Raises Problem CAL01 when the solver fails."""
    dates = [batch for batch in batches if batch.date > today]
    free = [one for one in candidates if not one.kept]
    kept = [one for one in candidates if one.kept]
    room = {batch.date: batch.most - sum(one.date == batch.date for one in kept) for batch in dates}
    allowed = {one.slug: _allowed(one, dates, room) for one in free}
    chosen, proved, points = _solve(free, kept, dates, room, allowed)
    placed = {**{one.slug: one.date for one in kept}, **chosen}
    assigned = []
    for one in candidates:
        why = one.kept or _why(one, chosen.get(one.slug), dates, room, placed)
        assigned.append(Assigned(one, placed.get(one.slug), why))
    return Proposal(tuple(assigned), proved, points)


def first_come(candidates: Sequence[Candidate], batches: Sequence[Batch], today: dt.date) -> dict[str, dt.date | None]:
    """What would come of taking federations one by one in the order of their slugs, each at its first wish with room:
    what a proposal is compared with."""
    dates = [batch for batch in batches if batch.date > today]
    room = {batch.date: batch.most - sum(one.date == batch.date for one in candidates if one.kept) for batch in dates}
    result: dict[str, dt.date | None] = {one.slug: one.date for one in candidates if one.kept}
    for one in candidates:
        if not one.kept:
            day = next((day for day in _allowed(one, dates, room) if room[day] > 0), None)
            result[one.slug] = day
            if day is not None:
                room[day] -= 1
    return result


def _allowed(one: Candidate, dates: Sequence[Batch], room: Mapping[dt.date, int]) -> list[dt.date]:
    """The dates it may be given, the preferred first."""
    open_days = [batch.date for batch in dates if batch.open and room[batch.date] > 0]
    return [day for day in one.wishes if day in open_days] if one.wishes else open_days


def _solve(
    free: Sequence[Candidate],
    kept: Sequence[Candidate],
    dates: Sequence[Batch],
    room: Mapping[dt.date, int],
    allowed: Mapping[str, Sequence[dt.date]],
) -> tuple[dict[str, dt.date | None], bool, float]:
    if not free or not dates:
        return {one.slug: None for one in free}, True, 0.0
    import pulp

    problem = pulp.LpProblem("dates", pulp.LpMinimize)
    takes = {
        (one.slug, day): pulp.LpVariable(f"x_{number}_{_place_of(dates, day)}", cat="Binary")
        for number, one in enumerate(free)
        for day in allowed[one.slug]
    }
    unplaced = {one.slug: pulp.LpVariable(f"u_{number}", 0, 1) for number, one in enumerate(free)}
    for one in free:
        problem += pulp.lpSum(takes[one.slug, day] for day in allowed[one.slug]) + unplaced[one.slug] == 1
    everybody = total([*free, *(one for one in kept if one.date in room)])
    worst = {"mailboxes": pulp.LpVariable("w_mailboxes", 0), "size": pulp.LpVariable("w_size", 0)}
    missing = []
    for place, batch in enumerate(dates):
        here = [one for one in free if (one.slug, batch.date) in takes]
        count = pulp.lpSum(takes[one.slug, batch.date] for one in here)
        problem += count <= max(0, room[batch.date])
        short = pulp.LpVariable(f"m_{place}", 0)
        missing.append(short)
        problem += short >= batch.least - (batch.most - room[batch.date]) - count
        for measure, above in worst.items():
            mean = max(1.0, getattr(everybody, measure) / len(dates))
            fixed = sum(getattr(one.weight, measure) for one in kept if one.date == batch.date) / mean
            share = fixed + pulp.lpSum(
                getattr(one.weight, measure) / mean * takes[one.slug, batch.date] for one in here
            )
            problem += share - 1 <= above
            problem += 1 - share <= above
    steps = pulp.lpSum(
        _preferred(one, day) * takes[one.slug, day] for one in free if one.wishes for day in allowed[one.slug]
    )
    problem += (
        _UNPLACED * pulp.lpSum(unplaced.values())
        + 100 * _IMBALANCE * pulp.lpSum(worst.values())
        + _MISSING * pulp.lpSum(missing)
        + _STEP * steps
    )
    return _read(problem, free, allowed, takes, _run(pulp, problem))


def _place_of(dates: Sequence[Batch], day: dt.date) -> int:
    """The place of a day among the batches."""
    return [batch.date for batch in dates].index(day)


def _preferred(one: Candidate, day: dt.date) -> int:
    """How many wishes it prefers to this one."""
    return one.wishes.index(day)


def _run(pulp: Any, problem: Any) -> bool:
    """Solve; whether the answer is proved within the gap. One thread and no clock: the same answer on every run."""
    solver = pulp.PULP_CBC_CMD(
        msg=False, threads=1, gapRel=0.0, gapAbs=GAP, maxNodes=NODES, options=["randomCbcSeed 1"]
    )
    try:
        problem.solve(solver)
    except (pulp.PulpSolverError, OSError) as error:
        hint = Phrase("choose the dates by hand: reconcile batches move")
        raise Problem(
            "CAL01", Phrase("The solver of the calendar failed: {name}.", name=type(error).__name__), hint
        ) from None
    if problem.sol_status not in (pulp.LpSolutionOptimal, pulp.LpSolutionIntegerFeasible):
        raise Problem("CAL01", "The solver of the calendar found no answer.", "choose by hand: reconcile batches move")
    return bool(problem.sol_status == pulp.LpSolutionOptimal)


def _read(
    problem: Any, free: Sequence[Candidate], allowed: Mapping[str, Sequence[dt.date]], takes: Any, proved: bool
) -> tuple[dict[str, dt.date | None], bool, float]:
    chosen = {
        one.slug: next((day for day in allowed[one.slug] if (takes[one.slug, day].value() or 0) > 0.5), None)
        for one in free
    }
    return chosen, proved, round(float(problem.objective.value() or 0), 6)


def _why(
    one: Candidate,
    day: dt.date | None,
    dates: Sequence[Batch],
    room: Mapping[dt.date, int],
    placed: Mapping[str, dt.date | None],
) -> str:
    """Why this date: a wish and its rank, what became of those before it, or an even load."""
    refused = [_passed(wish, dates, room, placed) for wish in one.wishes if wish != day]
    if day is None:
        if refused:
            return Phrase("no date has room: {refused}", refused=apart(refused))
        return Phrase("no date has room")
    if not one.wishes:
        return Phrase("it asked for no date in particular; this one spreads the load most evenly")
    rank = one.wishes.index(day)
    if not rank:
        return Phrase("its first wish")
    before = [_passed(wish, dates, room, placed) for wish in one.wishes[:rank]]
    return Phrase("its wish number {rank}: {before}", rank=rank + 1, before=apart(before))


def _passed(
    wish: dt.date, dates: Sequence[Batch], room: Mapping[dt.date, int], placed: Mapping[str, dt.date | None]
) -> Phrase:
    """What became of a wish."""
    batch = next((batch for batch in dates if batch.date == wish), None)
    if batch is None:
        return Phrase("{date} is past, or not in the calendar", date=wish)
    if not batch.open:
        return Phrase("{date} is closed", date=wish)
    taken = sum(day == wish for day in placed.values())
    if room[wish] <= 0 or taken >= batch.most:
        return Phrase("{date} is full", date=wish)
    return Phrase("{date} would weigh more than the others", date=wish)
