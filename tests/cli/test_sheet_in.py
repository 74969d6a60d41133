"""``reconcile sheet in`` as it is typed."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from tests.answers.corpus import add, changed, delete, fill
from tests.scenarios.stage import Stage


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    stage = Stage.examples(tmp_path)
    stage.run("--live", "sheet", "out", "55", expect=0)
    return stage


def returned(stage: Stage, name: str, *changes: object) -> None:
    data = changed(stage.folder / "sheets" / "spf55-adresses-v1.xlsx", *changes)  # type: ignore[arg-type]
    (stage.folder / name).write_bytes(data)


def test_the_difference_is_shown_and_written_only_when_that_is_said(stage: Stage) -> None:
    returned(stage, "back.xlsx", fill("lucie.haas@spf55.org", licence="e1"))
    file = stage.folder / "federations" / "spf55.yaml"
    before = file.read_text()
    said = stage.run("--live", "sheet", "in", "back.xlsx", expect=0).out
    assert "Adresses!F19 WBK41 corrected" in said
    assert "-    licence: E3" in said
    assert file.read_text() == before
    stage.run("--live", "sheet", "in", "back.xlsx", "--write", expect=0)
    assert file.read_text() != before
    stage.run("--live", "validate", "55", expect=0)
    again = stage.run("--live", "sheet", "in", "back.xlsx", "--write", expect=0).out
    assert "says so already" in again
    stage.run("--live", "sheet", "in", "back.xlsx", expect=0)
    assert "not written" not in stage.run("--live", "sheet", "status", "55", expect=0).out


def test_the_copy_to_send_back_has_the_answers_and_what_we_say_of_them(stage: Stage) -> None:
    unclear = fill("lucie.haas@spf55.org", licence="E1 ou E3")
    returned(stage, "back.xlsx", unclear, add(address="x", licence="E1"), delete("scanner@spf55.org"))
    said = stage.run("--live", "sheet", "in", "back.xlsx", expect=3).out
    assert "error" in said
    sheet = openpyxl.load_workbook(stage.folder / "sheets" / "spf55-reponse.xlsx")["Adresses"]
    rows = {row[0].value: row for row in sheet.iter_rows(min_row=5)}
    assert rows["lucie.haas@spf55.org"][5].value == "E1 ou E3"
    assert "Erreur" in rows["lucie.haas@spf55.org"][16].value
    assert "plusieurs choix" in rows["lucie.haas@spf55.org"][5].comment.text
    letter = (stage.folder / "sheets" / "spf55-reponse.txt").read_text()
    assert "des adresses de spf55.org (Fédération de la Meuse)" in letter
    assert "F19, lucie.haas@spf55.org" in letter
    assert letter.count("scanner@spf55.org") == 1, "a line names its address once"
    back = stage.folder / "sheets" / "spf55-reponse.xlsx"
    book = openpyxl.load_workbook(back)
    book["Adresses"]["F19"].value = "E1"
    book.save(stage.folder / "second.xlsx")
    assert "-    licence: E3" in stage.run("--live", "sheet", "in", "second.xlsx").out


def test_another_federation_and_an_older_version_are_refused(stage: Stage) -> None:
    returned(stage, "back.xlsx", fill("lucie.haas@spf55.org", licence="E1"))
    assert "WBK12" in stage.run("--live", "sheet", "in", "back.xlsx", "--federation", "88", expect=3).out
    stage.edit("spf55", "job_title: Comptable", "job_title: Trésorière")
    stage.run("--live", "sheet", "out", "55", expect=0)
    assert "WBK13" in stage.run("--live", "sheet", "in", "back.xlsx", expect=3).out
    assert "-    licence: E3" in stage.run("--live", "sheet", "in", "back.xlsx", "--older", expect=0).out


def test_one_file_that_cannot_be_read_does_not_stop_the_others(stage: Stage) -> None:
    returned(stage, "back.xlsx", fill("lucie.haas@spf55.org", licence="E1"))
    (stage.folder / "scan.xlsx").write_bytes(b"%PDF-1.7\n")
    said = stage.run("--live", "sheet", "in", "scan.xlsx", "back.xlsx", expect=3).out
    assert "WBK02" in said
    assert "licence: E1" in said
