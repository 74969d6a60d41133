"""A migration closed: after its last pass, with what is missing signed off; then nothing of the old host is left."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import signal
import sqlite3
from collections.abc import Iterator, Sequence

import pytest
from tests.proofs.dying import ENDINGS, POINTS
from tests.scenarios.stage import Stage
from tests.scenarios.test_lock import lets_in
from tests.scenarios.test_relay import Town, until
from tests.scenarios.test_rollback import held


def recorded(stage: Stage, kind: str) -> list[str]:
    return [one for one in stage.run("state", "list", "spf55").out.split() if f"/{kind}/" in one]


def deaths(points: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Write after write, each point of it."""
    for number in range(40):
        for point in points:
            yield number, point


def killed_until_it_ends(stage: Stage, points: Sequence[str]) -> int:
    """Apply, killed at ever later writes until it ends by itself; how often it was killed."""
    for killed, (number, point) in enumerate(deaths(points)):
        if stage.dying(number, point, "apply", "--yes").code != -signal.SIGKILL:
            return killed
    raise AssertionError("it comes no further")


def close(town: Town) -> None:
    line = f"date: {town.day.isoformat()}"
    day = town.day + dt.timedelta(days=10)
    town.stage.edit("spf55", line, f"{line}, closed: {day.isoformat()}")


def test_it_closes_after_a_last_pass_that_ended_well_and_leaves_nothing_open(switched_town: Town) -> None:
    town, stage = switched_town, switched_town.stage
    close(town)
    shown = stage.run("plan").out
    assert "closing" in shown
    assert "its migration is closed" in shown, "the copier's rights and the copies go"
    stage.run("apply", "--yes")
    assert len(recorded(stage, "copy_access")) == 3, "senders still try the old host"
    assert recorded(stage, "closing") == []

    town.come(6)
    early = stage.run("apply", "--yes")
    assert "GAT50" in early.said, "the last pass was asked for, and nobody made it yet"
    assert len(recorded(stage, "copy_access")) == 3

    stage.run("copy", "work", expect=0)
    ended = stage.run("apply", "--yes")
    assert recorded(stage, "closing") == ["spf55/closing/spf55.org"], ended.said
    assert (recorded(stage, "copy_access"), recorded(stage, "copy")) == ([], [])
    book = json.loads((stage.folder / "spfstate" / "closings" / "spf55.json").read_text(encoding="utf-8"))["closed"]
    assert book["mailboxes"] == 3
    assert book["passwords_erased"] == 2
    assert (book["messages_refused"], book["differing"]) == (0, [])
    assert list((stage.folder / "spfstate" / "vault").rglob("*.age")) == []

    stage.edit("spf55", "legacy: {server: mutualise}\n", "")
    shown = stage.run("plan", expect=0).out
    assert "to delete" not in shown, "no unlocking"
    stage.run("apply", "--yes")
    assert recorded(stage, "lock") == []
    assert not lets_in(stage, "canari@spf55.org", "canary-password"), "nobody is let in again"
    assert stage.plan()["create"] == 0


def test_reopened_it_closes_again_after_another_last_pass(switched_town: Town) -> None:
    town, stage = switched_town, switched_town.stage
    close(town)
    town.come(6)
    stage.run("apply", "--yes")
    stage.run("copy", "work", expect=0)
    stage.run("apply", "--yes")
    closed_well(stage)
    first = json.loads((stage.folder / "spfstate" / "closings" / "spf55.json").read_text(encoding="utf-8"))["closed"]

    line = f", closed: {(town.day + dt.timedelta(days=10)).isoformat()}"
    stage.edit("spf55", line, "")
    assert "closed: was taken out" in stage.run("plan").out
    stage.run("apply", "--yes")
    assert recorded(stage, "closing") == []
    assert len(recorded(stage, "copy")) == 3
    stage.run("copy", "work", expect=0)

    close(town)
    early = stage.run("apply", "--yes")
    assert "GAT50" in early.said, "the passes so far began before this last one was asked for"
    assert recorded(stage, "closing") == []
    stage.run("copy", "work", expect=0)
    stage.run("apply", "--yes")
    assert recorded(stage, "closing") == ["spf55/closing/spf55.org"]
    assert (recorded(stage, "copy_access"), recorded(stage, "copy")) == ([], [])
    again = json.loads((stage.folder / "spfstate" / "closings" / "spf55.json").read_text(encoding="utf-8"))["closed"]
    assert again["at"] > first["at"], "it looked anew"


def test_an_old_mx_that_lives_on_makes_the_last_pass_wait(town_of_long_memory: Town) -> None:
    """Its TTL of ten days was lowered a week before the switch: caches hold it until J+3, and try five days."""
    town, stage = town_of_long_memory, town_of_long_memory.stage
    close(town)
    town.come(6)
    stage.run("apply", "--yes")
    assert recorded(stage, "last_pass") == [], "a sender may still hold the old MX"
    town.write_to_the_old_host("contact@spf55.org", "tardive")
    until(lambda: town.old_box("contact@spf55.org", "tardive"))
    town.come(9)
    stage.run("apply", "--yes")
    assert recorded(stage, "last_pass") == ["spf55/last_pass/spf55.org"]
    stage.run("copy", "work", expect=0)
    stage.run("apply", "--yes")
    closed_well(stage)
    assert held(town, "tardive") == 1


def test_a_message_that_was_not_copied_is_signed_off_first(switched_town: Town) -> None:
    town, stage = switched_town, switched_town.stage
    close(town)
    town.come(6)
    stage.run("apply", "--yes")
    stage.run("copy", "work", expect=0)
    with contextlib.closing(sqlite3.connect(stage.folder / "spfstate" / "copies" / "queue.sqlite")) as queue, queue:
        queue.execute("UPDATE job SET refused=1, state='partial' WHERE key='spf55/copy/contact@spf55.org'")
    held = stage.run("apply", "--yes")
    assert "GAT51" in held.said, held.said
    assert recorded(stage, "closing") == []
    stage.edit("spf55", "overrides: {", 'overrides: {GAT51: "un message illisible, vu avec Lou", ')
    ended = stage.run("apply", "--yes")
    assert recorded(stage, "closing") == ["spf55/closing/spf55.org"], ended.said


def closed_well(stage: Stage) -> None:
    """As by a run to which nothing happened: the last pass was made, and what was sealed is counted and gone."""
    assert recorded(stage, "closing") == ["spf55/closing/spf55.org"]
    assert (recorded(stage, "copy_access"), recorded(stage, "copy")) == ([], [])
    book = json.loads((stage.folder / "spfstate" / "closings" / "spf55.json").read_text(encoding="utf-8"))["closed"]
    assert (book["mailboxes"], book["passwords_erased"], book["differing"]) == (3, 2, [])
    assert list((stage.folder / "spfstate" / "vault").rglob("*.age")) == []
    summary = stage.plan()
    assert (summary["create"], summary["update"], summary["delete"]) == (0, 0, 0)


def test_killed_around_any_write_of_its_end_it_closes_after_a_pass_of_its_own_and_counts_what_it_erased(
    switched_town: Town,
) -> None:
    town, stage = switched_town, switched_town.stage
    close(town)
    town.come(6)
    assert killed_until_it_ends(stage, ENDINGS) == 4, "the passes queued and the book written, before and after each"
    assert recorded(stage, "closing") == []
    stage.run("copy", "work", expect=0)
    assert killed_until_it_ends(stage, ENDINGS) >= 6, "the book, the vault and the book again"
    closed_well(stage)


def nothing_ended_early(stage: Stage) -> None:
    """What a kill may leave: nothing ends before the closing is recorded, and none is that did not look at it all."""
    kept = stage.folder / "spfstate" / "closings" / "spf55.json"
    closed = json.loads(kept.read_text(encoding="utf-8"))["closed"] if kept.exists() else None
    if recorded(stage, "closing") == []:
        whole = (len(recorded(stage, "copy")), len(recorded(stage, "copy_access")))
        assert whole == (3, 3), "copies and the copier's rights end after the closing, never before"
    else:
        assert closed, "recorded, and not made"
    if closed:
        assert (closed["mailboxes"], closed["messages_refused"], closed["differing"]) == (3, 0, [])


def killed_line_by_line(stage: Stage) -> int:
    """Apply, killed at each line of its journal in turn until it ends by itself; how often it was killed."""
    killed = 0
    # After two lines of the run itself; later and later, for there are as many intents before the first outcome as
    # writes at once.
    while stage.dying(2 + killed % 4 + killed // 8, POINTS[killed // 4 % 3], "apply", "--yes").code == -signal.SIGKILL:
        killed += 1
        assert killed < 60, "it comes no further"
        nothing_ended_early(stage)
    return killed


@pytest.mark.parametrize("first", ["at its lines", "with the closing made and not recorded"])
def test_killed_at_any_line_of_its_journal_it_closes_once_and_nothing_ends_before(
    switched_town: Town, first: str
) -> None:
    town, stage = switched_town, switched_town.stage
    town.write_to_the_old_host("contact@spf55.org", "tardive")
    until(lambda: town.old_box("contact@spf55.org", "tardive"))
    close(town)
    town.come(6)
    assert killed_line_by_line(stage) >= 2, "the last pass is asked for"
    stage.run("copy", "work", expect=0)
    if first != "at its lines":
        for number in range(3):
            assert stage.dying(number, "after ending", "apply", "--yes").code == -signal.SIGKILL
            nothing_ended_early(stage)
        book = json.loads((stage.folder / "spfstate" / "closings" / "spf55.json").read_text(encoding="utf-8"))
        assert book["closed"], "the next run finds it made"
    assert killed_line_by_line(stage) >= 3
    closed_well(stage)
    assert held(town, "tardive") == 1


@pytest.mark.parametrize("kind", ["drop_answer", "late_error", "busy"])
def test_an_answer_that_is_lost_at_any_write_of_its_end_is_settled_by_looking(switched_town: Town, kind: str) -> None:
    town, stage = switched_town, switched_town.stage
    close(town)
    town.come(6)
    stage.run("apply", "--yes")
    stage.run("copy", "work", expect=0)
    for cmdlet in ("Remove-MailboxPermission", "Set-Mailbox", "Set-CASMailbox"):
        stage.fault(kind, f'"{cmdlet}"', 2)
    stage.run("apply", "--yes", expect=0)
    closed_well(stage)
