"""An apply held to what was merged."""

from __future__ import annotations

from tests.scenarios.stage import Stage

TEAM = "    licence: E1"


def test_only_what_was_approved_is_applied_whatever_drifts_until_then(stage: Stage) -> None:
    with (stage.folder / "reconcile.toml").open("a", encoding="utf-8") as settings:
        settings.write("\n[guards]\napproval = true\n")
    never = stage.run("apply", "--yes", expect=4)
    assert "PLN08 spf55 was never approved." in never.err
    assert "reconcile approve spf55" in never.err
    assert stage.journals() == []

    assert "never approved" in stage.run("approve", "--check", expect=1).out
    stage.run("approve", expect=0)
    assert "All is as approved." in stage.run("approve", "--check", expect=0).out
    stage.run("apply", "--yes", expect=0)
    assert "All is as approved." in stage.run("approve", "--check", expect=0).out

    stage.edit("spf55", TEAM, "    licence: E3")
    other = stage.run("apply", "--yes", expect=4)
    assert "PLN08 spf55 is not as it was approved" in other.err
    assert "~ spf55/mailbox/lou.petit@spf55.org" in other.err
    assert '"licence":"E1"' in other.err
    assert '"licence":"E3"' in other.err
    assert stage.run("approve", "--check", expect=1).out.startswith("spf55: not as approved, 1 to look at")
    stage.run("approve", expect=0)
    stage.run("apply", "--yes", expect=0)
    assert stage.run("plan").out.startswith("Nothing to do")


def test_an_approval_somebody_touched_approves_nothing(stage: Stage) -> None:
    with (stage.folder / "reconcile.toml").open("a", encoding="utf-8") as settings:
        settings.write("\n[guards]\napproval = true\n")
    stage.run("approve", expect=0)
    file = stage.folder / "approved" / "spf55.json"
    written = file.read_text(encoding="utf-8")
    for text in (written.replace("E1", "E3"), "{", "[]", '{"wanted": 1}', written.replace("spf55", "spf88")):
        file.write_text(text, encoding="utf-8")
        assert "PLN07" in stage.run("apply", "--yes", expect=4).err
    stage.run("approve", expect=0)
    assert file.read_text(encoding="utf-8") == written
