"""A plan is plain data: what would change, what cannot be told, and what the plan was made from.

It may be shown, saved (planfile.py) and applied; it holds no secret and no code.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from reconcile.language.phrase import Phrase
from reconcile.planning.costs import FederationCost
from reconcile.planning.gates.gate import Gate
from reconcile.planning.left_out import LeftOut
from reconcile.planning.splits import Late, Split
from reconcile.providers.base import Finding
from reconcile.resources.address import Address
from reconcile.resources.kinds import KINDS, FieldType
from reconcile.resources.resource import Live, Origin, Reference, Value

#: The note of a change to what exists and was never recorded: others made it, or gave it.
EXISTS_ALREADY = Phrase("exists already")


class Action(enum.Enum):
    """What is done to one resource; the value is the symbol a plan prints."""

    CREATE = "+"
    UPDATE = "~"
    DELETE = "-"
    #: Exists already and YAML describes it: take it under management (and correct what differs).
    ADOPT = ">"
    #: Recorded, but neither wanted nor there any more: drop the record.
    FORGET = "."


class Cause(enum.Enum):
    """Who moved: the YAML, the world since we last wrote, or both."""

    YAML = "yaml"
    DRIFT = "drift"
    BOTH = "both"


class FieldChange(NamedTuple):
    """One field that differs. ``after`` is a Reference when only a later step of the apply can tell it."""

    name: str
    before: Value
    after: Value | Reference
    cause: Cause


def items_changed(kind: str, change: FieldChange) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """(added, removed) for a set-like field whose two sides are known; None for any other field."""
    field_type = KINDS[kind].fields[change.name].type
    if field_type is FieldType.SCALAR or isinstance(change.after, Reference):
        return None
    before, after = _items(change.before), _items(change.after)
    added = tuple(item for item in after if item not in before)
    removed = () if field_type is FieldType.SHARED_SET else tuple(item for item in before if item not in after)
    return added, removed


def _items(value: Value) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()


@dataclasses.dataclass(frozen=True, slots=True)
class Change:
    """One resource to change.

    ``before``: the live resource the plan saw, None when absent. ``wanted``: every managed field as YAML asks it
    (empty for a delete or a forget). ``fields``: those that differ. ``after``: addresses that must be right first.
    ``due``: not before this moment (None: at once). ``note``: one sentence more for the reader, or "". ``behind``:
    addresses whose turn comes first, right or not, of which ``spare`` mailboxes may fail.
    """

    address: Address
    action: Action
    cause: Cause
    before: Live | None
    wanted: Mapping[str, Value | Reference]
    fields: tuple[FieldChange, ...] = ()
    after: tuple[Address, ...] = ()
    due: dt.datetime | None = None
    origin: Origin | None = None
    note: str = ""
    #: Recorded under this address until now: the change is a renaming too.
    moved_from: Address | None = None
    #: A delete that the state forbids: the resource was declared protected when it was last applied.
    protected: bool = False
    behind: tuple[Address, ...] = ()
    spare: int = 0


def licensed(changes: Iterable[Change]) -> frozenset[Address]:
    """The mailboxes that take, change or give back a licence."""
    return frozenset(
        change.address
        for change in changes
        if change.address.kind == "mailbox"
        and (change.action is Action.DELETE or any(field.name == "licence" for field in change.fields))
    )


@dataclasses.dataclass(frozen=True, slots=True)
class Blocked:
    """A resource about which nothing may be decided: its own read was unknown, or it depends on one that was.

    ``because`` is that other resource, None when the read of this one failed.
    """

    address: Address
    reason: str
    because: Address | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Basis:
    """What the plan of one federation was made from: its file, and its state (lineage "" and serial 0: none yet).

    ``guarded``: how many recorded resources hold mail or the way to it; thresholds are shares of it.
    """

    name: str
    digest: str
    lineage: str
    serial: int
    guarded: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class SeatCount:
    """The seats of one licence: free when the plan was made, given back by it, taken by it. ``lacking``: the mailboxes
    for which none is left, which an apply leaves out; they are not in ``taken``. ``takers`` and ``givers``: the others,
    a giver once for each seat.
    """

    licence: str
    free: int
    returned: int
    taken: int
    lacking: tuple[Address, ...] = ()
    takers: tuple[Address, ...] = dataclasses.field(default=(), compare=False)
    givers: tuple[Address, ...] = dataclasses.field(default=(), compare=False)

    def among(self, kept: Collection[Address]) -> SeatCount:
        """The count of a plan of which only those changes are kept. Whoever lacked a seat has one that is left over."""
        takers, givers, lacking = (
            tuple(one for one in of if one in kept) for of in (self.takers, self.givers, self.lacking)
        )
        left = max(0, self.free + len(givers) - len(takers))
        takers, lacking = (*takers, *lacking[:left]), lacking[left:]
        return SeatCount(self.licence, self.free, len(givers), len(takers), lacking, takers, givers)


@dataclasses.dataclass(frozen=True, slots=True)
class Unrecorded:
    """A resource that is as YAML asks although the state does not say so: somebody made it so by hand, or before us."""

    live: Live
    wanted: Mapping[str, Value]
    moved_from: Address | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """The whole answer of ``reconcile plan``, changes in the order they may be read (federation, kind, key).

    ``outputs``: what the outside systems tell of resources that are already there, for references into them.
    ``unchanged``: how many resources are as YAML asks. ``unmanaged``: met in the declared domains, described nowhere,
    never touched. ``partial``: made for some federations or targets only. ``seats``: of each licence the plan gives or
    takes back. ``findings``: what to know of a domain before its mail is switched. ``gates``:
    those that do not hold, set aside or not, of federations that have not moved yet.
    """

    created: dt.datetime
    expires: dt.datetime
    tool: str
    basis: Mapping[str, Basis]
    changes: tuple[Change, ...]
    blocked: tuple[Blocked, ...] = ()
    unchanged: int = 0
    unmanaged: tuple[Address, ...] = ()
    outputs: Mapping[Address, Mapping[str, Value]] = dataclasses.field(default_factory=dict)
    partial: bool = False
    seats: tuple[SeatCount, ...] = ()
    findings: tuple[Finding, ...] = ()
    gates: tuple[Gate, ...] = ()
    #: Federations some of whose mailboxes are in the tenant while their mail still goes to the old host.
    splits: tuple[Split, ...] = ()
    #: Of the federations in which the plan gives, changes or takes back licences.
    costs: tuple[FederationCost, ...] = ()
    #: Federations whose mail goes to the tenant while some of their mailboxes are not there.
    late: tuple[Late, ...] = ()
    #: Federations for which nothing is planned, for their files are not valid.
    left_out: tuple[LeftOut, ...] = ()
    #: What an apply notes in the state without any write. Not kept in a plan file: the next plan finds it again.
    unrecorded: tuple[Unrecorded, ...] = dataclasses.field(default=(), compare=False)

    @property
    def empty(self) -> bool:
        """Nothing to change and nothing unknown."""
        return not self.changes and not self.blocked

    @property
    def lacking(self) -> frozenset[Address]:
        """The mailboxes for whose licence no seat is left."""
        return frozenset(address for one in self.seats for address in one.lacking)

    def count(self, action: Action) -> int:
        return sum(change.action is action for change in self.changes)
