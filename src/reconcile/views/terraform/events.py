"""A plan and a run as the events of ``terraform plan -json`` and ``apply -json``, one dictionary a line.

UI format 1.2 (developer.hashicorp.com/terraform/internals/machine-readable-ui). A pure translation: the caller has
the clock and writes the lines.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconcile.applying.events import Event, Finished, Started, Stopping
from reconcile.applying.outcome import Outcome, Result, Run
from reconcile.planning.plan.plan import Action, Blocked, Change, Plan
from reconcile.resources.address import Address
from reconcile.views.alarms import late, left_out, split
from reconcile.views.terraform.names import TERRAFORM_VERSION, imported, named, utc, world_moved
from reconcile.views.wording import plain

Said = dict[str, Any]

_DOING = {
    Action.CREATE: "Creating",
    Action.UPDATE: "Modifying",
    Action.DELETE: "Destroying",
    Action.ADOPT: "Importing",
    Action.FORGET: "Removing",
}
_DONE = {
    Action.CREATE: "Creation",
    Action.UPDATE: "Modifications",
    Action.DELETE: "Destruction",
    Action.ADOPT: "Import",
    Action.FORGET: "Removal",
}
#: Which of the summary's counts an action adds to.
_COUNTED = {
    Action.CREATE: "add",
    Action.UPDATE: "change",
    Action.DELETE: "remove",
    Action.ADOPT: "import",
    Action.FORGET: "forget",
}
_TO_DO = {
    "import": "to import",
    "add": "to add",
    "change": "to change",
    "remove": "to destroy",
    "forget": "to forget",
}
_IS_DONE = {
    "import": "imported",
    "add": "added",
    "change": "changed",
    "remove": "destroyed",
    "forget": "forgotten",
}


def plan_events(plan: Plan, now: dt.datetime) -> Iterator[Said]:
    """Version, drift, changes, what could not be read as warnings, and the count."""
    yield version(plan.tool, now)
    for change in plan.changes:
        moved = world_moved(change)
        if moved:
            yield _resource_message("resource_drift", f"Drift detected ({moved})", change.address, moved, now)
    for change in plan.changes:
        yield _planned(change, now)
    for missing in plan.left_out:
        yield _about_a_federation(left_out(missing), "", now)
    for half in plan.splits:
        yield _about_a_federation(split(half), "", now)
    for behind in plan.late:
        yield _about_a_federation(late(behind), "", now)
    for one in plan.blocked:
        yield _blocked(one, now)
    yield _summary("plan", "Plan:", _TO_DO, plan.changes, now)


def version(tool: str, now: dt.datetime) -> Said:
    """The first line of every stream; an apply's too."""
    said = _message("version", f"{tool}, in the words of Terraform {TERRAFORM_VERSION}", now)
    return said | {"terraform": TERRAFORM_VERSION, "ui": "1.2"}


def run_event(event: Event, now: dt.datetime) -> Iterator[Said]:
    """The lines of one event of a run; what is skipped or not due yet is told in words only."""
    match event:
        case Started(change):
            said = f"{_address(change)}: {_DOING[change.action]}..."
            yield _hook("apply_start", said, change, now, _id(change))
        case Finished(outcome):
            yield from _finished(outcome, now)
        case Stopping(in_flight):
            writes = "write" if len(in_flight) == 1 else "writes"
            said = f"Stopping: {len(in_flight)} {writes} under way will be finished first."
            yield _message("log", said, now, "warn")


def run_summary(run: Run, now: dt.datetime) -> Said:
    """The last line of an apply: how much was done."""
    done = [outcome.change for outcome in run.outcomes if outcome.result is Result.DONE]
    wanting = run.interrupted or any(run.tally[result] for result in (Result.FAILED, Result.SKIPPED, Result.HELD))
    return apply_summary(done, now, complete=not wanting)


def apply_summary(done: Iterable[Change], now: dt.datetime, *, complete: bool) -> Said:
    """The count of what was done, which ends every stream of an apply."""
    said = "Apply complete! Resources:" if complete else "Apply incomplete. Resources:"
    return _summary("apply", said, _IS_DONE, done, now)


def _finished(outcome: Outcome, now: dt.datetime) -> Iterator[Said]:
    change, where = outcome.change, _address(outcome.change)
    elapsed = {"elapsed_seconds": round(outcome.seconds, 3)}
    match outcome.result:
        case Result.DONE:
            said = f"{where}: {_DONE[change.action]} complete after {outcome.seconds:.0f}s"
            yield _hook("apply_complete", said, change, now, _id(change) | elapsed)
        case Result.FAILED:
            said = f"{where}: {_DONE[change.action]} errored after {outcome.seconds:.0f}s"
            yield _hook("apply_errored", said, change, now, elapsed)
            problem = outcome.problem
            summary = str(problem) if problem else "The write failed."
            yield _diagnostic("error", summary, problem.hint if problem else "", change.address, now)
        case _:
            because = f", for {named(outcome.because).address}" if outcome.because else ""
            level = "info" if outcome.result is Result.NOT_DUE else "warn"
            yield _message("log", f"{where}: {outcome.result.value}{because}", now, level)


def _planned(change: Change, now: dt.datetime) -> Said:
    action = change.action.name.lower()
    if change.action is Action.ADOPT:
        action = "update" if change.fields else "import"
    elif change.action is Action.FORGET:
        action = "remove"
    said = _resource_message("planned_change", f"Plan to {action}", change.address, action, now)
    if change.action in (Action.DELETE, Action.FORGET):
        said["change"]["reason"] = "delete_because_no_resource_config"
    importing = imported(change)
    if importing:
        said["change"]["importing"] = importing
    return said


def _blocked(one: Blocked, now: dt.datetime) -> Said:
    summary = f"Nothing is decided about {named(one.address).address}"
    cause = f"It depends on {named(one.because).address}: " if one.because else ""
    return _diagnostic("warning", summary, cause + plain(one.reason), one.address, now)


def _summary(
    operation: str, opening: str, words: Mapping[str, str], changes: Iterable[Change], now: dt.datetime
) -> Said:
    """The wording is Terraform's, for the readers that look for it in the message."""
    counts = dict.fromkeys(words, 0)
    for change in changes:
        counts[_COUNTED[change.action]] += 1
        # An adoption that also corrects what differs counts twice, as there.
        counts["change"] += change.action is Action.ADOPT and bool(change.fields)
    always = ("add", "change", "remove")
    said = ", ".join(f"{number} {words[name]}" for name, number in counts.items() if number or name in always)
    return _message("change_summary", f"{opening} {said}.", now) | {"changes": counts | {"operation": operation}}


def _resource_message(kind: str, words: str, address: Address, action: str, now: dt.datetime) -> Said:
    said = _message(kind, f"{named(address).address}: {words}", now)
    return said | {"change": {"resource": _resource(address), "action": action}}


def _hook(kind: str, words: str, change: Change, now: dt.datetime, more: Said) -> Said:
    action = {Action.ADOPT: "update", Action.FORGET: "remove"}.get(change.action, change.action.name.lower())
    hook = {"resource": _resource(change.address), "action": action, **more}
    return _message(kind, words, now, "error" if kind == "apply_errored" else "info") | {"hook": hook}


def _diagnostic(severity: str, summary: str, detail: str, address: Address, now: dt.datetime) -> Said:
    level = "warn" if severity == "warning" else severity
    diagnostic = {"severity": severity, "summary": summary, "detail": detail, "address": named(address).address}
    said = _message("diagnostic", f"{severity.capitalize()}: {summary}", now, level)
    return said | {"diagnostic": diagnostic}


def _about_a_federation(summary: str, detail: str, now: dt.datetime) -> Said:
    said = _message("diagnostic", f"Warning: {summary}", now, "warn")
    return said | {"diagnostic": {"severity": "warning", "summary": summary, "detail": plain(detail)}}


def _message(kind: str, words: str, now: dt.datetime, level: str = "info") -> Said:
    return {
        "@level": level,
        "@message": words,
        "@module": "terraform.ui",
        "@timestamp": utc(now, "microseconds"),
        "type": kind,
    }


def _resource(address: Address) -> Said:
    name = named(address)
    return {
        "addr": name.address,
        "module": name.module,
        "resource": name.resource,
        "implied_provider": name.type.partition("_")[0],
        "resource_type": name.type,
        "resource_name": name.name,
        "resource_key": name.key,
    }


def _address(change: Change) -> str:
    return named(change.address).address


def _id(change: Change) -> Said:
    identity = change.before.identity if change.before else ""
    return {"id_key": "id", "id_value": identity} if identity else {}
