"""A federation is asked, answers, and is moved as it said: from its old host to the letter that confirms its date."""

from __future__ import annotations

import datetime as dt
import io
import subprocess
from pathlib import Path

import openpyxl
import pytest
from tests.answers.corpus import free_row, put, row_of
from tests.documents.artefacts import FOLDER
from tests.scenarios.stage import Stage
from tests.scenarios.test_calendar import Days
from tests.scenarios.test_letters import apply_letters, come, mails, undecided


@pytest.fixture
def days(stage: Stage) -> Days:
    """Twenty days before J, in a git repository; nothing is decided of the old addresses that no line names."""
    days = undecided(stage)
    git(stage, "init", "--quiet", "--initial-branch", "main")
    commit(stage, "Start")
    return days


def git(stage: Stage, *words: str) -> None:
    who = ("-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *who, *words], cwd=stage.folder, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr


def commit(stage: Stage, message: str) -> None:
    git(stage, "add", "federations", "reconcile.toml")
    git(stage, "commit", "--quiet", "--message", message)


class Told:
    """Commands as they are typed and what they say, kept for a reader: ``.artefacts/answer.txt``."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.lines: list[str] = []

    def type(self, *words: str, expect: int = 0) -> str:
        said = self.stage.run(*words, expect=expect).said
        self.lines.append(f"$ reconcile {' '.join(words)}\n{said}")
        return said

    def keep(self) -> None:
        FOLDER.mkdir(exist_ok=True)
        (FOLDER / "answer.txt").write_text("\n".join(self.lines), encoding="utf-8")


def completed(workbook: bytes, target: Path) -> set[str]:
    """What the federation sends back: every open address given up, a person made E3, somebody new; as people write."""
    book = openpyxl.load_workbook(io.BytesIO(workbook))
    sheet = book["Adresses"]
    still_open = {
        str(cells[0].value) for cells in sheet.iter_rows(min_row=5, max_col=5) if cells[0].value and not cells[4].value
    }
    for address in still_open:
        put(sheet, row_of(sheet, address), keep="non")
    put(sheet, row_of(sheet, "lou.petit@spf55.org"), licence="e3", phone=353010009)
    put(sheet, free_row(sheet), address="NOUR.HADDAD@spf55.org", licence="E1", last_name="HADDAD", first_name="Nour")
    book.save(target)
    return still_open


def test_from_the_old_host_to_the_letter_that_confirms(days: Days) -> None:
    stage, told = days.stage, Told(days.stage)
    come(days, 14)
    told.type("inventory", "read")
    assert apply_letters(days) == ["list"]
    [mail] = mails(days).values()
    [sheet] = mail.iter_attachments()
    assert "waiting" in told.type("sheet", "status")
    back = stage.folder / "reponse.xlsx"
    given_up = completed(sheet.get_content(), back)
    assert given_up

    come(days, 9)
    git(stage, "checkout", "--quiet", "-b", "answer")
    shown = told.type("sheet", "in", "reponse.xlsx")
    assert "0 errors" in shown
    assert "+    licence: E3" in shown
    told.type("sheet", "in", "reponse.xlsx", "--write")
    assert "says so already" in told.type("sheet", "in", "reponse.xlsx")
    told.type("validate", "55")
    assert "complete" in told.type("sheet", "status")
    commit(stage, "Answer of the Meuse")
    planned = told.type("plan", "--changed-since", "main", "--out", "plans/answer.json")
    assert "nour.haddad@spf55.org" in planned
    assert not [address for address in given_up if f"mailbox/{address}" in planned]
    git(stage, "checkout", "--quiet", "main")
    git(stage, "merge", "--quiet", "--ff-only", "answer")

    come(days, 8)
    assert apply_letters(days) == []  # nothing is undecided: nobody is reminded
    come(days, 5)
    assert apply_letters(days) == ["confirmation"]
    letter = list(mails(days).values())[-1].get_body(("plain",))
    assert letter is not None
    told.lines.append(letter.get_content())
    told.keep()
    costs = " ".join(letter.get_content().split())
    assert "1 licence E1 et 2 E3" in costs
    assert "Surcoût possible : 5,48 € TTC par mois" in costs
    today = (days.day - dt.timedelta(days=5)).isoformat()
    agreed = f'surcharge_told: {{date: {today}, monthly: "5.48"}}, confirmed: {today}'
    stage.edit("spf55", "migration: {date: ", f"migration: {{{agreed}, date: ")
    told.type("validate", "55")
    assert "confirmation" in told.type("letter", "list")
    told.keep()
