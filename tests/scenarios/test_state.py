"""The state lost, looked at and mended, by the commands a postmaster types."""

from __future__ import annotations

import json
import shutil

from tests.scenarios.stage import Stage


def test_a_lost_state_is_found_again_in_the_tenant(stage: Stage) -> None:
    stage.run("apply", "--yes", expect=0)
    for lost in ("federations", "runs"):
        shutil.rmtree(stage.folder / "spfstate" / lost)
    # While the state was lost, a mailbox left the file: it is still ours to delete.
    text = (stage.folder / "federations" / "spf55.yaml").read_text(encoding="utf-8")
    start, end = text.index("  lou.petit@spf55.org:"), text.index("  contact@spf55.org:")
    text = text[:start] + text[end:].replace("      - lou.petit@spf55.org\n", "")
    stage.write("spf55", text)
    rebuilt = stage.run("state", "rebuild", "55", expect=0)
    assert "3 of 3" in rebuilt.err
    recorded = stage.run("state", "list", expect=0).out.split()
    assert "spf55/mailbox/lou.petit@spf55.org" in recorded
    summary = stage.plan()
    assert (summary["create"], summary["delete"]) == (0, 1)
    assert "GRD01" in stage.run("apply", "--yes", expect=5).err
    stage.run("apply", "--yes", "--allow-delete", expect=0)
    stage.run("plan", "--detailed-exitcode", expect=0)


def test_a_state_is_mended_by_hand_and_put_back(stage: Stage) -> None:
    stage.run("apply", "--yes", expect=0)
    address = "spf55/mailbox/lou.petit@spf55.org"
    assert "licence" in stage.run("state", "show", address, expect=0).out
    pulled = stage.run("state", "pull", "55", expect=0).out
    assert json.loads(pulled)["records"][address]["created_by"]
    stage.run("state", "rm", address, expect=0)
    assert stage.plan()["adopt"] == 1
    (stage.folder / "pulled.json").write_text(pulled, encoding="utf-8")
    assert "STA04" in stage.run("state", "push", "pulled.json", expect=4).err
    stage.run("state", "push", "pulled.json", "--force", expect=0)
    stage.run("plan", "--detailed-exitcode", expect=0)
    assert "No lock is held" in stage.run("lock", "list", expect=0).out


def test_the_sandboxs_state_is_never_taken_for_the_live_worlds(stage: Stage) -> None:
    forgotten = stage.run("plan", environment={"RECONCILE_SANDBOX": "0"}, expect=1).err
    assert "AUTH01" in forgotten
    assert "for the sandbox of this folder, say --sandbox" in forgotten
    stage.run("apply", "--yes", "--sandbox", environment={"RECONCILE_SANDBOX": "0"}, expect=0)
    live = {"RECONCILE_SANDBOX": "0", "RECONCILE_CLIENT_SECRET": "x"}
    for command in (
        ["plan"],
        ["drift"],
        ["apply", "--yes"],
        ["rehearse", "spf55"],
        ["copy", "work"],
        ["copy", "verify"],
        ["copy", "back", "spf55", "--yes"],
        ["dns", "check", "spf55"],
        ["dns", "undo", "spf55", "--yes"],
        ["inventory", "read"],
    ):
        refused = stage.run(*command, environment=live, expect=1).err
        assert "STA16" in refused, command
        assert "say --sandbox" in refused
    (stage.folder / "spfstate" / "federations" / "spf55.json").unlink()
    assert "STA16" in stage.run("plan", environment=live, expect=1).err  # the journals would say the same


def test_mailboxes_made_anew_get_their_copies_anew(stage: Stage) -> None:
    stage.run("apply", "--yes", expect=0)
    stage.run("copy", "work", expect=0)
    first = json.loads(stage.run("copy", "status", "--json", expect=0).out)
    assert {one["state"] for one in first} == {"done"}
    assert "still tells what was applied" in stage.run("sandbox", "reset", expect=0).err
    plan = stage.run("plan", "-v", expect=0).out
    assert "copy" in plan
    stage.run("apply", "--yes", expect=0)
    queued = json.loads(stage.run("copy", "status", "--json", expect=0).out)
    assert {one["state"] for one in queued} == {"queued"}
    stage.run("copy", "work", expect=0)
    again = json.loads(stage.run("copy", "status", "--json", expect=0).out)
    assert [one["messages"] for one in again] == [one["messages"] for one in first]
    assert sum(one["messages"] for one in again) > 0
    stage.run("copy", "verify", expect=0)
    stage.run("plan", "--detailed-exitcode", expect=0)
