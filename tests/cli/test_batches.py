"""``reconcile batches`` as a postmaster types it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from icalendar import Calendar
from tests.scenarios.stage import ROOT, Stage

BEFORE = ("--as-of", "2024-12-01")


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    shutil.copytree(ROOT / "federations", tmp_path / "federations")
    shutil.copy(ROOT / "reconcile.toml", tmp_path)
    return Stage(tmp_path)


def live(stage: Stage, *words: str, expect: int = 0) -> str:
    return stage.run("--live", "batches", *words, expect=expect).said


def date_of(stage: Stage, slug: str) -> str | None:
    text = (stage.folder / "federations" / f"{slug}.yaml").read_text(encoding="utf-8")
    found = re.search(r"^  date: (\S+)", text, re.MULTILINE)
    return found[1] if found else None


def test_each_date_shows_how_full_it_is_and_who_has_it(stage: Stage) -> None:
    said = live(stage, "show")
    assert "Mon 20 Jan 2025  2/40, fewer than 20, room for 38; 31 mailboxes" in said
    assert "spf971" in said
    document = json.loads(live(stage, "show", "--json"))
    assert [batch["federations"] for batch in document["batches"]] == [["spf55", "spf88"], ["spf971"], [], []]


def test_a_federation_that_is_not_ready_moves_to_its_next_wish_and_its_agreement_goes(stage: Stage) -> None:
    said = live(stage, "move", "55", *BEFORE)
    assert "-  date: 2025-01-20" in said
    assert "+  date: 2025-03-03" in said
    assert "-  confirmed: 2025-01-15" in said
    assert date_of(stage, "spf55") == "2025-03-03"
    text = (stage.folder / "federations" / "spf55.yaml").read_text(encoding="utf-8")
    assert "# souhaits, du préféré au moins bon" in text
    assert "confirmed" not in text


def test_a_move_shown_only_writes_nothing(stage: Stage) -> None:
    assert "+  date: 2025-03-03" in live(stage, "move", "55", "--dry-run", *BEFORE)
    assert date_of(stage, "spf55") == "2025-01-20"


def test_when_no_date_is_left_the_federation_has_none_and_that_is_told(stage: Stage) -> None:
    live(stage, "move", "88", "--to", "2025-05-19", *BEFORE)
    said = live(stage, "move", "88", *BEFORE, expect=1)
    assert "CAL03 No date after 2025-05-19 has room for spf88" in said
    assert date_of(stage, "spf88") is None
    assert "Without a date: 1" in live(stage, "show")


def test_after_the_lock_a_move_is_a_rollback_and_refused(stage: Stage) -> None:
    assert "CAL04" in live(stage, "move", "55", "--as-of", "2025-01-19T16:00", expect=5)
    live(stage, "move", "55", "--as-of", "2025-01-19T15:59")


@pytest.mark.parametrize(
    ("to", "code", "exit_code"), [("2025-02-03", "CAL05", 5), ("lundi", "is no date", 64), ("2025-03-03", "full", 5)]
)
def test_a_date_that_cannot_be_had_is_refused(stage: Stage, to: str, code: str, exit_code: int) -> None:
    settings = stage.folder / "reconcile.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("date = 2025-03-03", "date = 2025-03-03\nleast = 1\nmost = 1"), encoding="utf-8")
    assert code in live(stage, "move", "55", "--to", to, *BEFORE, expect=exit_code)
    assert date_of(stage, "spf55") == "2025-01-20"


def test_a_proposal_is_shown_with_its_reasons_and_written_only_when_asked(stage: Stage) -> None:
    for slug in ("spf55", "spf88"):
        stage.edit(slug, "  date: 2025-01-20", "  # date: à choisir")
        stage.edit(slug, "  confirmed: 2025-01-15", "  # confirmed:")
    said = live(stage, "propose", *BEFORE)
    assert re.search(r"~ spf88 +2025-01-20  its first wish", said)
    assert "First come, first served" in said
    assert date_of(stage, "spf88") is None
    live(stage, "propose", "--write", *BEFORE)
    assert date_of(stage, "spf88") == "2025-01-20"
    stage.run("--live", "validate", expect=0)


def test_calendars_follow_a_federation_that_moves(stage: Stage) -> None:
    live(stage, "ics")
    names = {path.name for path in (stage.folder / "calendars").iterdir()}
    assert names == {"2025-01-20.ics", "2025-03-03.ics", "spf55.ics", "spf88.ics", "spf971.ics"}
    before = _events(stage, "spf55")
    live(stage, "ics", "55")
    assert _events(stage, "spf55") == before
    live(stage, "move", "55", *BEFORE)
    live(stage, "ics", "55", "2025-03-03")
    after = _events(stage, "spf55")
    assert after.keys() == before.keys()
    assert {sequence for sequence, _ in after.values()} == {1}
    assert before["spf55-lock@reconcile"] == (0, "2025-01-19T15:00:00+00:00")
    assert after["spf55-lock@reconcile"] == (1, "2025-03-02T15:00:00+00:00")
    assert "CFG04" in live(stage, "ics", "nobody", expect=3)


def test_a_federation_that_loses_its_date_has_its_events_cancelled(stage: Stage) -> None:
    live(stage, "ics", "88")
    live(stage, "move", "88", "--to", "2025-05-19", *BEFORE)
    live(stage, "move", "88", *BEFORE, expect=1)
    live(stage, "ics", "88")
    page = Calendar.from_ical((stage.folder / "calendars" / "spf88.ics").read_bytes())
    assert {str(event["STATUS"]) for event in page.walk("VEVENT")} == {"CANCELLED"}


def test_a_file_that_is_not_valid_is_left_out_and_told(stage: Stage) -> None:
    stage.edit("spf88", "licence: E1", "licence: E9")
    said = live(stage, "show")
    assert "Left out: federations/spf88.yaml is not valid" in said
    assert "spf55" in said


def test_without_batches_the_calendar_says_so(stage: Stage) -> None:
    settings = stage.folder / "reconcile.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(re.sub(r"\[\[batches\]\]\n(?:\w+ = .*\n)+", "", text), encoding="utf-8")
    assert "CAL02" in live(stage, "show", expect=3)


def _events(stage: Stage, name: str) -> dict[str, tuple[int, str]]:
    page = Calendar.from_ical((stage.folder / "calendars" / f"{name}.ics").read_bytes())
    return {str(one["UID"]): (int(one["SEQUENCE"]), one["DTSTART"].dt.isoformat()) for one in page.walk("VEVENT")}


def test_git_sees_only_the_lines_that_changed(stage: Stage) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=stage.folder, check=True)
    subprocess.run(["git", "add", "--all"], cwd=stage.folder, check=True)
    live(stage, "move", "55", *BEFORE)
    diff = subprocess.run(["git", "diff", "--numstat"], cwd=stage.folder, capture_output=True, text=True, check=True)
    assert diff.stdout.split()[:2] == ["1", "2"]


def test_a_date_is_forecast_with_what_limits_it(stage: Stage) -> None:
    said = live(stage, "forecast", "2025-01-20", "--rate", "5")
    assert "limited by" in said
    assert "2 federations, 31 mailboxes: all switched Sun 19 18:08" in said
    assert "No cache leads to an old host after Sun 19 18:13" in said
    assert "Still to be prepared (domain, verification, DKIM): spf" in said
    document = json.loads(live(stage, "forecast", "2025-03-03", "--json"))
    assert document["federations"][0]["locked"] == "2025-03-02T15:00:00+00:00"
    live(stage, "forecast", "2025-03-04", expect=3)
    live(stage, "forecast", "2025-03-03", "--rate", "0", expect=64)
    live(stage, "forecast", "2025-03-03", "--begun", "soir", expect=64)
    assert "all switched Sun 19 18:17" in live(stage, "forecast", "2025-01-20", "--begun", "18:05")
