"""What a run says while it goes and when it ends."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable

from rich.console import Console
from rich.text import Text
from tests.views.sample_plans import EVERYTHING, MIGRATION, PARIS

from reconcile.applying.events import Event, Finished, Started, Stopping
from reconcile.applying.outcome import Outcome, Result, Run
from reconcile.problem import Problem
from reconcile.views.run.progress import LineProgress, LiveProgress
from reconcile.views.run.text import run_text

Golden = Callable[[str, Iterable[Text]], None]

CHANGES = {f"{change.address.kind} {change.address.key}": change for change in MIGRATION.changes}
CONTACT = CHANGES["mailbox contact@spf55.org"]
NO_LICENCE = Problem("MSG11", "The tenant has no E3 licence left for zoe.feval@spf55.org.", "buy one, or free one")

STORY = (
    Outcome(CHANGES["domain spf55.org"], Result.DONE, 2.3),
    Outcome(CHANGES["dns spf55.org/TXT/verification"], Result.DONE, 0.2),
    Outcome(CHANGES["domain_verification spf55.org"], Result.DONE, 31.4),
    Outcome(CONTACT, Result.DONE, 4.0),
    Outcome(CHANGES["mailbox zoe.feval@spf55.org"], Result.FAILED, 0.8, NO_LICENCE),
    Outcome(
        CHANGES["access contact@spf55.org"],
        Result.SKIPPED,
        because=CHANGES["mailbox zoe.feval@spf55.org"].address,
    ),
    Outcome(
        CHANGES["dns spf55.org/MX"],
        Result.SKIPPED,
        because=CHANGES["mailbox zoe.feval@spf55.org"].address,
    ),
    Outcome(CHANGES["mailbox contact@spf51.org"], Result.NOT_DUE),
    Outcome(CHANGES["copy_access contact@spf55.org"], Result.DONE, 0.5),
    Outcome(CHANGES["copy contact@spf55.org"], Result.NOT_STARTED),
)
INCOMPLETE = Run("20250119T170000Z-5f3a9c", STORY, 78.4, interrupted=True)


def told(outcomes: Iterable[Outcome]) -> Iterable[Event]:
    for outcome in outcomes:
        if outcome.result in (Result.DONE, Result.FAILED):
            yield Started(outcome.change)
        yield Finished(outcome)


def test_a_run_ends_with_everything_accounted_for(golden: Golden) -> None:
    golden("run_interrupted.txt", run_text(INCOMPLETE, MIGRATION, PARIS))


def test_a_run_that_did_all_it_could_says_so_in_a_few_lines(golden: Golden) -> None:
    waits_for_six = Outcome(CONTACT, Result.NOT_DUE)
    run = dataclasses.replace(INCOMPLETE, outcomes=(*STORY[:3], waits_for_six), interrupted=False)
    golden("run_complete.txt", run_text(run, MIGRATION, PARIS))


def test_every_change_is_counted_and_every_one_that_was_not_done_is_named() -> None:
    text = "\n".join(line.plain for line in run_text(INCOMPLETE, MIGRATION, PARIS))
    for outcome in STORY:
        if outcome.result in (Result.FAILED, Result.SKIPPED, Result.NOT_STARTED):
            assert f"{outcome.change.address.kind} {outcome.change.address.key}" in text
    assert "5 done, 1 failed, 2 skipped, 1 not due yet, 1 not started" in text


def test_a_log_gets_one_line_per_change_that_ended(golden: Golden) -> None:
    lines: list[Text] = []
    progress = LineProgress(MIGRATION, lines.append)
    for event in told(STORY[:-1]):
        progress(event)
    progress(Stopping((CHANGES["copy contact@spf55.org"],)))
    golden("run_log.txt", lines)


def test_a_terminal_shows_counters_what_is_under_way_and_the_time_left(golden: Golden) -> None:
    seconds = iter([0.0, 42.0])
    progress = LiveProgress(EVERYTHING, lambda: next(seconds))
    first, second, third, *_ = EVERYTHING.changes
    for event in told([Outcome(first, Result.DONE, 1.0), Outcome(second, Result.FAILED, 1.0, NO_LICENCE)]):
        progress(event)
    progress(Started(third))
    console = Console(width=100, no_color=True)
    with console.capture() as captured:
        console.print(progress)
    golden("run_live.txt", [Text(line) for line in captured.get().splitlines()])
