"""What a page that follows Terraform's event stream is told of ours."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import given
from rich.text import Text
from tests.views.any_plan import plans
from tests.views.sample_plans import EMPTY, EVERYTHING, MIGRATION, NOW, altered, meuse

from reconcile.applying.events import Event, Finished, Started, Stopping
from reconcile.applying.outcome import Outcome, Result, Run
from reconcile.planning.plan.plan import Action, Cause, Plan
from reconcile.problem import Problem
from reconcile.views.terraform.events import plan_events, run_event, run_summary, version
from reconcile.views.terraform.names import named

Golden = Callable[[str, Iterable[Text]], None]
Said = dict[str, Any]

FAILED = Problem("GRA12", "The tenant refused contact@spf55.org.", "look at its proxy addresses")


def told(events: Iterable[Event]) -> list[Said]:
    return [said for event in events for said in run_event(event, NOW)]


def run_of(plan: Plan) -> tuple[list[Event], Run]:
    """A run in which the first change succeeds, the second fails, the third is skipped and the others wait."""
    done, failed, skipped, *waiting = plan.changes
    outcomes = (
        Outcome(done, Result.DONE, 1.25),
        Outcome(failed, Result.FAILED, 3.0, FAILED),
        Outcome(skipped, Result.SKIPPED, because=failed.address),
        *(Outcome(change, Result.NOT_DUE) for change in waiting),
    )
    events = [Started(done), Started(failed), Stopping((failed,)), *map(Finished, outcomes)]
    return events, Run("run1", outcomes, 4.25)


@pytest.mark.parametrize(("name", "plan"), [("migration", MIGRATION), ("everything", EVERYTHING)], ids=["new", "all"])
def test_a_plan_is_told_as_its_golden_file(golden: Golden, name: str, plan: Plan) -> None:
    golden(f"plan_{name}.events.jsonl", lines(plan_events(plan, NOW)))


def test_a_run_is_told_as_its_golden_file(golden: Golden) -> None:
    events, run = run_of(MIGRATION)
    golden("run.events.jsonl", lines([version("reconcile 1.0", NOW), *told(events), run_summary(run, NOW)]))


def lines(events: Iterable[Said]) -> list[Text]:
    return [Text(json.dumps(event, ensure_ascii=False)) for event in events]


def test_a_failure_is_told_with_its_hint() -> None:
    events, _ = run_of(MIGRATION)
    errored, diagnostic = [said for said in told(events) if said["@level"] == "error"]
    assert errored["type"] == "apply_errored"
    assert errored["hook"]["elapsed_seconds"] == 3.0
    assert diagnostic["diagnostic"] == {
        "severity": "error",
        "summary": "GRA12 The tenant refused contact@spf55.org.",
        "detail": "look at its proxy addresses",
        "address": named(MIGRATION.changes[1].address).address,
    }


def test_what_was_not_done_is_told_in_words() -> None:
    said = [one["@message"] for one in told(run_of(MIGRATION)[0]) if one["type"] == "log"]
    assert any(": skipped, for module.federation" in one for one in said)
    assert sum(one.endswith(": not due yet") for one in said) == len(MIGRATION.changes) - 3


def test_a_run_that_left_something_undone_does_not_call_itself_complete() -> None:
    _, run = run_of(MIGRATION)
    assert run_summary(run, NOW)["@message"] == "Apply incomplete. Resources: 1 added, 0 changed, 0 destroyed."
    done = dataclasses.replace(run, outcomes=(run.outcomes[0], *run.outcomes[3:]))
    assert run_summary(done, NOW)["@message"] == "Apply complete! Resources: 1 added, 0 changed, 0 destroyed."
    stopped = dataclasses.replace(done, interrupted=True)
    assert run_summary(stopped, NOW)["@message"].startswith("Apply incomplete.")


def test_the_count_is_worded_as_terraform_words_it() -> None:
    assert list(plan_events(EMPTY, NOW))[-1]["@message"] == "Plan: 0 to add, 0 to change, 0 to destroy."
    said = list(plan_events(EVERYTHING, NOW))[-1]
    assert said["@message"] == "Plan: 1 to import, 1 to add, 3 to change, 2 to destroy, 1 to forget."
    assert said["changes"] == {"import": 1, "add": 1, "change": 3, "remove": 2, "forget": 1, "operation": "plan"}


def test_an_adoption_that_mends_nothing_is_an_import_only() -> None:
    adopted = altered(meuse("mailbox", "a@spf55.org"), action=Action.ADOPT)
    as_asked = dataclasses.replace(adopted, cause=Cause.YAML)
    _, planned, summary = plan_events(dataclasses.replace(EMPTY, changes=(as_asked,)), NOW)
    assert planned["change"]["action"] == "import"
    assert planned["change"]["importing"] == {"id": "id"}
    assert (summary["changes"]["import"], summary["changes"]["change"]) == (1, 0)


@given(plans())
def test_any_plan_is_told_from_its_version_to_its_count(plan: Plan) -> None:
    said = list(plan_events(plan, NOW))
    assert said[0]["type"] == "version"
    assert said[-1]["type"] == "change_summary"
    kinds = [one["type"] for one in said]
    assert kinds.count("planned_change") == len(plan.changes)
    assert kinds.count("diagnostic") == len(plan.blocked)
    for one in said:
        assert {"@level", "@message", "@module", "@timestamp", "type"} <= one.keys()
        assert "\n" not in json.dumps(one)


@given(plans())
def test_the_count_agrees_with_the_plan(plan: Plan) -> None:
    *_, summary = plan_events(plan, NOW)
    mended = sum(change.action is Action.ADOPT and bool(change.fields) for change in plan.changes)
    assert summary["changes"] == {
        "import": plan.count(Action.ADOPT),
        "add": plan.count(Action.CREATE),
        "change": plan.count(Action.UPDATE) + mended,
        "remove": plan.count(Action.DELETE),
        "forget": plan.count(Action.FORGET),
        "operation": "plan",
    }
