"""A public folder of the old host as a mailbox's old mail: planned, rehearsed, copied and verified by the commands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.scenarios.stage import SMALL, Stage

SOURCE = "    legacy_login: k0412\n    public_folder: Partages/Comptabilité\n    display_name: Secours"
GIVEN = 'spf55 = ["Partages/Comptabilité"]\n'


@pytest.fixture
def sharing(tmp_path: Path) -> Stage:
    stage = Stage.small(tmp_path)
    stage.write("spf55", SMALL.replace("    display_name: Secours", SOURCE))
    stage.settings('\nspf55 = ["k0412"]\n', '\nspf55 = ["k0412"]\n\n[legacy.mutualise.public_folders]\n' + GIVEN)
    return stage


def test_a_public_folder_is_planned_rehearsed_copied_and_verified(sharing: Stage) -> None:
    stage = sharing
    stage.run("sandbox", "up", expect=0)
    try:
        stage.run("validate", expect=0)
        assert "The old host opens 3 mailboxes to the copier." in stage.run("rehearse", "spf55", expect=0).out
        stage.run("inventory", "read", expect=0)
        assert "Partages/Comptabilité" in stage.run("plan", expect=0).out
        stage.run("apply", "--yes", expect=0)
        stage.run("plan", "--detailed-exitcode", expect=0)
        held = stage.run("copy", "work", "--sizes", "contact@spf55.org", expect=0).out
        assert "Partages/Comptabilité/" in held
        stage.run("copy", "work", expect=0)
        stage.run("copy", "verify", "--digests", expect=0)
        jobs = {job["key"]: job for job in json.loads(stage.run("copy", "status", "--json", expect=0).out)}
        assert jobs["spf55/copy/contact@spf55.org"]["messages"] > 0
        # Another folder that the settings do not give: nothing of it is copied, whoever asks.
        stage.edit("spf55", "Partages/Comptabilité", "Partages/Direction")
        assert "SPF109" in stage.run("validate", expect=3).said
        # One that the login does not see is told by the rehearsal.
        stage.settings(GIVEN, GIVEN.replace("Comptabilité", "Direction"))
        assert "✗ COPY19 contact@spf55.org: " in stage.run("rehearse", "spf55", expect=1).out
    finally:
        stage.run("sandbox", "down")
