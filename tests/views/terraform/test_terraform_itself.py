"""Our documents held against those of Terraform, where it is installed; its built-in resource needs no network."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.views.any_plan import HOSTILE
from tests.views.sample_plans import EVERYTHING, MIGRATION, NOW

from reconcile.applying.events import Finished, Started
from reconcile.applying.outcome import Outcome, Result, Run
from reconcile.planning.plan.plan import Plan
from reconcile.resources.address import Address
from reconcile.views.terraform.events import plan_events, run_event, run_summary
from reconcile.views.terraform.names import named
from reconcile.views.terraform.plan import document

pytestmark = pytest.mark.skipif(not shutil.which("terraform"), reason="terraform is not installed")

#: Keys Terraform adds when there is something to say, and ours beside them.
SOMETIMES = {"importing", "action_reason", "reason", "id_key", "id_value"}
OURS = {"reconcile"}

ROOT = """
module "federation" {
  source   = "./federation"
  for_each = toset(jsondecode(file("slugs.json")))
}
"""
BEFORE = """
resource "terraform_data" "mailbox" {
  for_each = toset(["deleted@spf55.org", "updated@spf55.org"])
  input    = ["1"]
}
resource "terraform_data" "forgotten" {}
resource "terraform_data" "same" {}
"""
AFTER = """
resource "terraform_data" "mailbox" {
  for_each = toset(concat(["updated@spf55.org", "adopted@spf55.org"], jsondecode(file("keys.json"))))
  input    = ["2"]
}
resource "terraform_data" "same" {}
removed {
  from = terraform_data.forgotten
  lifecycle { destroy = false }
}
"""
ADOPTED = """
import {
  id = "abc"
  to = module.federation["spf55"].terraform_data.mailbox["adopted@spf55.org"]
}
"""


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """One plan with every action, its document, and the events of making and applying it."""
    folder = tmp_path_factory.mktemp("terraform")
    (folder / "federation").mkdir()
    (folder / "slugs.json").write_text('["spf55"]')
    (folder / "keys.json").write_text(json.dumps(HOSTILE))
    (folder / "main.tf").write_text(ROOT)
    (folder / "federation" / "main.tf").write_text(BEFORE)
    terraform(folder, "init", "-input=false")
    terraform(folder, "apply", "-auto-approve")
    (folder / "main.tf").write_text(ROOT + ADOPTED)
    (folder / "federation" / "main.tf").write_text(AFTER)
    planning = terraform(folder, "plan", "-json", "-out=plan")
    shown = terraform(folder, "show", "-json", "plan")
    applying = terraform(folder, "apply", "-json", "plan")
    events = [json.loads(line) for line in (planning + applying).splitlines()]
    return {"document": json.loads(shown), "events": events}


def terraform(folder: Path, *arguments: str) -> str:
    environment = {**os.environ, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}
    done = subprocess.run(
        ["terraform", *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def ours(plan: Plan) -> list[dict[str, Any]]:
    return list(document(plan)["resource_changes"])


def of_action(changes: list[dict[str, Any]], action: str) -> dict[str, Any]:
    return next(one for one in changes if one["change"]["actions"] == [action] and "index" in one)


def test_the_document_has_the_same_keys_and_versions(theirs: dict[str, Any]) -> None:
    said = document(EVERYTHING)
    # Terraform leaves these out while they are empty.
    when_full = {"resource_drift", "deferred_changes", "output_changes", "relevant_attributes", "checks"}
    assert said.keys() - OURS - when_full == theirs["document"].keys() - when_full
    for key in ("format_version", "terraform_version"):
        assert said[key] == theirs["document"][key]
    assert said["prior_state"].keys() == theirs["document"]["prior_state"].keys()


@pytest.mark.parametrize("action", ["create", "update", "delete", "forget"])
def test_a_change_has_the_same_keys_and_kinds_of_values(theirs: dict[str, Any], action: str) -> None:
    one = of_action(theirs["document"]["resource_changes"], action) if action != "forget" else forgotten(theirs)
    other = of_action(ours(EVERYTHING), action)
    assert other.keys() - OURS - {"index"} == one.keys() - {"index"}
    assert other["change"].keys() - SOMETIMES == one["change"].keys() - SOMETIMES
    kinds = {name: type(value) for name, value in one["change"].items() if name not in SOMETIMES}
    if action == "forget":
        kinds |= {"before": type(None), "before_sensitive": bool}  # what is gone here is still there with them
    assert {name: type(other["change"][name]) for name in kinds} == kinds


def forgotten(theirs: dict[str, Any]) -> dict[str, Any]:
    return next(one for one in theirs["document"]["resource_changes"] if one["name"] == "forgotten")


def test_an_adoption_is_told_like_an_import(theirs: dict[str, Any]) -> None:
    def imports(changes: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [one["change"]["importing"] for one in changes if "importing" in one["change"]]

    assert imports(theirs["document"]["resource_changes"]) == [{"id": "abc"}]
    assert imports(ours(EVERYTHING)) == [{"id": "id"}]


def test_values_stand_in_the_same_tree(theirs: dict[str, Any]) -> None:
    def first(values: dict[str, Any]) -> tuple[set[str], set[str]]:
        module = values["root_module"]["child_modules"][0]
        return set(module), set(next(one for one in module["resources"] if "index" in one and "values" in one))

    for tree in (document(EVERYTHING)["planned_values"], document(EVERYTHING)["prior_state"]["values"]):
        assert first(tree) == first(theirs["document"]["prior_state"]["values"])


def test_marks_keep_one_entry_per_item(theirs: dict[str, Any]) -> None:
    said = of_action(theirs["document"]["resource_changes"], "create")["change"]
    assert said["after_sensitive"]["input"] == [False]
    assert said["after_unknown"]["input"] == [False]
    created = next(one for one in ours(MIGRATION) if one["index"] == "contact@spf55.org" and one["name"] == "mailbox")
    assert created["change"]["after_sensitive"]["aliases"] == [False, False]
    assert created["change"]["after_unknown"] == {"aliases": [False, False], "id": True}


def test_hostile_keys_are_quoted_alike(theirs: dict[str, Any]) -> None:
    quoted = {one["index"]: one["address"] for one in theirs["document"]["resource_changes"] if "index" in one}
    for key in HOSTILE:
        mine = named(Address("spf55", "mailbox", key)).address
        assert mine.replace("m365_mailbox", "terraform_data") == quoted[key]


def test_events_have_the_same_keys(theirs: dict[str, Any]) -> None:
    done = [Outcome(change, Result.DONE, 1.0) for change in EVERYTHING.changes]
    said = [
        *plan_events(EVERYTHING, NOW),
        *(event for outcome in done for event in run_event(Started(outcome.change), NOW)),
        *(event for outcome in done for event in run_event(Finished(outcome), NOW)),
        run_summary(Run("run1", tuple(done), 1.0), NOW),
    ]
    shared = {event["type"] for event in said} & {event["type"] for event in theirs["events"]}
    assert {"version", "planned_change", "change_summary", "apply_start", "apply_complete"} <= shared
    for kind in shared - {"diagnostic"}:
        mine, other = (next(one for one in events if one["type"] == kind) for events in (said, theirs["events"]))
        assert keys(mine) == keys(other), kind
    assert {one["type"]: one["@level"] for one in theirs["events"]}.items() <= {
        one["type"]: one["@level"] for one in said
    }.items() | {("refresh_start", "info"), ("refresh_complete", "info"), ("outputs", "info")}


def keys(event: dict[str, Any]) -> dict[str, Any]:
    """The keys of an event, all the way down, but for those said only sometimes; forget is OpenTofu's count."""
    return {
        name: keys(value) if isinstance(value, dict) else None
        for name, value in event.items()
        if name not in SOMETIMES | {"forget"}
    }
