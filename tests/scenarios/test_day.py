"""``reconcile day``: a batch through its eve, whatever goes wrong with one federation, killed and begun again."""

from __future__ import annotations

import collections
import contextlib
import datetime as dt
import json
import os
import random
import signal
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from tests.proofs.dying import POINTS, SAVES
from tests.scenarios.broken_zone import broken_zone
from tests.scenarios.stage import SMALL, Stage
from tests.scenarios.test_calendar import PARIS, Days

from reconcile.state.stores.folder import FolderStore
from reconcile.state.stores.store import Holder

OTHERS = {"88": "Vosges", "54": "Meurthe-et-Moselle"}


@pytest.fixture
def batch(tmp_path: Path) -> Iterator[Days]:
    """Three small federations on one date, twenty days from now."""
    with batch_in(tmp_path) as days:
        yield days


@contextlib.contextmanager
def batch_in(tmp_path: Path, *options: str) -> Iterator[Days]:
    """The same, on a sandbox with these options."""
    stage = Stage.small(tmp_path)
    for code, name in OTHERS.items():
        text = (
            SMALL.replace("    legacy_login: k0412\n", "")
            .replace('"55"', f'"{code}"')
            .replace("spf55", f"spf{code}")
            .replace("Meuse", name)
        )
        stage.write(f"spf{code}", text.replace("    legacy_login: k0412\n", ""))
    stage.run("sandbox", "up", *options, expect=0)
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
    """The federations whose mailboxes all exist and whose mail is switched, as the state has it: snapshots, and what
    the journals of killed runs add to them."""
    result = set()
    for slug in ("spf54", "spf55", "spf88"):
        listed = days.stage.run("state", "list", slug).out.split()
        kept = [one.split("/")[1:] for one in listed if one.startswith(f"{slug}/")]
        if sum(kind[0] == "mailbox" for kind in kept) == 3 and ["dns", f"{slug}.org", "MX"] in kept:
            result.add(slug)
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


def test_killed_at_any_line_and_started_again_until_it_ends_it_ends_the_same_and_does_nothing_twice(
    tmp_path: Path,
) -> None:
    with batch_in(tmp_path, "--record", str(tmp_path / "har")) as days:
        stage = days.stage
        eve(days, "18:05")
        chance = random.Random(55)  # noqa: S311 (repeatable)
        deaths = 0
        while dying(stage, days, *death(chance, deaths)) == -signal.SIGKILL:
            deaths += 1
            assert deaths < 60, "it comes no further"
        assert deaths >= 6, deaths
        assert moved(days) == {"spf54", "spf55", "spf88"}
        summary = stage.plan()
        assert (summary["create"], summary["delete"]) == (0, 0)
        made = collections.Counter(creations(tmp_path / "har"))
        assert len(made) == 9, made
        assert set(made.values()) == {1}, made


def death(chance: random.Random, deaths: int) -> tuple[int, str]:
    """A write of the journal, and a point of it; once much is done, the end of a run, where snapshots are replaced."""
    if deaths >= 5 and chance.random() < 0.3:
        return 0, chance.choice(SAVES)
    return chance.randrange(1, 7), chance.choice(POINTS)


def dying(stage: Stage, days: Days, number: int, point: str) -> int:
    """Start the day in a process that dies there; how it ended."""
    ended = stage.dying(number, point, "day", days.day.isoformat())
    assert ended.code in (0, -signal.SIGKILL), f"{number} {point} {ended.err[-3000:]}"
    return ended.code


def creations(folder: Path) -> Iterator[str]:
    """Each account or shared mailbox the tenant was asked for and made."""
    for recorded in folder.glob("*.har"):
        for entry in json.loads(recorded.read_text(encoding="utf-8"))["log"]["entries"]:
            request, status = entry["request"], entry["response"]["status"]
            sent = request.get("postData", {}).get("text", "")
            if request["method"] == "POST" and request["url"].endswith("/users") and status == 201:
                yield json.loads(sent)["userPrincipalName"]
            elif "New-Mailbox" in sent and status == 200:
                yield json.loads(sent)["CmdletInput"]["Parameters"]["PrimarySmtpAddress"]


def test_a_tenant_that_fails_for_one_federation_is_tried_again_until_it_goes(batch: Days) -> None:
    stage = batch.stage
    eve(batch, "18:05")
    fails(stage, "spf88.org", 60)
    ended = stage.run("day", batch.day.isoformat(), expect=0)
    assert "✗ spf88: spf88/" in ended.err
    assert "✓ spf88 goes on." in ended.err
    assert "✗ spf55" not in ended.err
    assert "✗ spf54" not in ended.err
    assert moved(batch) == {"spf54", "spf55", "spf88"}
    order = [slug for journal in stage.journals() for slug in switched(journal)]
    assert order[-1] == "spf88", "the others did not wait"


def test_a_zone_that_fails_holds_up_its_own_federation_until_it_answers(batch: Days) -> None:
    stage = batch.stage
    eve(batch, "18:05")
    with broken_zone(stage.folder, "spf88.org") as mended:
        ended = stage.run("day", batch.day.isoformat(), "--patience", "3m", expect=6)
        assert "✗ spf88: " in ended.err
        assert "SERVFAIL" in ended.err
        assert "✗ spf55" not in ended.err
        assert "✗ spf54" not in ended.err
        assert "Still in trouble: spf88" in ended.err
        assert moved(batch) == {"spf54", "spf55"}
        assert "SERVFAIL" in stage.run("status", expect=1).out
        row = standing(stage)["spf88"]
        assert row["state"] == "error"
        assert "could not be read on" in row["trouble"][0]
        assert "SERVFAIL" in row["trouble"][0]
        assert [slug for slug, one in standing(stage).items() if one["trouble"]] == ["spf88"]
        assert stage.run("report", "--html", "board").code == 0
        assert "SERVFAIL" in (stage.folder / "board" / "federation-spf88.html").read_text(encoding="utf-8")
        mended.set()
        stage.run("day", batch.day.isoformat(), expect=0)
    assert moved(batch) == {"spf54", "spf55", "spf88"}
    assert not standing(stage)["spf88"]["trouble"]


def standing(stage: Stage) -> dict[str, Any]:
    """What ``status`` says of each federation."""
    rows = json.loads(stage.run("status", "--json").out)["federations"]
    return {row["federation"]: row for row in rows}


def fails(stage: Stage, what: str, times: int) -> None:
    """The tenant answers 503 to so many requests that say that word."""
    settings = tomllib.loads((stage.folder / ".sandbox" / "settings.toml").read_text(encoding="utf-8"))
    asked = {"kind": "unavailable", "path_contains": what, "count": times}
    control, ca_file = settings["sandbox"]["control"], settings["tenant"]["ca_file"]
    requests.post(f"{control}/fault", json=asked, verify=ca_file, timeout=30).raise_for_status()


def switched(journal: Path) -> Iterator[str]:
    for line in map(json.loads, journal.read_text(encoding="utf-8").splitlines()):
        if line["event"] == "outcome" and line["result"] == "done" and line["address"].endswith(".org/MX"):
            yield line["address"].partition("/")[0]


def test_a_day_that_is_far_away_is_not_waited_for(batch: Days) -> None:
    ended = batch.stage.run("day", batch.day.isoformat(), expect=0)
    assert "start again that day" in ended.err
    assert "CFG04" in batch.stage.run("day", "2031-01-06", expect=3).err
    assert batch.stage.run("day", "lundi", expect=64).err
