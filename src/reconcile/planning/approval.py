"""What a federation's files decide, as people approve it: what each resource will be made, and which ones go.

It is the same at every moment of the calendar and whatever the world looks like, so that what was approved a fortnight
before can be carried out on the eve: a plan may show other drift by then, and writes nothing else.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from reconcile.planning.diff.rollback import UNDONE
from reconcile.planning.plan.canonical import canonical
from reconcile.planning.plan.plan import Action, Change, Plan
from reconcile.resources.address import Address
from reconcile.resources.milestones import Milestones
from reconcile.resources.resource import Desired, Reference, Value

#: What becomes of a resource at some moment of the calendar, when it is not there.
ABSENT = "absent"
#: What follows from what has happened, such as who has joined since: not from what the files decide alone.
FOLLOWS = frozenset({"notice", "credentials", "copy_back", "last_pass", "closing"})

_BEFORE, _AFTER = dt.datetime(2000, 1, 1, tzinfo=dt.UTC), dt.datetime(2200, 1, 1, tzinfo=dt.UTC)


@dataclasses.dataclass(frozen=True, slots=True)
class Decisions:
    """``wanted``: by address, what the resource is to be, in canonical JSON, one text for each thing it is to be in
    turn. ``removed``: what is recorded and goes."""

    federation: str
    wanted: Mapping[str, tuple[str, ...]]
    removed: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 of all of it."""
        return hashlib.sha256(canonical(self.document())).hexdigest()

    def document(self) -> dict[str, Any]:
        return {"federation": self.federation, "removed": list(self.removed), "wanted": dict(self.wanted)}


@dataclasses.dataclass(frozen=True, slots=True)
class Difference:
    """One decision that is not the approved one; a side is empty when there is no such decision."""

    address: str
    approved: tuple[str, ...]
    now: tuple[str, ...]


def decisions(
    federation: str,
    compiled: Callable[[dt.datetime], Sequence[Desired]],
    moments: Milestones,
    recorded: Iterable[Address],
) -> Decisions:
    """``compiled`` answers the federation's resources as they are asked at a moment."""
    turns: dict[str, dict[str, None]] = {}
    at = [{str(one.address): _text(one) for one in compiled(moment)} for moment in _turns(moments)]
    for address in sorted({address for resources in at for address in resources}):
        turns[address] = dict.fromkeys(resources.get(address, ABSENT) for resources in at)
    removed = {str(address) for address in recorded if address.kind not in FOLLOWS} - turns.keys()
    wanted = {address: tuple(texts) for address, texts in turns.items() if _kind(address) not in FOLLOWS}
    return Decisions(federation, wanted, tuple(sorted(removed)))


def differences(approved: Decisions, now: Decisions) -> tuple[Difference, ...]:
    """What people would have to look at again, by address."""
    found = []
    for address in sorted(approved.wanted.keys() | now.wanted.keys() | set(approved.removed) | set(now.removed)):
        then, today = _of(approved, address), _of(now, address)
        # What went meanwhile is decided no more, and was.
        if then != today and (today or then != (ABSENT,)):
            found.append(Difference(address, then, today))
    return tuple(found)


def unapproved(plan: Plan, approved: Mapping[str, Decisions], desired: Iterable[Desired]) -> tuple[Change, ...]:
    """The changes of a plan that write what nobody approved: another value than the approved ones, or a deletion.

    ``desired``: what the plan was made from. A federation that is not in ``approved`` was never approved.
    """
    asked = {one.address: _text(one) for one in desired}
    return tuple(
        change for change in plan.changes if not _covered(change, approved.get(change.address.federation), asked)
    )


def _covered(change: Change, approved: Decisions | None, asked: Mapping[Address, str]) -> bool:
    if change.action is Action.FORGET or change.address.kind in FOLLOWS:
        return True
    if approved is None:
        return False
    told = _of(approved, str(change.address))
    if change.note == UNDONE:  # what takes it back is the later date, and that was approved
        return asked.get(change.address) in told
    return (ABSENT if change.action is Action.DELETE else asked.get(change.address)) in told


def _of(decided: Decisions, address: str) -> tuple[str, ...]:
    return (ABSENT,) if address in decided.removed else decided.wanted.get(address, ())


def _kind(address: str) -> str:
    return address.split("/")[1]


def _turns(moments: Milestones) -> tuple[dt.datetime, ...]:
    """One moment of each stretch of the calendar in which the same is asked."""
    return (_BEFORE, moments.cutover, moments.authoritative, moments.settled, moments.departure, _AFTER)


def _text(desired: Desired) -> str:
    fields = {name: _plain(value) for name, value in desired.fields.items()}
    return canonical(
        {"fields": fields, "due": desired.due.astimezone(dt.UTC).isoformat() if desired.due else None}
    ).decode()


def _plain(value: Value | Reference) -> Any:
    if isinstance(value, Reference):
        return {"from": str(value.address), "output": value.output}
    return list(value) if isinstance(value, tuple) else value
