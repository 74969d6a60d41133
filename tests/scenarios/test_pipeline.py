"""A plan reviewed in a pull request and applied by a pipeline, told in the shapes of its tools."""

from __future__ import annotations

import collections
import json

from tests.scenarios.stage import Stage


def test_a_pipeline_comments_a_plan_and_follows_its_apply(stage: Stage) -> None:
    pipeline = {"CI_PIPELINE_URL": "https://ci.example.org/7"}
    words = ("plan", "--detailed-exitcode", "--out", "plans/first.json", "--markdown", "plans/first.md")
    planned = stage.run(*words, "--format", "terraform", environment=pipeline, expect=2)
    page = (stage.folder / "plans" / "first.md").read_text(encoding="utf-8")
    digest = json.loads((stage.folder / "plans" / "first.json").read_text(encoding="utf-8"))["digest"]
    assert digest in page
    changes = json.loads(planned.out)["resource_changes"]
    actions = collections.Counter(change["change"]["actions"][0] for change in changes)
    assert f"### Plan: {actions['create']} to create, {actions['update']} to update\n" in page

    applied = stage.run("apply", "plans/first.json", "--events", environment=pipeline, expect=0)
    events = [json.loads(line) for line in applied.out.splitlines()]
    tally = collections.Counter(event["type"] for event in events)
    assert (events[0]["type"], events[-1]["type"]) == ("version", "change_summary")
    assert tally["planned_change"] == tally["apply_start"] == tally["apply_complete"] == len(changes)
    assert (events[-1]["changes"]["add"], events[-1]["changes"]["change"]) == (actions["create"], actions["update"])
    assert {event["hook"]["resource"]["addr"] for event in events if event["type"] == "apply_complete"} == {
        change["address"] for change in changes
    }

    again = stage.run("apply", "--events", environment=pipeline, expect=0)
    last = json.loads(again.out.splitlines()[-1])
    assert (last["@message"], last["changes"]["operation"]) == (
        "Apply complete! Resources: 0 added, 0 changed, 0 destroyed.",
        "apply",
    )


def test_events_ask_nobody(stage: Stage) -> None:
    refused = stage.run("apply", "--events", expect=5)
    assert "GRD03" in refused.err
    assert all(json.loads(line) for line in refused.out.splitlines())


def test_a_pull_request_is_planned_without_any_key_that_could_write(stage: Stage) -> None:
    secrets = stage.folder / ".sandbox" / "secrets"
    for name in ("dns-key", "master-password"):
        (secrets / name).unlink()
    planned = stage.run("plan", "--out", "plans/pr.json", "--detailed-exitcode", expect=2)
    assert "spf55.org/MX" in planned.out
    stage.run("drift", expect=0)

    refused = stage.run("apply", "plans/pr.json", "--events", expect=1)
    assert "AUTH01" in refused.err
    assert not stage.journals()
