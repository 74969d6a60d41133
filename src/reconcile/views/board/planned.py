"""A saved plan as the board shows it: a federation's changes, what goes first, each with what differs."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence

from reconcile.planning.plan.plan import Action, Blocked, Cause, Change, Plan
from reconcile.resources.kinds import KINDS
from reconcile.views.plan.change_text import Detail, change_text
from reconcile.views.wording import plain

_KINDS = {name: place for place, name in enumerate(KINDS)}
#: What may be done, deletions first.
ACTIONS = (Action.DELETE, *(action for action in Action if action is not Action.DELETE))


@dataclasses.dataclass(frozen=True, slots=True)
class Planned:
    """One change. ``facts``: what is asked, beside its name; ``lines``: what differs, a field a line."""

    action: str
    symbol: str
    kind: str
    key: str
    facts: str
    lines: tuple[str, ...]
    due: dt.datetime | None
    drifted: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Tally:
    """A federation's changes, counted by action in the plan's words."""

    slug: str
    actions: Counter[str]
    unknown: int


def tallies(plan: Plan) -> list[Tally]:
    """One for each federation about which the plan says something, by slug."""
    actions: dict[str, Counter[str]] = {}
    for change in plan.changes:
        actions.setdefault(change.address.federation, Counter())[change.action.name.lower()] += 1
    unknown = Counter(one.address.federation for one in plan.blocked)
    return [Tally(slug, actions.get(slug, Counter()), unknown[slug]) for slug in sorted({*actions, *unknown})]


def planned(changes: Iterable[Change]) -> list[Planned]:
    """Changes as they are read: deletions first, then by kind and name."""
    ordered = sorted(changes, key=lambda one: (ACTIONS.index(one.action), _KINDS[one.address.kind], one.address.key))
    return [_planned(change) for change in ordered]


def changes_of(plan: Plan, slug: str) -> list[Planned]:
    return planned(change for change in plan.changes if change.address.federation == slug)


def deletions(plan: Plan) -> list[Change]:
    return [change for change in plan.changes if change.action is Action.DELETE]


def blocked_of(plan: Plan, slug: str) -> Sequence[Blocked]:
    return [one for one in plan.blocked if one.address.federation == slug]


def _planned(change: Change) -> Planned:
    head, *below = (line.plain for line in change_text(change, 0, Detail.EVERYTHING))
    key = plain(change.address.key)
    return Planned(
        change.action.name.lower(),
        change.action.value,
        change.address.kind,
        key,
        head.partition(key)[2].strip(),
        tuple(" ".join(line.split()) for line in below),
        change.due,
        change.cause is not Cause.YAML,
    )
