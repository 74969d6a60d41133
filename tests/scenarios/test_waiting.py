"""A lock at 16:00 in a pipeline that starts at 15:25, late, twice; and a day played before it comes."""

from __future__ import annotations

import collections
import datetime as dt
import json
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.scenarios.stage import SMALL, Stage
from tests.scenarios.test_calendar import PARIS, Days


@pytest.fixture
def days(stage: Stage) -> Days:
    return Days(stage)


def at(days: Days, time: str, before: int = 1) -> None:
    """It is that time of the eve (or so many days before J)."""
    day = days.day - dt.timedelta(days=before)
    days.clock.advance_to(dt.datetime.combine(day, dt.time.fromisoformat(time), PARIS).astimezone(dt.UTC))


def boxes(stage: Stage) -> list[str]:
    return sorted(
        line["address"] for line in stage.journal() if line["event"] == "intent" and "mailbox" in line["address"]
    )


def test_started_at_17_25_for_18_00_it_waits_in_the_job_and_then_does_all_that_is_due(days: Days) -> None:
    at(days, "17:25")
    ended = days.stage.run("apply", "--yes", "--at", "18:00", expect=0)
    assert "Waiting for the moment to apply, until" in ended.err
    assert re.search(r"\(3[45] min \d\d s\)", ended.err)
    assert len(boxes(days.stage)) == 3
    assert days.clock.now().astimezone(PARIS).time() >= dt.time(18)


def test_started_late_it_does_the_same_at_once_and_started_twice_everything_once(days: Days) -> None:
    at(days, "18:20")
    first = days.stage.run("apply", "--yes", "--at", "18:00", expect=0)
    assert "Waiting" not in first.err
    made = boxes(days.stage)
    days.stage.run("apply", "--yes", "--at", "18:00", expect=0)
    again = [line for line in days.stage.journal() if line["event"] == "intent"]
    assert len(made) == 3
    assert again == []


def test_two_that_start_at_the_same_moment_do_everything_once(days: Days) -> None:
    """Both wait for the same moment, and both wake: one holds the lock, the other is told or finds nothing to do."""
    at(days, "17:25")
    both = [days.stage.start("apply", "--yes", "--at", "18:00") for _ in range(2)]
    said = [process.communicate(timeout=240)[0] for process in both]
    assert {process.returncode for process in both} <= {0, 4}, said
    assert 0 in {process.returncode for process in both}, said
    days.stage.run("apply", "--yes", "--at", "18:00", expect=0)
    done = collections.Counter(
        line["address"]
        for journal in days.stage.journals()
        for line in map(json.loads, journal.read_text(encoding="utf-8").splitlines())
        if line["event"] == "outcome" and line["action"] == "create" and line["result"] == "done"
    )
    assert sum("mailbox" in address for address in done) == 3, done
    assert set(done.values()) == {1}, done
    assert days.stage.plan()["create"] == 0


def test_a_day_is_played_without_anything_being_written(days: Days) -> None:
    stage = days.stage
    eve = f"{days.day - dt.timedelta(days=1)}T18:00"
    before = sorted(path for path in stage.folder.rglob("*") if ".sandbox" not in path.parts)
    assert "not before" in stage.run("plan", expect=0).out
    played = stage.run("plan", "--as-of", eve, expect=0).out
    mailboxes = played.split("  mailbox\n")[1].split("  copy_access")[0]
    assert "create  contact@spf55.org" in mailboxes
    assert "not before" not in mailboxes
    assert stage.run("plan", "--as-of", eve, "--out", "plans/x.json", expect=64).err
    assert before == sorted(path for path in stage.folder.rglob("*") if ".sandbox" not in path.parts)


def test_a_time_that_means_nothing_is_refused_before_anything_is_read(stage: Stage) -> None:
    for typed in ("seize heures", "25:00", "16:00Z"):
        assert stage.run("apply", "--yes", "--at", typed, expect=64).err
    assert not stage.journals()


def test_who_waits_can_be_stopped(stage: Stage) -> None:
    process = stage.start("--live", "apply", "--yes", "--at", "2125-01-19T16:00")
    assert process.stdout is not None
    assert "Waiting" in process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 130
    assert "nothing was done" in process.stdout.read()


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Days]:
    """The small federation, and a neighbour that was neither rehearsed nor confirmed."""
    stage = Stage.small(tmp_path)
    other = (
        SMALL.replace("    legacy_login: k0412\n", "")
        .replace('"55"', '"88"')
        .replace("spf55", "spf88")
        .replace("Meuse", "Vosges")
    )
    other = other.replace("    legacy_login: k0412\n", "").replace("GAT02: essai, ", "")
    stage.write("spf88", other.replace(", confirmed: 2025-01-15", ""))
    stage.run("sandbox", "up", expect=0)
    try:
        days = Days(stage)
        stage.edit("spf88", "date: 2025-01-20", f"date: {days.day.isoformat()}")
        yield days
    finally:
        stage.run("sandbox", "down")


def test_a_federation_held_back_at_the_eve_leaves_with_5_and_the_others_go_on(two: Days) -> None:
    days, stage = two, two.stage
    at(days, "17:00", before=2)
    early = stage.run("apply", "--yes", expect=0).out
    assert "held back by its gates" in early
    at(days, "18:00")
    ended = stage.run("apply", "--yes", expect=5).out
    assert "✗ GAT02  it was never rehearsed" in ended
    assert "✗ GAT04  both sides have not agreed on the date" in ended
    records = {
        slug: set(
            json.loads((stage.folder / f"spfstate/federations/{slug}.json").read_text(encoding="utf-8"))["records"]
        )
        for slug in ("spf55", "spf88")
    }
    assert "spf55/mailbox/contact@spf55.org" in records["spf55"]
    assert not [one for one in records["spf88"] if "mailbox" in one or "domain_verification" in one]
    assert "spf88/domain/spf88.org" in records["spf88"], "what can be undone is prepared"
    status = stage.run("status", "--json", expect=0).out
    assert {one["federation"]: one["state"] for one in json.loads(status)["federations"]}["spf88"] == "held"
    stage.edit("spf88", "rehearsed: 2025-01-08", "rehearsed: 2025-01-08, confirmed: 2025-01-15")
    stage.run("rehearse", "spf88", expect=0)
    stage.run("apply", "--yes", expect=0)
    assert "spf88/mailbox/contact@spf88.org" in (stage.folder / "spfstate/federations/spf88.json").read_text("utf-8")
