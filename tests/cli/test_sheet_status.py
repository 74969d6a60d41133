"""``reconcile sheet status`` as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.answers.corpus import changed, fill
from tests.scenarios.stage import Stage


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage.examples(tmp_path)


def states(stage: Stage, *words: str) -> dict[str, str]:
    said = json.loads(stage.run("--live", "sheet", "status", "--json", *words, expect=0).out)
    return {one["federation"]: one["state"] for one in said}


def test_a_federation_goes_from_not_sent_to_complete(stage: Stage) -> None:
    early = ("--as-of", "2025-01-06")
    assert states(stage, "55", *early) == {"spf55": "not sent"}
    stage.run("--live", "sheet", "out", "55", expect=0)
    assert states(stage, "55", *early) == {"spf55": "waiting"}
    sent = stage.folder / "sheets" / "spf55-adresses-v1.xlsx"
    (stage.folder / "back.xlsx").write_bytes(changed(sent, fill("lucie.haas@spf55.org", licence="E1 ou E3")))
    stage.run("--live", "sheet", "in", "back.xlsx", expect=3)
    assert states(stage, "55", *early) == {"spf55": "incomplete"}
    said = stage.run("--live", "sheet", "status", "55", *early, expect=0).out
    assert "1 error, not written" in said
    (stage.folder / "back.xlsx").write_bytes(changed(sent, fill("lucie.haas@spf55.org", licence="E1")))
    stage.run("--live", "sheet", "in", "back.xlsx", "--write", expect=0)
    assert states(stage, "55", *early) == {"spf55": "complete"}


def test_who_has_not_answered_a_week_before_is_late_and_comes_first(stage: Stage) -> None:
    said = stage.run("--live", "sheet", "status", "--as-of", "2025-01-14", expect=0).out
    rows = [line.split()[:2] for line in said.splitlines()[1:]]
    assert rows[0] == ["spf55", "late"]
    assert ["spf971", "not"] in rows
