"""Diff rules as data: each file of cases/ gives what YAML asks, what the world shows, what was recorded, and the
changes a postmaster must then see."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconcile.planning.inputs import Inputs
from reconcile.planning.plan.plan import Plan, items_changed
from reconcile.planning.plan.planfile import encode
from reconcile.planning.planner import make_plan
from reconcile.providers.base import ABSENT, Absent, Observation, Observed, Scope, Unknown
from reconcile.resources.address import Address
from reconcile.resources.kinds import KINDS
from reconcile.resources.resource import Desired, Live, Reference, Value
from reconcile.state.snapshot.snapshot import Record, Snapshot

CASES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))
NOW = dt.datetime(2025, 1, 19, 17, 0, tzinfo=dt.UTC)


class Shown:
    """A reader that shows what the case says; what the case does not mention is absent."""

    def __init__(self, observed: dict[Address, Observed], unmanaged: tuple[Address, ...]) -> None:
        self._observed, self._unmanaged = observed, unmanaged

    def observe(self, scope: Scope) -> Observation:
        seen = {wanted.address: self._observed.get(wanted.address, ABSENT) for wanted in scope.wanted}
        return Observation(seen, self._unmanaged)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem.replace("_", " "))
def test_plan(path: Path, golden: Callable[[str, Iterable[str]], None]) -> None:
    case = yaml.safe_load(path.read_text(encoding="utf-8"))
    plan = plan_of(case)
    assert summary(plan) == case["plan"]
    assert [str(one.address) for one in plan.blocked] == case.get("blocked", [])
    assert plan.unchanged == case.get("unchanged", 0)
    golden(f"plans/{path.stem}.json", json.dumps(json.loads(encode(plan)), indent=1, ensure_ascii=False).splitlines())


def plan_of(case: dict[str, Any]) -> Plan:
    desired = [
        Desired(
            Address.parse(text),
            values(one.get("fields")),
            tuple(map(Address.parse, one.get("after", []))),
            formerly=Address.parse(one["formerly"]) if "formerly" in one else None,
        )
        for text, one in case.get("desired", {}).items()
    ]
    records = {
        Address.parse(text): Record(
            Address.parse(text), one.get("id", ""), known(one.get("fields")), "run1", "run1", ""
        )
        for text, one in case.get("recorded", {}).items()
    }
    observed: dict[Address, Observed] = {}
    for text, one in case.get("live", {}).items():
        address = Address.parse(text)
        if "unknown" in one:
            observed[address] = Unknown(one["unknown"])
        elif "absent" in one:
            observed[address] = Absent(one["absent"])
        else:
            observed[address] = Live(address, known(one.get("fields")), one.get("id", ""), known(one.get("outputs")))
    snapshots = {"spf55": Snapshot("spf55", "line", 1, records)}
    interrupted = frozenset(map(Address.parse, case.get("interrupted", [])))
    owners = case.get("owners", {"spf55.org": "spf55"})
    inputs = Inputs(desired, snapshots, interrupted, {"spf55.org": "spf55"}, {}, partial=False, owners=owners)
    reader = Shown(observed, ())
    readers = {kind.provider: reader for kind in KINDS.values()}
    return make_plan(inputs, readers, NOW, "test")


def values(fields: dict[str, Any] | None) -> dict[str, Value | Reference]:
    result: dict[str, Value | Reference] = {}
    for name, value in (fields or {}).items():
        if isinstance(value, dict):
            result[name] = Reference(Address.parse(value["of"]), value["output"])
        else:
            result[name] = tuple(value) if isinstance(value, list) else value
    return result


def known(fields: dict[str, Any] | None) -> dict[str, Value]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in (fields or {}).items()}


def summary(plan: Plan) -> list[dict[str, Any]]:
    """What the case files write under ``plan``: action, address, cause when it is not YAML, fields that differ."""
    lines = []
    for change in plan.changes:
        line: dict[str, Any] = {change.action.name.lower(): str(change.address)}
        if change.cause.value != "yaml":
            line["cause"] = change.cause.value
        if change.before is not None and change.fields:
            line["fields"] = {}
            for field in change.fields:
                moved = items_changed(change.address.kind, field)
                if isinstance(field.after, Reference):
                    line["fields"][field.name] = f"known after {field.after.address}"
                elif moved is not None:
                    line["fields"][field.name] = [f"+{one}" for one in moved[0]] + [f"-{one}" for one in moved[1]]
                else:
                    line["fields"][field.name] = f"{field.before} -> {field.after}"
        if change.moved_from:
            line["moved_from"] = str(change.moved_from)
        if change.protected:
            line["protected"] = True
        if change.after:
            line["after"] = [str(address) for address in change.after]
        lines.append(line)
    return lines
