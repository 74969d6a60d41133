"""``reconcile status`` from the files and the state alone, with nothing outside that answers."""

from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path

import pytest
from tests.scenarios.stage import ROOT, Stage


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    shutil.copytree(ROOT / "federations", tmp_path / "federations")
    shutil.copy(ROOT / "reconcile.toml", tmp_path)
    return Stage(tmp_path)


def test_a_date_s_federations_are_shown_and_no_others(stage: Stage) -> None:
    said = stage.run("--live", "status", "2025-01-20", "--as-of", "2025-01-10", expect=0).out
    assert "spf55" in said
    assert "spf971" not in said
    assert "GAT02 GAT03" in said, "never rehearsed, and the old host never listed"
    assert stage.run("--live", "status", "971", expect=0).out.count("spf971") == 1
    assert "CFG04" in stage.run("--live", "status", "2025-01-21", expect=3).err


def test_an_invalid_file_is_an_error_in_its_row_and_comes_first(stage: Stage) -> None:
    stage.edit("spf88", "licence: E1", "licence: E9")
    said = stage.run("--live", "status", "--as-of", "2025-01-10", expect=1).out.splitlines()
    assert said[1].startswith("✗ spf88")
    assert "federations/spf88.yaml:" in said[1]
    assert len(said) == 5


def test_a_damaged_state_is_an_error_in_its_row_alone(stage: Stage) -> None:
    (stage.folder / "spfstate" / "federations").mkdir(parents=True)
    (stage.folder / "spfstate" / "federations" / "spf55.json").write_text("{", encoding="utf-8")
    document = json.loads(stage.run("--live", "status", "--json", expect=1).out)
    states = {one["federation"]: one["state"] for one in document["federations"]}
    assert (states["spf55"], states["spf88"]) == ("error", "held")


def test_nothing_is_written_by_looking(stage: Stage) -> None:
    before = sorted(stage.folder.rglob("*"))
    stage.run("--live", "status")
    assert sorted(stage.folder.rglob("*")) == before


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_watched_it_is_told_again_when_it_changed_until_interrupted(stage: Stage, how: signal.Signals) -> None:
    watching = stage.start("--live", "status", "--watch", "--as-of", "2025-01-10")
    assert watching.stdout is not None
    first = [watching.stdout.readline() for _ in range(5)]
    assert not [line for line in first if line.startswith("✗")]
    stage.edit("spf88", "licence: E1", "licence: E9")
    assert any(line.startswith("✗ spf88") for line in iter(watching.stdout.readline, ""))
    watching.send_signal(how)
    rest = watching.stdout.read()
    watching.stdout.close()
    assert watching.wait(120) == 1, rest
    assert "Traceback" not in rest
