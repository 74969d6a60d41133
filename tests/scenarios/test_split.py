"""Mailboxes that do not come: a few are covered by the relay, most leave their federation between two hosts, and either
is said."""

from __future__ import annotations

from tests.scenarios.stage import Stage


def test_a_mailbox_that_never_comes_leaves_a_split_federation_and_says_so(stage: Stage) -> None:
    stage.run("sandbox", "tenant", "--lag", "mailbox=never", expect=0)
    line = (
        "spf55 is split: mail of spf55.org still goes to the old host, while 1 mailbox of it is in the tenant, until "
        "camille.dupont@spf55.org, lou.petit@spf55.org are there."
    )
    ended = stage.run("apply", "--yes", expect=6)
    assert line in " ".join(ended.out.split())
    assert line in " ".join(
        stage.run("apply", "--yes", expect=6).out.split()
    )  # nothing was done, and it is split still
    plan = stage.run("plan").out
    assert " ".join(plan.split("\n\n")[0].split()) == line
    stage.run("sandbox", "tenant", "--lag", "mailbox=60s", expect=0)
    for address, licence in (("camille.dupont@spf55.org", "E3"), ("lou.petit@spf55.org", "E1")):
        stage.run("sandbox", "portal", address, "--licence", licence, expect=0)
    stage.run("apply", "--yes", expect=0)
    assert "split" not in stage.run("plan", expect=0).out


def test_one_mailbox_that_does_not_come_holds_nobody_up_and_is_said_until_it_is_there(stage: Stage) -> None:
    bought = 'E3 = ["ENTERPRISEPACK"'
    stage.settings(bought, 'E3 = ["NOBODY_SELLS_IT"] #')
    line = "spf55: camille.dupont@spf55.org is late: its mail goes on to the old host, and is copied from there."
    ended = stage.run("apply", "--yes", expect=6)
    assert line in " ".join(ended.out.split())
    assert "split" not in ended.out
    assert "spf55/dns/spf55.org/MX" in stage.run("state", "list").out
    plan = " ".join(stage.run("plan").out.split())
    assert plan.startswith(line)
    stage.settings('E3 = ["NOBODY_SELLS_IT"] #', bought)
    stage.run("apply", "--yes", expect=0)
    assert "late" not in stage.run("plan", expect=0).out
