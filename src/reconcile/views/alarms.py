"""What a plan and a run say before anything else: who is left out, between two hosts, late, or without a seat."""

from __future__ import annotations

import itertools

from reconcile.language.phrase import Phrase
from reconcile.planning.left_out import LeftOut
from reconcile.planning.plan.plan import Plan, SeatCount
from reconcile.planning.splits import Late, Split, named
from reconcile.views.counts import mailboxes
from reconcile.views.wording import some

#: Beyond this many, mailboxes without a seat are counted.
LISTED = 10


def split(one: Split) -> Phrase:
    """One federation between two hosts, as the first line of a plan and the end of a run say it."""
    there = Phrase.counted(
        "{number} mailbox of it is in the tenant", "{number} mailboxes of it are in the tenant", one.moved
    )
    return Phrase(
        "{federation} is split: mail of {domains} still goes to the old host, while {there}{until}.",
        federation=one.federation,
        domains=", ".join(one.domains),
        there=there,
        until=named(one.waiting),
    )


def late(one: Late) -> Phrase:
    """One federation that was switched without some of its mailboxes, as a plan and the end of a run say it."""
    return Phrase.counted(
        "{federation}: {names} is late: its mail goes on to the old host, and is copied from there.",
        "{federation}: {names} are late: their mail goes on to the old host, and is copied from there.",
        len(one.waiting),
        federation=one.federation,
        names=some([address.key for address in one.waiting], 3),
    )


def left_out(one: LeftOut) -> Phrase:
    """One federation whose file is not valid, as the first line of a plan and the end of a run say it."""
    more = Phrase.counted(" (and {number} more error)", " (and {number} more errors)", one.more) if one.more else ""
    return Phrase(
        "{federation} is left out, its file is not valid: {where}: {why}{more}.",
        federation=one.federation,
        where=one.where,
        why=one.why,
        more=more,
    )


def alarms(plan: Plan) -> list[Phrase]:
    """What a plan says before anything else: who is left out, split between two hosts, or switched and not whole."""
    return [*map(left_out, plan.left_out), *map(split, plan.splits), *map(late, plan.late)]


def seats(one: SeatCount) -> Phrase:
    """``licence E1 takes 12, gives back 2, has 30 free``."""
    if one.returned:
        return Phrase(
            "licence {licence} takes {taken}, gives back {returned}, has {free} free",
            licence=one.licence,
            taken=one.taken,
            returned=one.returned,
            free=one.free,
        )
    return Phrase(
        "licence {licence} takes {taken}, has {free} free", licence=one.licence, taken=one.taken, free=one.free
    )


def lacking(one: SeatCount) -> str:
    """Who goes without, and what an apply makes of it; "" when the seats suffice."""
    if not one.lacking:
        return ""
    names: str = ", ".join(address.key for address in one.lacking[:LISTED])
    if more := len(one.lacking[LISTED:]):
        names = Phrase.counted(
            "{names} and {number} other (reconcile plan --json names them all)",
            "{names} and {number} others (reconcile plan --json names them all)",
            more,
            names=names,
        )
    return Phrase.counted(
        "M365-12 {number} seat of licence {licence} missing: an apply leaves out {names}, and what depends on them",
        "M365-12 {number} seats of licence {licence} missing: an apply leaves out {names}, and what depends on them",
        len(one.lacking),
        licence=one.licence,
        names=names,
    )


def lacking_by_federation(one: SeatCount) -> list[str]:
    """Who goes without, one line each; of a federation that lacks many, how many."""
    lines: list[str] = []
    for federation, group in itertools.groupby(one.lacking, key=lambda address: address.federation):
        addresses = list(group)
        if len(addresses) > LISTED:
            number = mailboxes(len(addresses))
            lines.append(Phrase("{federation}: {mailboxes}", federation=federation, mailboxes=number))
        else:
            lines += [str(address) for address in addresses]
    return lines
