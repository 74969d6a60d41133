"""What a plan in Markdown says of each change, refusal, gate and cost: blocks of a diff, shortened. Pure."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Iterator, Sequence

from reconcile.planning.guards.guards import Refusal
from reconcile.planning.plan.plan import Blocked, Change, Plan
from reconcile.resources.kinds import KINDS
from reconcile.views.cost import cost_line
from reconcile.views.gate_text import said
from reconcile.views.plan.change_text import Detail, change_text
from reconcile.views.wording import lacking_by_federation, not_before, plain, resource

#: A single change longer than this is cut, so that one cannot hide all others.
_LONGEST_CHANGE = 4_000
_KIND_ORDER = {name: place for place, name in enumerate(KINDS)}


def change_blocks(changes: list[Change], now: dt.datetime) -> list[str]:
    """Each change as lines of a diff; the first of a kind carries its heading."""
    blocks = []
    for (slug, kind), group in itertools.groupby(by_address(changes), key=_heading):
        of_kind = list(group)
        moments = [_later(change, now) for change in of_kind]
        shared = moments[0] if len(set(moments)) == 1 else ""
        heading = f"@@ {' · '.join(part for part in (plain(slug), kind, shared) if part)} @@\n"
        width = min(max(len(plain(change.address.key)) for change in of_kind), 44)
        for change, own in zip(of_kind, moments, strict=True):
            lines = change_text(change, width, Detail.REVIEW, "" if shared else own)
            text = "\n".join(line.plain.removeprefix("    ").rstrip() for line in lines)
            blocks.append(heading + _clipped(text) + "\n")
            heading = ""
    return blocks


def _heading(change: Change) -> tuple[str, str]:
    return change.address.federation, change.address.kind


def _later(change: Change, now: dt.datetime) -> str:
    return not_before(change.due, zone_of(now)) if change.due and change.due > now else ""


def refusal_blocks(refusals: Sequence[Refusal]) -> list[str]:
    return [f"! {one.code} {_clipped(plain(one.message))}\n  → {_clipped(plain(one.hint))}\n" for one in refusals]


def seat_blocks(plan: Plan) -> list[str]:
    return [f"! M365-12 licence {one.licence}  {who}\n" for one in plan.seats for who in lacking_by_federation(one)]


def unknown_blocks(blocked: Sequence[Blocked]) -> Iterator[str]:
    """What could not be read, and what depends on it; a reason several share is said once."""
    by_reason = sorted(blocked, key=lambda one: (one.reason, one.because is not None, one.address))
    for reason, group in itertools.groupby(by_reason, key=lambda one: one.reason):
        heading = f"@@ {_clipped(plain(reason))} @@\n"
        for one in group:
            cause = f"  (depends on {resource(one.because)})" if one.because else ""
            yield f"{heading}? {'blocked' if one.because else 'unknown'}  {plain(str(one.address))}{cause}\n"
            heading = ""


def finding_blocks(plan: Plan) -> list[str]:
    """What to know of a domain before its mail is switched."""
    return [f"! {plain(one.domain)} {one.check}: {_clipped(plain(one.sentence))}\n" for one in plan.findings]


def gate_blocks(plan: Plan) -> list[str]:
    """What must hold before the lock, and does not; set aside by its file, or not."""
    signs = {True: "+", False: "!"}
    return [
        f"{signs[gate.open]} {gate.federation} {gate.code}  {_clipped(said(gate))}"
        + (f"\n  → {_clipped(plain(gate.hint))}\n" if gate.hint and not gate.open else "\n")
        for gate in plan.gates
    ]


def cost_blocks(plan: Plan) -> list[str]:
    """What the licences of each federation in which the plan changes some come to; a surcharge nobody was told first
    in colour."""
    return [f"{'!' if one.untold else ' '} {plain(one.federation)}  {cost_line(one)}\n" for one in plan.costs]


def by_address(changes: Iterable[Change]) -> list[Change]:
    return sorted(
        changes, key=lambda change: (change.address.federation, _KIND_ORDER[change.address.kind], change.address.key)
    )


def _clipped(text: str) -> str:
    if len(text) <= _LONGEST_CHANGE:
        return text
    return f"{text[:_LONGEST_CHANGE]}… ({len(text) - _LONGEST_CHANGE} characters more)"


def zone_of(now: dt.datetime) -> dt.tzinfo:
    return now.tzinfo or dt.UTC
