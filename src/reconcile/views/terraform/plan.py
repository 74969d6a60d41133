"""A plan as the JSON document of ``terraform show -json``, for the tools that judge or draw such documents.

Format 1.2 (developer.hashicorp.com/terraform/internals/json-format). What that format has no word for stands under
the key ``reconcile``, which its readers must ignore: whose hand moved a resource, from when it may be changed, and why.
Resources that are as asked are counted, not listed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any, Self

from reconcile.planning.plan.plan import Action, Blocked, Cause, Change, Plan
from reconcile.planning.plan.planfile import document as native
from reconcile.resources.address import Address
from reconcile.resources.kinds import KINDS
from reconcile.resources.milestones import UNSCHEDULED
from reconcile.resources.resource import Reference, Value
from reconcile.views.terraform.names import TERRAFORM_VERSION, imported, named, utc, world_moved

#: Of these providers an object has an id that only its creation tells.
_ASSIGNING = {"microsoft"}


def document(plan: Plan) -> dict[str, Any]:
    """The plan as JSON-ready data in Terraform's format. A sensitive value is null, and marked."""
    own = native(plan)
    return {
        "format_version": "1.2",
        "terraform_version": TERRAFORM_VERSION,
        "planned_values": _values((change, _after(change)) for change in plan.changes),
        "resource_drift": [one for change in plan.changes if (one := _drift(change))],
        "resource_changes": [_resource_change(change) for change in plan.changes],
        "deferred_changes": [_deferred(one) for one in plan.blocked],
        "output_changes": {},
        "prior_state": {
            "format_version": "1.0",
            "terraform_version": TERRAFORM_VERSION,
            "values": _values((change, _before(change)) for change in plan.changes),
        },
        "configuration": {"root_module": {}},
        "relevant_attributes": [],
        "checks": [],
        "timestamp": utc(plan.created),
        "applyable": bool(plan.changes),
        "complete": not plan.blocked and not plan.lacking and not plan.partial,
        "errored": False,
        "reconcile": {
            "tool": plan.tool,
            "digest": own["digest"],
            "expires": utc(plan.expires),
            "summary": own["summary"],
            "seats": own["seats"],
        },
    }


@dataclasses.dataclass(frozen=True, slots=True)
class _Object:
    """One side of a change: what is known, what only the apply can tell, what must not be told."""

    values: dict[str, Any]
    unknown: dict[str, Any]
    marks: dict[str, Any]

    @classmethod
    def of(cls, kind: str, fields: Mapping[str, Value | Reference]) -> Self:
        values: dict[str, Any] = {}
        unknown: dict[str, Any] = {}
        marks: dict[str, Any] = {}
        for name, declared in KINDS[kind].fields.items():
            if name not in fields:
                continue
            value = fields[name]
            if declared.sensitive:
                marks[name] = True
            if isinstance(value, Reference):
                unknown[name] = True
            elif declared.sensitive:
                values[name] = None
            elif isinstance(value, tuple):
                values[name] = list(value)
                unknown[name] = marks[name] = [False] * len(value)  # one entry per item, as there
            else:
                values[name] = value
        return cls(values, unknown, marks)


def _before(change: Change) -> _Object | None:
    live = change.before
    if live is None:
        return None
    seen = _Object.of(change.address.kind, live.fields)
    if live.identity:
        seen.values["id"] = live.identity
    return seen


def _after(change: Change) -> _Object | None:
    if change.action in (Action.DELETE, Action.FORGET):
        return None
    live = change.before
    made = _Object.of(change.address.kind, {**(live.fields if live else {}), **change.wanted})
    if live is None and KINDS[change.address.kind].provider in _ASSIGNING:
        made.unknown["id"] = True
    elif live is not None and live.identity:
        made.values["id"] = live.identity
    return made


def _resource_change(change: Change) -> dict[str, Any]:
    importing = imported(change)
    said = {
        **_identified(change.address),
        "change": {
            **_sides(_actions(change), _before(change), _after(change)),
            **({"importing": importing} if importing else {}),
        },
        "reconcile": _ours(change),
    }
    if change.action in (Action.DELETE, Action.FORGET):
        said["action_reason"] = "delete_because_no_resource_config"
    return said


def _actions(change: Change) -> list[str]:
    """Adopting what is already as asked changes nothing there: it is an import only."""
    if change.action is Action.ADOPT:
        return ["update"] if change.fields else ["no-op"]
    return [change.action.name.lower()]


def _sides(actions: list[str], before: _Object | None, after: _Object | None) -> dict[str, Any]:
    return {
        "actions": actions,
        "before": before.values if before else None,
        "after": after.values if after else None,
        "after_unknown": after.unknown if after else {},
        "before_sensitive": before.marks if before else False,
        "after_sensitive": after.marks if after else False,
    }


def _drift(change: Change) -> dict[str, Any] | None:
    """What the world did since we last wrote: before is what we wrote, after what is there now.

    Of a field that YAML moved too, the plan no longer knows what was recorded, and before does not have it.
    """
    moved = world_moved(change)
    if not moved:
        return None
    kind = change.address.kind
    there = change.before.fields if change.before else {}
    both = {field.name for field in change.fields if field.cause is Cause.BOTH}
    wrote: dict[str, Value | Reference] = {name: value for name, value in there.items() if name not in both}
    wrote |= {field.name: field.after for field in change.fields if field.cause is Cause.DRIFT}
    sides = _sides([moved], _Object.of(kind, wrote), _Object.of(kind, there) if change.before else None)
    return {**_identified(change.address), "change": sides}


def _deferred(one: Blocked) -> dict[str, Any]:
    """A resource about which nothing is decided, which therefore stays as it is."""
    return {
        "reason": "deferred_prereq" if one.because else "unknown",
        "resource_change": {**_identified(one.address), "change": _sides(["no-op"], None, None)},
        "reconcile": {"reason": one.reason, "because": named(one.because).address if one.because else None},
    }


def _identified(address: Address) -> dict[str, Any]:
    name = named(address)
    return {
        "address": name.address,
        "module_address": name.module,
        "mode": "managed",
        "type": name.type,
        "name": name.name,
        "index": name.key,
        "provider_name": name.provider,
    }


def _ours(change: Change) -> dict[str, Any]:
    scheduled = change.due != UNSCHEDULED
    return {
        "address": str(change.address),
        "action": change.action.name.lower(),
        "cause": change.cause.value,
        # null at once; unscheduled, it waits for a migration date in its file.
        "due": utc(change.due) if change.due and scheduled else None,
        "scheduled": scheduled,
        "after": [named(address).address for address in change.after],
        "origin": str(change.origin) if change.origin else None,
        "protected": change.protected,
        "note": change.note,
    }


def _values(objects: Iterable[tuple[Change, _Object | None]]) -> dict[str, Any]:
    """Objects as the tree of a state: one module per federation."""
    modules: dict[str, list[dict[str, Any]]] = {}
    for change, one in objects:
        if one is None:
            continue
        said = _identified(change.address)
        del said["module_address"]
        said |= {"schema_version": 0, "values": one.values, "sensitive_values": one.marks}
        modules.setdefault(named(change.address).module, []).append(said)
    children = [{"address": module, "resources": resources} for module, resources in sorted(modules.items())]
    return {"outputs": {}, "root_module": {"child_modules": children} if children else {}}
