"""What tools made for Terraform's plans find in ours."""

from __future__ import annotations

import collections
import dataclasses
import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import given
from rich.text import Text
from tests.views.any_plan import plans
from tests.views.sample_plans import EMPTY, EVERYTHING, MIGRATION, altered, meuse, new

from reconcile.planning.plan.plan import Action, Cause, Change, FieldChange, Plan
from reconcile.planning.plan.planfile import document as native
from reconcile.resources import kinds
from reconcile.resources.address import Address
from reconcile.resources.resource import Live
from reconcile.views.terraform.plan import document

Golden = Callable[[str, Iterable[Text]], None]
SAMPLES = {"empty": EMPTY, "migration": MIGRATION, "everything": EVERYTHING}


@pytest.mark.parametrize("name", SAMPLES)
def test_a_plan_is_as_its_golden_file(golden: Golden, name: str) -> None:
    said = document(SAMPLES[name])
    said["reconcile"]["digest"] = "the digest"
    golden(f"plan_{name}.terraform.json", map(Text, json.dumps(said, indent=1, ensure_ascii=False).splitlines()))


def changed(plan: Plan, key: str) -> dict[str, Any]:
    """The one resource change of this natural key."""
    (found,) = [one for one in document(plan)["resource_changes"] if one["index"] == key]
    return found


def only(change: Change) -> dict[str, Any]:
    return changed(dataclasses.replace(EMPTY, changes=(change,)), change.address.key)


# ---- names


def test_a_mailbox_is_named_by_its_federation_and_its_address() -> None:
    said = changed(MIGRATION, "zoe.feval@spf55.org")
    assert said["address"] == 'module.federation["spf55"].m365_mailbox.mailbox["zoe.feval@spf55.org"]'
    assert said["module_address"] == 'module.federation["spf55"]'
    assert (said["mode"], said["type"], said["name"]) == ("managed", "m365_mailbox", "mailbox")
    assert said["provider_name"] == "reconcile.invalid/reconcile/microsoft365"


def test_every_kind_has_a_type_of_its_own() -> None:
    made = [new(meuse(kind, "key")) for kind in kinds.KINDS]
    types = [one["type"] for one in document(dataclasses.replace(EMPTY, changes=tuple(made)))["resource_changes"]]
    assert len(set(types)) == len(kinds.KINDS)
    assert {"m365_mailbox", "m365_domain", "m365_access", "dns_record_set", "mail_copy"} <= set(types)


def test_a_key_cannot_end_its_own_quotes_nor_be_a_template() -> None:
    said = only(new(Address("spf55", "dns", 'a"]\n${b}')))
    assert said["address"].endswith(r'dns_record_set.dns["a\"]\n$${b}"]')
    assert said["index"] == 'a"]\n${b}'


# ---- sides


def test_what_only_the_apply_can_tell_is_unknown_and_absent() -> None:
    said = changed(MIGRATION, "spf55.org/MX")["change"]
    assert said["after_unknown"] == {"values": True}
    assert said["after"] == {}
    assert changed(MIGRATION, "zoe.feval@spf55.org")["change"]["after_unknown"] == {"aliases": [], "id": True}


def test_an_update_shows_the_whole_resource_before_and_after() -> None:
    live = Live(meuse("mailbox", "a@spf55.org"), {"licence": "E3", "phone": "1", "aliases": ("x@spf55.org",)}, "id7")
    wanted = {"licence": "E1", "aliases": ()}
    said = only(Change(live.address, Action.UPDATE, Cause.YAML, live, wanted))["change"]
    assert said["before"] == {"licence": "E3", "phone": "1", "aliases": ["x@spf55.org"], "id": "id7"}
    assert said["after"] == {"licence": "E1", "phone": "1", "aliases": [], "id": "id7"}


def test_an_adoption_is_an_import_that_may_also_mend() -> None:
    found = [one for one in document(EVERYTHING)["resource_changes"] if "importing" in one["change"]]
    assert [(one["index"], one["change"]["actions"]) for one in found] == [("anne@spf55.org", ["update"])]
    as_asked = altered(meuse("mailbox", "b@spf55.org"), action=Action.ADOPT)
    said = only(as_asked)["change"]
    assert (said["actions"], said["importing"]) == (["no-op"], {"id": "id"})
    assert said["before"] == said["after"]


def test_a_deletion_has_no_after_and_says_why() -> None:
    said = changed(EVERYTHING, "ancien@spf55.org")
    assert said["change"]["actions"] == ["delete"]
    assert said["change"]["after"] is None
    assert said["action_reason"] == "delete_because_no_resource_config"


def test_planned_values_and_prior_state_hold_each_resource_in_its_federation() -> None:
    said = document(EVERYTHING)
    planned = resources(said["planned_values"])
    prior = resources(said["prior_state"]["values"])
    by_address = {one["address"]: one["change"] for one in said["resource_changes"]}
    assert planned == {address: side["after"] for address, side in by_address.items() if side["after"] is not None}
    assert prior == {address: side["before"] for address, side in by_address.items() if side["before"] is not None}


def resources(values: dict[str, Any]) -> dict[str, Any]:
    modules = values["root_module"].get("child_modules", [])
    assert all(one["address"].startswith(module["address"]) for module in modules for one in module["resources"])
    return {one["address"]: one["values"] for module in modules for one in module["resources"]}


# ---- drift, unknown, time


def test_drift_tells_what_we_wrote_and_what_is_there() -> None:
    licence = FieldChange("licence", "E3", "E1", Cause.DRIFT)
    both = FieldChange("hidden", False, True, Cause.BOTH)
    plan = dataclasses.replace(EMPTY, changes=(altered(meuse("mailbox", "a@spf55.org"), licence, both),))
    (drift,) = document(plan)["resource_drift"]
    assert drift["change"]["actions"] == ["update"]
    assert drift["change"]["before"] == {"licence": "E1"}
    assert drift["change"]["after"] == {"licence": "E3", "hidden": False}


def test_what_somebody_deleted_is_drift_and_a_change_of_yaml_is_not() -> None:
    gone = [one for one in document(EVERYTHING)["resource_drift"] if one["change"]["actions"] == ["delete"]]
    assert {one["type"] for one in gone} == {"m365_copy_access"}
    assert document(MIGRATION)["resource_drift"] == []


def test_what_could_not_be_read_makes_the_plan_incomplete() -> None:
    said = document(EVERYTHING)
    assert (said["complete"], said["applyable"], said["errored"]) == (False, True, False)
    assert [one["reason"] for one in said["deferred_changes"]] == ["unknown", "deferred_prereq", "unknown"]
    assert document(dataclasses.replace(EMPTY, partial=True))["complete"] is False
    assert (document(EMPTY)["complete"], document(EMPTY)["applyable"]) == (True, False)


def test_moments_are_utc_and_a_missing_date_is_said() -> None:
    assert document(MIGRATION)["timestamp"] == "2025-01-19T16:40:00Z"
    assert changed(MIGRATION, "spf55.org/MX")["reconcile"]["due"] == "2025-01-19T17:00:00Z"
    waits = changed(MIGRATION, "contact@spf51.org")["reconcile"]
    assert (waits["due"], waits["scheduled"]) == (None, False)


# ---- secrets


def test_a_sensitive_value_is_null_and_marked_on_both_sides(monkeypatch: pytest.MonkeyPatch) -> None:
    mailbox = kinds.KINDS["mailbox"]
    with_secret = {**mailbox.fields, "phone": dataclasses.replace(mailbox.fields["phone"], sensitive=True)}
    declared = {**kinds.KINDS, "mailbox": dataclasses.replace(mailbox, fields=with_secret)}
    for module in ("views.terraform.plan", "planning.plan.planfile"):
        monkeypatch.setattr(f"reconcile.{module}.KINDS", declared)
    said = document(dataclasses.replace(EVERYTHING, changes=(*EVERYTHING.changes, *MIGRATION.changes)))
    assert "0329790102" not in json.dumps(said)
    assert "0102030405" not in json.dumps(said)
    treasurer = next(one["change"] for one in said["resource_changes"] if one["index"] == "tresorerie@spf55.org")
    assert (treasurer["before"]["phone"], treasurer["after"]["phone"]) == (None, None)
    assert treasurer["before_sensitive"]["phone"] is treasurer["after_sensitive"]["phone"] is True


def test_a_field_nobody_declared_is_not_told() -> None:
    live = Live(meuse("mailbox", "a@spf55.org"), {"licence": "E1", "password": "hunter2"}, "id")
    said = dataclasses.replace(EMPTY, changes=(Change(live.address, Action.DELETE, Cause.YAML, live, {}),))
    assert "hunter2" not in json.dumps(document(said))


# ---- whatever the plan


@given(plans())
def test_actions_agree_with_the_plan_s_own_summary(plan: Plan) -> None:
    said = document(plan)
    tally = collections.Counter(
        "adopt" if "importing" in one["change"] else one["change"]["actions"][0] for one in said["resource_changes"]
    )
    summary = native(plan)["summary"]
    assert {word: tally[word] for word in ("create", "update", "delete", "adopt", "forget")} == {
        word: summary[word] for word in ("create", "update", "delete", "adopt", "forget")
    }
    assert len(said["deferred_changes"]) == summary["blocked"]


@given(plans())
def test_every_side_is_as_its_actions_promise(plan: Plan) -> None:
    said = document(plan)
    assert json.loads(json.dumps(said)) == said
    for one in said["resource_changes"]:
        change = one["change"]
        (action,) = change["actions"]
        assert (change["before"] is None) == (action in ("create", "forget"))
        assert (change["after"] is None) == (action in ("delete", "forget"))
        unknown = {name for name, mark in change["after_unknown"].items() if mark is True}
        assert not unknown & (change["after"] or {}).keys()
