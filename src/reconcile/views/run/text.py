"""A run that ended, for people: what failed and why, what was skipped for it, what waits, and the count."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from rich.text import Text

from reconcile.applying.left_split import left_late, left_split
from reconcile.applying.outcome import Outcome, Result, Run
from reconcile.language.catalogue import ENGLISH, Catalogue
from reconcile.language.moments import duration, moment
from reconcile.language.phrase import Phrase
from reconcile.planning.plan.plan import Plan
from reconcile.resources.address import Address
from reconcile.resources.milestones import UNSCHEDULED
from reconcile.views.actions import VERBS, verb
from reconcile.views.alarms import late, left_out, split
from reconcile.views.counts import changes
from reconcile.views.gate_text import said
from reconcile.views.run.results import counted
from reconcile.views.wording import ALARM, QUIET, colon, plain, resource


def run_text(run: Run, plan: Plan, zone: dt.tzinfo, words: Catalogue = ENGLISH) -> list[Text]:
    """The closing lines of an apply. Nothing of what was meant to be done goes unsaid."""
    by_federation: dict[str, list[Outcome]] = {}
    for outcome in run.outcomes:
        by_federation.setdefault(outcome.change.address.federation, []).append(outcome)
    lines = [Text()]
    halves = {one.federation: one for one in left_split(run, plan)}
    behind = {one.federation: one for one in left_late(run, plan)}
    for slug, outcomes in sorted(by_federation.items()):
        name = f"{slug} · {words.say(plan.basis[slug].name, plain)}" if slug in plan.basis else slug
        lines.append(Text(name, "bold").append(f"{colon(words)}{words.say(_counts(outcomes))}", "not bold"))
        if slug in halves:
            lines.append(Text(f"  ! {words.say(split(halves[slug]), plain)}", ALARM))
        if slug in behind:
            lines.append(Text(f"  ! {words.say(late(behind[slug]), plain)}", ALARM))
        lines += _failures(outcomes, words)
        lines += _skipped(outcomes, words)
        lines += _held(slug, outcomes, plan, words)
        lines += _not_started(outcomes, words)
        lines += _waiting(outcomes, zone, words)
    lines += [Text(words.say(left_out(one), plain), ALARM) for one in plan.left_out]
    return [*lines, Text(), *_closing(run, words, complete=not plan.left_out)]


def _counts(outcomes: Iterable[Outcome]) -> Phrase:
    results = [outcome.result for outcome in outcomes]
    return Phrase.joined(", ", (counted(one, results.count(one)) for one in Result if one in results))


def _failures(outcomes: Iterable[Outcome], words: Catalogue) -> Iterator[Text]:
    for outcome in outcomes:
        if outcome.result is Result.FAILED:
            change = outcome.change
            opening = Phrase("! not recorded") if outcome.written else Phrase("! failed")
            what = f"{words.say(VERBS[change.action])} {resource(change.address)}"
            yield Text(f"  {words.say(opening)}  ", ALARM).append(what)
            if outcome.problem is not None:
                yield Text(f"            {outcome.problem.code} {words.say(outcome.problem.message, plain)}")
                if outcome.problem.hint:
                    yield Text(f"            → {words.say(outcome.problem.hint, plain)}")


def _skipped(outcomes: Iterable[Outcome], words: Catalogue) -> Iterator[Text]:
    """Under each cause, everything it held up."""
    by_cause: dict[Address | None, list[Outcome]] = {}
    for outcome in outcomes:
        if outcome.result is Result.SKIPPED:
            by_cause.setdefault(outcome.because, []).append(outcome)
    for cause, held in by_cause.items():
        if cause:
            needed = Phrase("skipped, for they need {resource}:", resource=resource(cause))
        else:
            needed = Phrase("skipped, for they need what failed:")
        yield Text(f"  {words.say(needed, plain)}")
        yield from _names(held, words)


def _held(slug: str, outcomes: Iterable[Outcome], plan: Plan, words: Catalogue) -> Iterator[Text]:
    """What the gates kept back, and which they are."""
    held = sum(outcome.result is Result.HELD for outcome in outcomes)
    if held:
        told = Phrase.counted(
            "{number} change held back by its gates:", "{number} changes held back by its gates:", held
        )
        yield Text(f"  {words.say(told)}", ALARM)
        for gate in plan.gates:
            if gate.federation == slug and not gate.open:
                yield Text(f"    ✗ {gate.code}  ", ALARM).append(words.say(said(gate), plain), "default")
                yield Text(f"             → {words.say(gate.hint, plain)}", QUIET)


def _not_started(outcomes: Iterable[Outcome], words: Catalogue) -> Iterator[Text]:
    left = [outcome for outcome in outcomes if outcome.result is Result.NOT_STARTED]
    if left:
        yield Text(f"  {words.say(Phrase('not started, the run was stopped:'))}")
        yield from _names(left, words)


def _names(outcomes: Iterable[Outcome], words: Catalogue) -> Iterator[Text]:
    for outcome in outcomes:
        change = outcome.change
        yield Text(f"    {verb(change.action, words).plain}  {resource(change.address)}", QUIET)


def _waiting(outcomes: Iterable[Outcome], zone: dt.tzinfo, words: Catalogue) -> Iterator[Text]:
    """How many changes wait, and for which first moment; the plan lists them."""
    waiting = [outcome for outcome in outcomes if outcome.result is Result.NOT_DUE]
    moments = [outcome.change.due for outcome in waiting if outcome.change.due]
    if not moments:
        return
    first, several = min(moments), len(set(moments)) > 1
    if first == UNSCHEDULED:
        when = Phrase("waiting for a migration date in its file")
    else:
        when = Phrase("from {moment}", moment=moment(first, zone))
    told = Phrase(
        "{changes} not due yet: the first {when}" if several else "{changes} not due yet: {when}",
        changes=changes(len(waiting)),
        when=when,
    )
    yield Text(f"  {words.say(told)}", QUIET)


def _closing(run: Run, words: Catalogue, *, complete: bool) -> Iterator[Text]:
    tally = run.tally
    wanting = [tally[result] for result in (Result.FAILED, Result.SKIPPED, Result.NOT_STARTED)]
    whole = complete and not any(wanting)
    if run.interrupted:
        said = Phrase("Apply interrupted")
    elif whole and tally[Result.HELD]:
        said = Phrase("Apply complete but for what gates hold back")
    else:
        said = Phrase("Apply complete") if whole else Phrase("Apply incomplete")
    counts = [
        counted(result, number)
        for result, number in tally.items()
        if number or result in (Result.DONE, Result.FAILED, Result.SKIPPED)
    ]
    style = "bold green" if whole else ALARM
    told = Phrase(
        "{counts}, in {duration}. Run {run}.",
        counts=Phrase.joined(", ", counts),
        duration=duration(run.seconds),
        run=run.run_id,
    )
    yield Text(f"{words.say(said)}{colon(words)}", style).append(words.say(told), "not bold")
    if any(wanting):
        again = Phrase("Run the same command again: it takes up what is missing and does nothing twice.")
        yield Text(words.say(again))
