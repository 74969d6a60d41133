"""The moments of a migration date, each past, of today or to come."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
from collections.abc import Iterable

from reconcile.resources.milestones import Milestones
from reconcile.views.board.model import Board, Entry

#: Days from J of what is agreed with a federation, in civil time at nine in the morning, as its calendar says.
_AGREED = {"list": -14, "answer": -7, "agreement": -5}
_NINE = dt.time(9)


class When(enum.Enum):
    """The value is the name of its word."""

    PAST = "past"
    TODAY = "today"
    NEXT = "next"
    LATER = "later"


@dataclasses.dataclass(frozen=True, slots=True)
class Moment:
    """One moment of a date. ``name``: of its sentence in the catalogue, after ``moment.``."""

    name: str
    at: dt.datetime
    when: When
    #: ``J-1``, ``J``, ``J+14``: its day, counted from the first of the new mailboxes.
    offset: str


def moments(board: Board, date: dt.date, milestones: Milestones | None) -> tuple[Moment, ...]:
    """The moments of that date, in order; the first to come is the next one, unless it is today."""
    zone = board.now.tzinfo
    found = [
        (name, dt.datetime.combine(date + dt.timedelta(days=days), _NINE, zone))
        for name, days in {**_AGREED, "day": 0}.items()
    ]
    if milestones is not None:
        found += [
            (field.name, getattr(milestones, field.name))
            for field in dataclasses.fields(milestones)
            if field.name != "last_pass"
        ]
    result: list[Moment] = []
    for name, at in sorted(found, key=lambda each: each[1]):
        first = not any(one.when is When.NEXT for one in result)
        result.append(Moment(name, at, _when(at, board.now, first), _offset(at, board, date)))
    return tuple(result)


def next_moment(board: Board, date: dt.date, entries: Iterable[Entry]) -> Moment | None:
    """What comes next for a date; None when all is past."""
    return next((one for one in moments(board, date, milestones_of(entries)) if one.at > board.now), None)


def milestones_of(entries: Iterable[Entry]) -> Milestones | None:
    """Those of federations of one date, which are the same for all."""
    return next((one.moments for one in entries if one.moments is not None), None)


def late(board: Board, entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """The federations whose lock has come while a gate does not hold."""
    return tuple(
        one
        for one in entries
        if one.status.date is not None
        and one.status.lock <= board.now
        and any(not gate.open for gate in one.status.gates)
    )


def _offset(at: dt.datetime, board: Board, date: dt.date) -> str:
    days = (at.astimezone(board.now.tzinfo).date() - date).days
    return f"J{days:+d}" if days else "J"


def _when(at: dt.datetime, now: dt.datetime, first: bool) -> When:
    if at <= now:
        return When.PAST
    if at.astimezone(now.tzinfo).date() == now.date():
        return When.TODAY
    return When.NEXT if first else When.LATER
