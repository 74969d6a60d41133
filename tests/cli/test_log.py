"""``reconcile log`` where the state is kept elsewhere: the runs of this folder are not taken for all there were."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.scenarios.stage import ROOT, Stage


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    (tmp_path / "reconcile.toml").write_text((ROOT / "reconcile.toml").read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "federations").mkdir()
    return Stage(tmp_path)


def test_runs_beside_a_state_kept_elsewhere_are_told_as_what_they_are(stage: Stage) -> None:
    assert stage.run("--live", "log", expect=0).err == ""
    settings = stage.folder / "reconcile.toml"
    settings.write_text('state = "s3://state-of-reconcile/production"\n' + settings.read_text(encoding="utf-8"))
    listed = stage.run("--live", "log", "--json", expect=0)
    assert "vouches for none of them" in " ".join(listed.err.split())
    assert [json.loads(line) for line in listed.out.splitlines()] == []
