"""A plan for people: deletions first, then each federation by kind, what is undecided, and the count.

Made to be read on a Sunday at six: what goes, what may be done now, what waits and until when.
"""

from __future__ import annotations

import collections
import datetime as dt
import itertools
from collections.abc import Iterable, Iterator, Sequence

from rich.text import Text

from reconcile.planning.guards.guards import Refusal
from reconcile.planning.plan.plan import Action, Blocked, Cause, Change, Plan
from reconcile.resources.address import Address
from reconcile.resources.kinds import KINDS
from reconcile.resources.milestones import UNSCHEDULED
from reconcile.views.actions import STYLES
from reconcile.views.cost import plan_costs
from reconcile.views.gate_text import gate_text
from reconcile.views.gate_text import summary as gate_summary
from reconcile.views.plan.change_text import Detail, change_text
from reconcile.views.plan.notices_text import notices_text
from reconcile.views.wording import (
    ALARM,
    DRIFT,
    QUIET,
    alarms,
    count,
    lacking,
    moment,
    not_before,
    plain,
    resource,
    seats,
)

_KIND_ORDER = {name: place for place, name in enumerate(KINDS)}
_TO = {action: f"to {action.name.lower()}" for action in Action}


def plan_text(plan: Plan, zone: dt.tzinfo, detail: Detail = Detail.REVIEW) -> list[Text]:
    """The lines of a plan, complete without colour (``line.plain``). ``zone``: in which moments are said."""
    lines = [Text(line, ALARM) for line in alarms(plan)]
    lines += [Text()] if lines else []
    deletions = [change for change in plan.changes if change.action is Action.DELETE]
    others = [change for change in plan.changes if change.action is not Action.DELETE]
    for block in (
        _deletions(deletions, plan, zone, detail),
        *(_federation(slug, changes, plan, zone, detail) for slug, changes in _by_federation(others)),
        _undecided(plan.blocked),
        _found(plan),
        _gates(plan, zone),
        plan_costs(plan.costs),
        _unmanaged(plan.unmanaged, detail),
    ):
        said = list(block)
        lines += [*said, Text()] if said else []
    return [*lines, *summary(plan, zone)]


def refusals_text(refusals: Sequence[Refusal]) -> list[Text]:
    """Why an apply that says nothing more would refuse the plan, and what to do about it."""
    if not refusals:
        return []
    lines = [Text("REFUSED: an apply that says nothing more would not do this", ALARM)]
    for one in refusals:
        lines += [Text(f"  {one.code} {plain(one.message)}"), Text(f"    → {plain(one.hint)}")]
    return [Text(), *lines]


def summary(plan: Plan, zone: dt.tzinfo) -> list[Text]:
    """The last lines: how much of what, when, and what the reader should not overlook."""
    lines = [_headline(plan)]
    when = _when(plan, zone)
    if when:
        lines.append(Text(when))
    drifted = sum(change.cause is not Cause.YAML for change in plan.changes)
    if drifted:
        text = f"Drift: {count(drifted, 'change')} because the world moved since we last wrote."
        lines.append(Text(text, DRIFT))
    if plan.blocked:
        text = f"Unknown: nothing is decided about {count(len(plan.blocked), 'resource')}; see the reasons above."
        lines.append(Text(text, ALARM))
    lines += gate_summary(plan.gates)
    if plan.seats:
        lines.append(Text(f"Seats: {'; '.join(map(seats, plan.seats))}.", QUIET))
    lines += [Text(f"{line}.", ALARM) for one in plan.seats if (line := lacking(one))]
    if plan.partial:
        lines.append(Text("This plan is partial: only what was named on the command line was looked at.", QUIET))
    return lines


def _deletions(changes: list[Change], plan: Plan, zone: dt.tzinfo, detail: Detail) -> Iterator[Text]:
    if not changes:
        return
    yield Text(f"DELETIONS: {count(len(changes), 'resource')} would go", ALARM)
    for slug, of_federation in _by_federation(changes):
        yield Text(_name(slug, plan), "bold")
        yield from _kinds(of_federation, plan, zone, detail)


def _federation(slug: str, changes: list[Change], plan: Plan, zone: dt.tzinfo, detail: Detail) -> Iterator[Text]:
    tally = collections.Counter(change.action for change in changes)
    counted = ", ".join(f"{tally[action]} {_TO[action]}" for action in Action if tally[action])
    yield Text(_name(slug, plan), "bold").append(f": {counted}", "not bold")
    yield from _kinds(changes, plan, zone, detail)


def _kinds(changes: list[Change], plan: Plan, zone: dt.tzinfo, detail: Detail) -> Iterator[Text]:
    """Changes under their kind; a moment all of a kind wait for is said once."""
    changes = sorted(changes, key=lambda change: (_KIND_ORDER[change.address.kind], change.address))
    for kind, group in itertools.groupby(changes, key=lambda change: change.address.kind):
        of_kind = list(group)
        if kind == "notice" and detail is Detail.REVIEW:
            yield from notices_text(of_kind, plan.created, zone)
            continue
        moments = [_later(change, plan, zone) for change in of_kind]
        shared = moments[0] if len(set(moments)) == 1 else ""
        yield Text(f"  {kind}").append(f"  {shared}" if shared else "", QUIET)
        width = min(max(len(plain(change.address.key)) for change in of_kind), 44)
        for change, own in zip(of_kind, moments, strict=True):
            yield from change_text(change, width, detail, "" if shared else own)


def _later(change: Change, plan: Plan, zone: dt.tzinfo) -> str:
    return not_before(change.due, zone) if change.due and change.due > plan.created else ""


def _undecided(blocked: tuple[Blocked, ...]) -> Iterator[Text]:
    """What could not be read, and what depends on it; a reason several share is said once."""
    if not blocked:
        return
    yield Text("UNKNOWN: nothing is decided about these", ALARM)
    by_reason: dict[str, list[Blocked]] = {}
    for one in blocked:
        by_reason.setdefault(one.reason, []).append(one)
    for reason, ones in by_reason.items():
        yield Text(f"  {plain(reason)}")
        for one in sorted(ones, key=lambda one: (one.because is not None, one.address)):
            line = Text("    ").append("? blocked" if one.because else "? unknown", ALARM)
            yield line.append(f"  {plain(str(one.address))}").append(
                f"  (depends on {resource(one.because)})" if one.because else "", QUIET
            )


def _found(plan: Plan) -> Iterator[Text]:
    """What to know of a domain before its mail is switched."""
    if not plan.findings:
        return
    yield Text("BEFORE THE SWITCH: look at these", DRIFT)
    for domain, findings in itertools.groupby(plan.findings, key=lambda one: one.domain):
        yield Text(f"  {plain(domain)}")
        for one in findings:
            yield Text("    ").append(f"{one.weight.value:<7} {one.check:<9} ", QUIET).append(plain(one.sentence))


def _gates(plan: Plan, zone: dt.tzinfo) -> Iterator[Text]:
    """What must hold before the lock, and does not."""
    if plan.gates:
        yield Text("GATES: these must hold before the lock", ALARM)
        yield from gate_text(plan.gates, zone)


def _unmanaged(unmanaged: tuple[Address, ...], detail: Detail) -> Iterator[Text]:
    """What the declared domains hold and no file describes: counted, or listed in full."""
    tally = collections.Counter(address.federation for address in unmanaged)
    for slug, number in sorted(tally.items()):
        yield Text(f"{slug}: {number} unmanaged in its domains, described nowhere and left alone", QUIET)
        if detail is Detail.EVERYTHING:
            for address in sorted(unmanaged):
                if address.federation == slug:
                    yield Text(f"    {resource(address)}", QUIET)


def _headline(plan: Plan) -> Text:
    same = f"{count(plan.unchanged, 'resource')} already as the files ask"
    if not plan.changes:
        said = "Nothing can be decided" if plan.blocked else "Nothing to do"
        return Text(f"{said}: {same}.", "bold")
    line = Text("Plan: ", "bold")
    for place, action in enumerate(action for action in Action if plan.count(action)):
        line.append(", " if place else "").append(f"{plan.count(action)} {_TO[action]}", STYLES[action])
    return line.append(f"; {same}.", "not bold")


def _when(plan: Plan, zone: dt.tzinfo) -> str:
    """How many changes wait for which moment; "" when all may be done now."""
    waiting = collections.Counter(change.due for change in plan.changes if change.due and change.due > plan.created)
    if not waiting:
        return ""
    parts = [f"{len(plan.changes) - waiting.total()} now"]
    for due, number in sorted(waiting.items()):
        parts.append(
            f"{number} without a migration date" if due == UNSCHEDULED else f"{number} from {moment(due, zone)}"
        )
    return f"Due: {', '.join(parts)}."


def _by_federation(changes: Iterable[Change]) -> list[tuple[str, list[Change]]]:
    groups: dict[str, list[Change]] = {}
    for change in changes:
        groups.setdefault(change.address.federation, []).append(change)
    return sorted(groups.items())


def _name(slug: str, plan: Plan) -> str:
    return f"{slug} · {plain(plan.basis[slug].name)}" if slug in plan.basis else slug
