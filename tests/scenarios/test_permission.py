"""What an apply takes away without deleting a mailbox: only with permission."""

from __future__ import annotations

import shutil

from tests.scenarios.stage import Stage

LOU = "lou.petit@spf55.org"


def test_adopting_what_exists_takes_nothing_away_without_permission(stage: Stage) -> None:
    stage.run("apply", "--yes", expect=0)
    stage.run("sandbox", "portal", LOU, "--add-alias", "tresor@spf55.org", expect=0)
    shutil.rmtree(stage.folder / "spfstate")
    refused = stage.run("apply", "--yes", expect=5)
    assert "tresor@spf55.org" in refused.out  # the whole plan is shown all the same
    assert f"GRD08 The plan takes away what others gave to 1 resource that exists already: spf55/mailbox/{LOU}" in (
        refused.err
    )
    stage.run("apply", "--yes", "--allow-delete", expect=0)
    stage.run("plan", "--detailed-exitcode", expect=0)


def test_an_old_mailbox_is_not_left_behind_before_its_mail_is_copied(stage: Stage) -> None:
    stage.run("apply", "--yes", expect=0)
    stage.edit("spf55", "    aliases: [lp@spf55.org]\n", "    aliases: [lp@spf55.org]\n    new: true\n")
    refused = stage.run("apply", "--yes", expect=5)
    assert f"GRD09 The plan gives up 1 of the copies of old mail before they are over: spf55/copy/{LOU}" in refused.err
    stage.run("copy", "work", expect=0)
    stage.run("apply", "--yes", expect=0)
    stage.run("plan", "--detailed-exitcode", expect=0)
