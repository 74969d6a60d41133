"""``reconcile day``: a batch through its eve, whatever goes wrong with one federation, killed and begun again."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.scenarios.stage import SMALL, Stage
from tests.scenarios.test_calendar import PARIS, Days

from reconcile.state.stores.folder import FolderStore
from reconcile.state.stores.store import Holder

OTHERS = {"88": "Vosges", "54": "Meurthe-et-Moselle"}


@pytest.fixture
def batch(tmp_path: Path) -> Iterator[Days]:
    """Three small federations on one date, twenty days from now."""
    stage = Stage.small(tmp_path)
    for code, name in OTHERS.items():
        text = (
            SMALL.replace("    legacy_login: k0412\n", "")
            .replace('"55"', f'"{code}"')
            .replace("spf55", f"spf{code}")
            .replace("Meuse", name)
        )
        stage.write(f"spf{code}", text.replace("    legacy_login: k0412\n", ""))
    stage.run("sandbox", "up", expect=0)
    try:
        days = Days(stage)
        for code in OTHERS:
            stage.edit(f"spf{code}", "date: 2025-01-20", f"date: {days.day.isoformat()}")
        yield days
    finally:
        stage.run("sandbox", "down")


def eve(days: Days, time_of_day: str) -> None:
    moment = dt.datetime.combine(days.day - dt.timedelta(days=1), dt.time.fromisoformat(time_of_day), PARIS)
    days.clock.advance_to(moment.astimezone(dt.UTC))


def moved(days: Days) -> set[str]:
    """The federations whose mailboxes all exist and whose mail is switched."""
    result = set()
    for path in (days.stage.folder / "spfstate" / "federations").glob("*.json"):
        kinds = [one.split("/")[1:] for one in json.loads(path.read_text(encoding="utf-8"))["records"]]
        if sum(kind[0] == "mailbox" for kind in kinds) == 3 and ["dns", f"{path.stem}.org", "MX"] in kinds:
            result.add(path.stem)
    return result


def test_a_batch_goes_through_its_eve_in_one_process(batch: Days) -> None:
    eve(batch, "15:25")
    ended = batch.stage.run("day", batch.day.isoformat(), expect=0)
    assert "Waiting for the lock" in ended.err
    assert "Waiting for the cutover" in ended.err
    assert "All that is due is done." in ended.err
    assert moved(batch) == {"spf54", "spf55", "spf88"}
    batch.stage.run("day", batch.day.isoformat(), expect=0)
    assert not [line for line in batch.stage.journal() if line["event"] == "intent"], "all of it was done once"


def test_an_invalid_file_a_held_lock_and_a_gate_are_each_their_own_federation_s(batch: Days) -> None:
    stage = batch.stage
    stage.edit("spf54", "licence: E3", "licence: E9")
    stage.edit("spf88", ", confirmed: 2025-01-15", "")
    eve(batch, "18:05")
    ended = stage.run("day", batch.day.isoformat(), "--patience", "10m", expect=6)
    assert "✗ spf54: federations/spf54.yaml:" in ended.err
    assert "■ spf88 is held back: GAT04" in ended.err
    assert "Still in trouble: spf54" in ended.err
    assert moved(batch) == {"spf55"}

    stage.edit("spf54", "licence: E9", "licence: E3")
    holder = Holder("r1", "somebody", "elsewhere", os.getpid(), "2025-01-19T17:00:00+00:00")
    with FolderStore(stage.folder / "spfstate").lock("spf54", holder):
        told = stage.run("day", batch.day.isoformat(), "--patience", "0.1s", expect=6)
        assert "✗ spf54: its state is locked by somebody on elsewhere" in told.err
    assert stage.run("day", batch.day.isoformat(), expect=5).err.count("GAT04") == 1
    assert moved(batch) == {"spf54", "spf55"}


def test_killed_at_any_moment_and_started_again_it_ends_the_same(batch: Days) -> None:
    stage = batch.stage
    eve(batch, "18:05")
    for wait in (0.6, 1.2, 1.8, 2.4, 3.2):
        process = stage.start("day", batch.day.isoformat())
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        process.wait(30)
    stage.run("day", batch.day.isoformat(), expect=0)
    assert moved(batch) == {"spf54", "spf55", "spf88"}
    assert stage.run("plan", "--json").out.count('"action": "create"') == 0


def test_a_day_that_is_far_away_is_not_waited_for(batch: Days) -> None:
    ended = batch.stage.run("day", batch.day.isoformat(), expect=0)
    assert "start again that day" in ended.err
    assert "CFG04" in batch.stage.run("day", "2031-01-06", expect=3).err
    assert batch.stage.run("day", "lundi", expect=64).err
