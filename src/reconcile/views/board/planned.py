"""A saved plan as the board shows it: a federation's changes, what goes first, each with what differs."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TypeVar

from reconcile.planning.plan.plan import Action, Blocked, Cause, Change, Plan
from reconcile.resources.kinds import KINDS
from reconcile.views.plan.change_text import Detail, change_text
from reconcile.views.wording import plain

_KINDS = {name: place for place, name in enumerate(KINDS)}
#: What may be done, deletions first.
ACTIONS = (Action.DELETE, *(action for action in Action if action is not Action.DELETE))


#: Fields that say who somebody is, by kind: that they are written is told on the board, what is written is not.
_PERSONAL: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "mailbox": frozenset({"display_name", "first_name", "last_name", "job_title", "phone"}),
        "notice": frozenset({"to"}),
    }
)
Known = TypeVar("Known")


@dataclasses.dataclass(frozen=True, slots=True)
class Planned:
    """One change. ``facts``: what is asked, beside its name; ``lines``: what differs, a field a line. ``withheld``: the
    names of fields that are written too and say who somebody is."""

    action: str
    symbol: str
    kind: str
    key: str
    facts: str
    lines: tuple[str, ...]
    withheld: tuple[str, ...]
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
    shown, withheld = _impersonal(change)
    head, *below = (line.plain for line in change_text(shown, 0, Detail.EVERYTHING))
    key = plain(change.address.key)
    return Planned(
        change.action.name.lower(),
        change.action.value,
        change.address.kind,
        key,
        head.partition(key)[2].strip(),
        tuple(" ".join(line.split()) for line in below),
        withheld,
        change.due,
        change.cause is not Cause.YAML,
    )


def _impersonal(change: Change) -> tuple[Change, tuple[str, ...]]:
    """The change without what says who somebody is, and the names of what was left out of it."""
    personal = _PERSONAL.get(change.address.kind, frozenset[str]())
    before = change.before
    known = before.fields if before is not None else {}
    touched = [field.name for field in change.fields] or list(change.wanted or known)
    if not personal.intersection(touched):
        return change, ()
    if before is not None:
        before = dataclasses.replace(before, fields=_others(known, personal), context={})
    fields = tuple(field for field in change.fields if field.name not in personal)
    shown = dataclasses.replace(change, wanted=_others(change.wanted, personal), before=before, fields=fields)
    return shown, tuple(name for name in touched if name in personal)


def _others(fields: Mapping[str, Known], personal: frozenset[str]) -> dict[str, Known]:
    return {name: value for name, value in fields.items() if name not in personal}
