"""Which mailbox of a plan has which seat of its licence: the free ones first, then those the plan gives
back. Pure.

What is due first is served first, and of what is due together a federation that can be served whole before one that
cannot: seats are of little use to a domain that must wait for its last mailbox.
"""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence

from reconcile.planning.plan.plan import Action, Change, SeatCount
from reconcile.providers.base import Seats
from reconcile.resources.address import Address

_AT_ONCE = dt.datetime.min.replace(tzinfo=dt.UTC)


@dataclasses.dataclass(frozen=True, slots=True)
class Allocation:
    """``counts``: of each licence something is given or taken of. ``waits``: mailbox → the one whose seat it takes."""

    counts: tuple[SeatCount, ...] = ()
    waits: Mapping[Address, Address] = dataclasses.field(default_factory=dict)


def allocate(changes: Iterable[Change], seats: Seats | None) -> Allocation:
    """Give every mailbox of the plan its seat, as far as there are any. Two mailboxes that would swap the last seats of
    two licences both lack one: neither can give its seat up first and keep its mail."""
    if seats is None:
        return Allocation()
    moves = sorted(_moves(changes, seats), key=lambda move: (move.due, move.address))
    pool = _Pool(seats)
    for _, due_together in itertools.groupby(moves, key=lambda move: move.due):
        _serve(list(due_together), pool)
    return pool.allocation(moves)


@dataclasses.dataclass(frozen=True, slots=True)
class _Move:
    """One mailbox: the licence it takes a seat of ("" for none), and the subscriptions it gives a seat back to."""

    address: Address
    due: dt.datetime
    takes: str
    returns: tuple[str, ...]


def _moves(changes: Iterable[Change], seats: Seats) -> Iterator[_Move]:
    for change in changes:
        if change.address.kind != "mailbox":
            continue
        if change.action is not Action.DELETE and not any(field.name == "licence" for field in change.fields):
            continue
        wanted = str(change.wanted.get("licence") or "")
        fitting = seats.free.get(wanted, {})
        held = seats.held.get(change.address, ())
        takes = wanted if wanted in seats.free and not any(one in fitting for one in held) else ""
        returns = tuple(one for one in held if one not in fitting)
        if takes or returns:
            yield _Move(change.address, change.due or _AT_ONCE, takes, returns)


class _Pool:
    """The seats at a moment of the plan."""

    def __init__(self, seats: Seats) -> None:
        self._free = {licence: sum(max(0, one) for one in of.values()) for licence, of in seats.free.items()}
        self._licences = {name: licence for licence, of in seats.free.items() for name in of}
        self._overdrawn = {name: max(0, -one) for of in seats.free.values() for name, one in of.items()}
        #: Seats to be had, each with the mailbox that must let it go first.
        self._seats: dict[str, collections.deque[Address | None]] = {
            licence: collections.deque([None] * free) for licence, free in self._free.items()
        }
        self._waits: dict[Address, Address] = {}
        self._served: set[Address] = set()

    def suffices(self, moves: Sequence[_Move]) -> bool:
        """Whether all of them can have their seats at this moment."""
        wanted = collections.Counter(move.takes for move in moves)
        return all(number <= len(self._seats[licence]) for licence, number in wanted.items())

    def serve(self, move: _Move) -> None:
        """Give it its seat, and take back those it lets go."""
        if move.takes and (giver := self._seats[move.takes].popleft()):
            self._waits[move.address] = giver
        self._served.add(move.address)
        for name in move.returns:
            if self._overdrawn[name]:
                self._overdrawn[name] -= 1
            else:
                self._seats[self._licences[name]].append(move.address)

    def allocation(self, moves: Sequence[_Move]) -> Allocation:
        served = [move for move in moves if move.address in self._served]
        taken = collections.Counter(move.takes for move in served)
        returned = collections.Counter(self._licences[name] for move in served for name in move.returns)
        lacking = [move for move in moves if move.address not in self._served]
        counts = [
            SeatCount(
                licence,
                free,
                returned[licence],
                taken[licence],
                tuple(sorted(move.address for move in lacking if move.takes == licence)),
                tuple(move.address for move in served if move.takes == licence),
                tuple(move.address for move in served for name in move.returns if self._licences[name] == licence),
            )
            for licence, free in self._free.items()
        ]
        told = tuple(one for one in counts if one.returned or one.taken or one.lacking)
        return Allocation(told, self._waits)


def _serve(moves: Sequence[_Move], pool: _Pool) -> None:
    """Serve what is due together: what only gives back, then whole federations, then mailbox by mailbox."""
    for move in moves:
        if not move.takes:
            pool.serve(move)
    taking = [move for move in moves if move.takes]
    federations = [list(group) for _, group in itertools.groupby(taking, key=lambda move: move.address.federation)]
    left = _serve_groups(federations, pool)
    _serve_groups([[move] for group in left for move in group], pool)


def _serve_groups(groups: list[list[_Move]], pool: _Pool) -> list[list[_Move]]:
    """Serve each group that can be served whole, again and again while seats come back; those that are left."""
    while True:
        left = []
        for group in groups:
            if pool.suffices(group):
                for move in group:
                    pool.serve(move)
            else:
                left.append(group)
        if len(left) == len(groups):
            return left
        groups = left
