"""Somebody who waits for a large sandbox is told how far it is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from reconcile.cli.sandbox.running import filling
from reconcile.cli.session.session import Session
from reconcile.sandbox.first_day import Seed
from reconcile.sandbox.folder import SandboxFolder
from reconcile.sandbox.habits import LegacyBox
from reconcile.sandbox.world import World


def test_a_world_notes_how_many_old_mailboxes_are_filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notes: list[dict[str, Any]] = []
    written = SandboxFolder.take_note

    def take_note(folder: SandboxFolder, note: Mapping[str, Any]) -> None:
        notes.append(dict(note))
        written(folder, note)

    monkeypatch.setattr(SandboxFolder, "take_note", take_note)
    boxes = tuple(LegacyBox(f"m{number}@spf55.org", f"m{number}") for number in range(120))
    with World(tmp_path / ".sandbox", Seed({"spf55.org": ()}, boxes, messages=1)):
        assert [(one["filled"], one["to_fill"]) for one in notes if "filled" in one] == [(50, 120), (100, 120)]
        assert all(one["pid"] and not one["ready"] for one in notes[:-1])
        assert notes[-1]["ready"]
        assert "filled" not in notes[-1]


def test_a_log_has_a_line_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    with filling(Session(environment={}, sandbox=True, color="never")) as told:
        for done in range(50, 1200, 50):
            told(done, 1200)
    assert capsys.readouterr().err.splitlines() == [
        "Filling old mailboxes: 500 of 1,200",
        "Filling old mailboxes: 1,000 of 1,200",
    ]
