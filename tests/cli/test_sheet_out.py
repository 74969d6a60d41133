"""``reconcile sheet out`` as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.answers.corpus import changed, fill
from tests.scenarios.stage import Stage


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage.examples(tmp_path)


def test_each_federation_of_a_date_has_its_workbook(stage: Stage) -> None:
    said = stage.run("--live", "sheet", "out", "2025-01-20", expect=0)
    assert "no inventory" in said.err
    assert sorted(path.name for path in (stage.folder / "sheets").iterdir()) == [
        "spf55-adresses-v1.xlsx",
        "spf88-adresses-v1.xlsx",
    ]
    assert {path.stat().st_mode & 0o777 for path in (stage.folder / "sheets").iterdir()} == {0o600}


def test_a_workbook_that_says_the_same_keeps_its_number_and_another_gets_the_next(stage: Stage) -> None:
    stage.run("--live", "sheet", "out", "55", expect=0)
    first = (stage.folder / "sheets" / "spf55-adresses-v1.xlsx").read_bytes()
    stage.run("--live", "sheet", "out", "55", expect=0)
    assert (stage.folder / "sheets" / "spf55-adresses-v1.xlsx").read_bytes() == first
    stage.edit("spf55", "job_title: Comptable", "job_title: Trésorière")
    assert "version 2" in stage.run("--live", "sheet", "out", "55", expect=0).out
    record = json.loads((stage.folder / "spfstate" / "sheets" / "spf55.json").read_text())
    assert [one["version"] for one in record["sheets"]] == [1, 2]


def test_a_moved_date_makes_another_version_and_the_answer_to_the_one_before_is_still_taken(stage: Stage) -> None:
    stage.run("--live", "sheet", "out", "55", expect=0)
    stage.edit("spf55", "  date: 2025-01-20 ", "  date: 2025-03-03 ")
    assert "version 2" in stage.run("--live", "sheet", "out", "55", expect=0).out
    assert "version 2" in stage.run("--live", "sheet", "out", "55", expect=0).out
    first = stage.folder / "sheets" / "spf55-adresses-v1.xlsx"
    (stage.folder / "back.xlsx").write_bytes(changed(first, fill("lucie.haas@spf55.org", licence="E1")))
    assert "-    licence: E3" in stage.run("--live", "sheet", "in", "back.xlsx", expect=0).out


def test_an_invalid_file_is_left_out_and_named(stage: Stage) -> None:
    stage.edit("spf88", "licence: E1", "licence: E9")
    said = stage.run("--live", "sheet", "out", "55", "88", expect=1)
    assert "Left out: federations/spf88.yaml" in said.err
    assert "spf55-adresses-v1.xlsx" in said.out


def test_a_damaged_record_is_told_and_nothing_is_written(stage: Stage) -> None:
    folder = stage.folder / "spfstate" / "sheets"
    folder.mkdir(parents=True)
    (folder / "spf55.json").write_text("{")
    assert "WBK70" in stage.run("--live", "sheet", "out", "55", expect=1).err
    assert not (stage.folder / "sheets").exists()
