"""A run that ended, for people: what failed and why, what was skipped for it, what waits, and the count."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from rich.text import Text

from reconcile.applying.left_split import left_late, left_split
from reconcile.applying.outcome import Outcome, Result, Run
from reconcile.planning.plan.plan import Plan
from reconcile.resources.address import Address
from reconcile.resources.milestones import UNSCHEDULED
from reconcile.views.gate_text import said
from reconcile.views.wording import ALARM, QUIET, count, duration, late, left_out, moment, plain, resource, split


def run_text(run: Run, plan: Plan, zone: dt.tzinfo) -> list[Text]:
    """The closing lines of an apply. Nothing of what was meant to be done goes unsaid."""
    by_federation: dict[str, list[Outcome]] = {}
    for outcome in run.outcomes:
        by_federation.setdefault(outcome.change.address.federation, []).append(outcome)
    lines = [Text()]
    halves = {one.federation: one for one in left_split(run, plan)}
    behind = {one.federation: one for one in left_late(run, plan)}
    for slug, outcomes in sorted(by_federation.items()):
        name = f"{slug} · {plain(plan.basis[slug].name)}" if slug in plan.basis else slug
        lines.append(Text(name, "bold").append(f": {_counts(outcomes)}", "not bold"))
        if slug in halves:
            lines.append(Text(f"  ! {split(halves[slug])}", ALARM))
        if slug in behind:
            lines.append(Text(f"  ! {late(behind[slug])}", ALARM))
        lines += _failures(outcomes)
        lines += _skipped(outcomes)
        lines += _held(slug, outcomes, plan)
        lines += _listed(outcomes, Result.NOT_STARTED, "not started, the run was stopped:")
        lines += _waiting(outcomes, zone)
    lines += [Text(left_out(one), ALARM) for one in plan.left_out]
    return [*lines, Text(), *_closing(run, complete=not plan.left_out)]


def _counts(outcomes: Iterable[Outcome]) -> str:
    results = [outcome.result for outcome in outcomes]
    return ", ".join(f"{results.count(result)} {result.value}" for result in Result if result in results)


def _failures(outcomes: Iterable[Outcome]) -> Iterator[Text]:
    for outcome in outcomes:
        if outcome.result is Result.FAILED:
            change = outcome.change
            yield Text("  ! not recorded  " if outcome.written else "  ! failed  ", ALARM).append(
                f"{change.action.name.lower()} {resource(change.address)}"
            )
            if outcome.problem is not None:
                yield Text(f"            {outcome.problem.code} {plain(outcome.problem.message)}")
                if outcome.problem.hint:
                    yield Text(f"            → {plain(outcome.problem.hint)}")


def _skipped(outcomes: Iterable[Outcome]) -> Iterator[Text]:
    """Under each cause, everything it held up."""
    by_cause: dict[Address | None, list[Outcome]] = {}
    for outcome in outcomes:
        if outcome.result is Result.SKIPPED:
            by_cause.setdefault(outcome.because, []).append(outcome)
    for cause, held in by_cause.items():
        needed = f"they need {resource(cause)}" if cause else "they need what failed"
        yield Text(f"  skipped, for {needed}:")
        yield from _names(held)


def _held(slug: str, outcomes: Iterable[Outcome], plan: Plan) -> Iterator[Text]:
    """What the gates kept back, and which they are."""
    held = sum(outcome.result is Result.HELD for outcome in outcomes)
    if held:
        yield Text(f"  {count(held, 'change')} held back by its gates:", ALARM)
        for gate in plan.gates:
            if gate.federation == slug and not gate.open:
                yield Text(f"    ✗ {gate.code}  ", ALARM).append(said(gate), "default")
                yield Text(f"             → {plain(gate.hint)}", QUIET)


def _listed(outcomes: Iterable[Outcome], result: Result, title: str) -> Iterator[Text]:
    of_result = [outcome for outcome in outcomes if outcome.result is result]
    if of_result:
        yield Text(f"  {title}")
        yield from _names(of_result)


def _names(outcomes: Iterable[Outcome]) -> Iterator[Text]:
    for outcome in outcomes:
        change = outcome.change
        yield Text(f"    {change.action.value} {change.action.name.lower():<6}  {resource(change.address)}", QUIET)


def _waiting(outcomes: Iterable[Outcome], zone: dt.tzinfo) -> Iterator[Text]:
    """How many changes wait, and for which first moment; the plan lists them."""
    waiting = [outcome for outcome in outcomes if outcome.result is Result.NOT_DUE]
    moments = [outcome.change.due for outcome in waiting if outcome.change.due]
    if not moments:
        return
    first = min(moments)
    when = "waiting for a migration date in its file" if first == UNSCHEDULED else f"from {moment(first, zone)}"
    start = "the first " if len(set(moments)) > 1 else ""
    yield Text(f"  {count(len(waiting), 'change')} not due yet: {start}{when}", QUIET)


def _closing(run: Run, *, complete: bool) -> Iterator[Text]:
    tally = run.tally
    wanting = [tally[result] for result in (Result.FAILED, Result.SKIPPED, Result.NOT_STARTED)]
    whole = complete and not any(wanting)
    said = "Apply interrupted" if run.interrupted else "Apply complete" if whole else "Apply incomplete"
    if tally[Result.HELD] and not run.interrupted and whole:
        said = "Apply complete but for what gates hold back"
    counts = ", ".join(
        f"{number} {result.value}"
        for result, number in tally.items()
        if number or result in (Result.DONE, Result.FAILED, Result.SKIPPED)
    )
    style = "bold green" if whole else ALARM
    yield Text(f"{said}: ", style).append(f"{counts}, in {duration(run.seconds)}. Run {run.run_id}.", "not bold")
    if any(wanting):
        yield Text("Run the same command again: it takes up what is missing and does nothing twice.")
