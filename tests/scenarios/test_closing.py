"""A migration closed: after its last pass, with what is missing signed off; then nothing of the old host is left."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import sqlite3

from tests.scenarios.stage import Stage
from tests.scenarios.test_lock import lets_in
from tests.scenarios.test_relay import Town


def recorded(stage: Stage, kind: str) -> list[str]:
    return [one for one in stage.run("state", "list", "spf55").out.split() if f"/{kind}/" in one]


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
