"""``reconcile status`` from the files and the state alone, with nothing outside that answers."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import signal
from pathlib import Path

import pytest
from tests.scenarios.stage import ROOT, Stage

from reconcile.clock import SystemClock
from reconcile.mailcopy.queue.late_mail import LateMail
from reconcile.mailcopy.queue.location import FolderLocation
from reconcile.mailcopy.survey.late_mail import Late
from reconcile.state.agreements import AgreementFolder


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


def test_an_invalid_file_is_shown_for_the_date_it_may_have(stage: Stage) -> None:
    def shown(day: str, code: int) -> str:
        return stage.run("--live", "status", day, "--as-of", "2025-01-10", expect=code).out

    stage.edit("spf971", "licence: E1", "licence: E9")
    assert "spf971" not in shown("2025-01-20", 0), "it says that it migrates on another day"
    stage.edit("spf88", "licence: E1", "licence: E9")
    assert shown("2025-01-20", 1).splitlines()[1].startswith("✗ spf88")
    (stage.folder / "federations" / "spf971.yaml").write_text("migration: [", encoding="utf-8")
    assert "✗ spf971" in shown("2025-01-20", 1), "nobody can tell its date"


def test_a_date_changed_by_hand_is_confirmed_no_more(stage: Stage) -> None:
    folder = AgreementFolder(stage.folder / "spfstate" / "agreements")
    folder.note("spf55", dt.date(2025, 1, 15), dt.date(2025, 1, 20))
    before = stage.run("--live", "status", "--json", "--as-of", "2025-01-10").out
    assert "GAT04" not in before.partition("spf88")[0]
    stage.edit("spf55", "date: 2025-01-20", "date: 2025-03-03")
    folder.note("spf55", dt.date(2025, 1, 15), dt.date(2025, 3, 3))
    after = stage.run("--live", "status", "--json", "--as-of", "2025-01-10").out
    assert "on 2025-01-15 both sides agreed on 2025-01-20, and the date is 2025-03-03 now" in after


def test_a_damaged_state_is_an_error_in_its_row_alone(stage: Stage) -> None:
    (stage.folder / "spfstate" / "federations").mkdir(parents=True)
    (stage.folder / "spfstate" / "federations" / "spf55.json").write_text("{", encoding="utf-8")
    document = json.loads(stage.run("--live", "status", "--json", expect=1).out)
    states = {one["federation"]: one["state"] for one in document["federations"]}
    assert (states["spf55"], states["spf88"]) == ("error", "held")


def test_mail_that_came_late_is_told_by_sender_and_on_pages_by_domain(stage: Stage) -> None:
    location = FolderLocation(stage.folder / "spfstate" / "copies", SystemClock())
    location.jobs.enqueue("spf55/copy/contact@spf55.org", "mutualise", "k0412", "contact@spf55.org", "")
    late = [Late("INBOX", 1, uid, sender) for uid, sender in enumerate(["forms@spf88.org"] * 2 + ["<b>@x.example"], 1)]
    LateMail(location.database).note(location.jobs.list()[0], late)

    said = stage.run("--live", "status").out.splitlines()
    assert (
        "spf55: 3 messages came to its old mailboxes after the switch: forms@spf88.org 2, <b>@x.example 1" in said[-2]
    )
    document = json.loads(stage.run("--live", "status", "--json").out)
    told = {one["federation"]: one["late_mail"] for one in document["federations"]}
    assert told["spf55"][0] == {"sender": "forms@spf88.org", "messages": 2}
    assert told["spf88"] == []

    stage.run("--live", "report", "--html", "out", "--as-of", "2025-01-21T17:00", expect=0)
    for page in ("copies.html", "federation-spf55.html"):
        text = (stage.folder / "out" / page).read_text(encoding="utf-8")
        assert "spf88.org (2), x.example (1)" in text
        assert "forms@" not in text
    assert "late_mail" not in (stage.folder / "out" / "federation-spf88.html").read_text(encoding="utf-8")


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
