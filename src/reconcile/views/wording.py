"""How values, moments and counts are said on a screen. Meaning never rests on colour.

Views of the mail copies need this before their first byte, so plans are not loaded with it.
"""

from __future__ import annotations

import datetime as dt
import itertools
from typing import TYPE_CHECKING

from reconcile.resources.address import Address
from reconcile.resources.kinds import KINDS
from reconcile.resources.resource import Reference, Value

if TYPE_CHECKING:
    from reconcile.planning.left_out import LeftOut
    from reconcile.planning.plan.plan import Plan, SeatCount
    from reconcile.planning.splits import Late, Split

ALARM = "bold red"
DRIFT = "bold magenta"
QUIET = "dim"

#: Beyond this many, mailboxes without a seat are counted.
LISTED = 10

_PROVIDERS = {
    "microsoft": "Microsoft",
    "dns": "the DNS",
    "copies": "the mail copy",
    "closing": "the closing of the old mailboxes",
    "delivery": "the delivery",
    "post": "the post",
    "legacy": "the old host",
}


def value(known: Value | Reference) -> str:
    """A value on one line, harmless to a terminal. What only the apply can tell says who will tell it."""
    match known:
        case Reference(address):
            told_by = _PROVIDERS[KINDS[address.kind].provider]
            return f"(from {told_by}, once {resource(address)} is done)"
        case None | "" | ():
            return "(none)"
        case bool():
            return "yes" if known else "no"
        case tuple():
            return ", ".join(plain(item) for item in known)
        case _:
            return plain(str(known))


def plain(text: str) -> str:
    """The text with whatever could move the cursor or turn the line around written as an escape."""
    text = text.replace("##[", "#\\x23[")  # a command to GitHub's and Azure's runners, wherever it stands in a line
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def harmless(text: str) -> str:
    """``plain``, line by line."""
    return "\n".join(map(plain, text.split("\n")))


def resource(address: Address) -> str:
    """A resource named inside its federation: ``mailbox contact@spf55.org``."""
    return f"{address.kind} {plain(address.key)}"


def moment(when: dt.datetime, zone: dt.tzinfo) -> str:
    """``Sun 29 Mar 2026 18:00 CEST``, in civil time."""
    return f"{when.astimezone(zone):%a %d %b %Y %H:%M %Z}"


def not_before(due: dt.datetime, zone: dt.tzinfo) -> str:
    """When a change may be carried out."""
    from reconcile.resources.milestones import UNSCHEDULED

    return "waits for a migration date" if due == UNSCHEDULED else f"not before {moment(due, zone)}"


def duration(seconds: float) -> str:
    """``8 s``, ``3 min 05 s``, ``2 h 10 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def split(one: Split) -> str:
    """One federation between two hosts, as the first line of a plan and the end of a run say it."""
    from reconcile.planning.splits import named

    there = f"{count(one.moved, 'mailbox', 'mailboxes')} of it {'is' if one.moved == 1 else 'are'} in the tenant"
    domains = ", ".join(one.domains)
    return (
        f"{one.federation} is split: mail of {domains} still goes to the old host, while {there}{named(one.waiting)}."
    )


def late(one: Late) -> str:
    """One federation that was switched without some of its mailboxes, as a plan and the end of a run say it."""
    shown = ", ".join(plain(address.key) for address in one.waiting[:3])
    more = f" and {len(one.waiting) - 3} more" if len(one.waiting) > 3 else ""
    verb, theirs = ("is", "its") if len(one.waiting) == 1 else ("are", "their")
    return (
        f"{one.federation}: {shown}{more} {verb} late: {theirs} mail goes on to the old host, and is copied from there."
    )


def left_out(one: LeftOut) -> str:
    """One federation whose file is not valid, as the first line of a plan and the end of a run say it."""
    more = f" (and {count(one.more, 'more error', 'more errors')})" if one.more else ""
    return f"{one.federation} is left out, its file is not valid: {plain(one.where)}: {plain(one.why)}{more}."


def alarms(plan: Plan) -> list[str]:
    """What a plan says before anything else: who is left out, split between two hosts, or switched and not whole."""
    return [*map(left_out, plan.left_out), *map(split, plan.splits), *map(late, plan.late)]


def seats(one: SeatCount) -> str:
    """``licence E1 takes 12, gives back 2, has 30 free``."""
    returned = f", gives back {one.returned}" if one.returned else ""
    return f"licence {one.licence} takes {one.taken}{returned}, has {one.free} free"


def lacking(one: SeatCount) -> str:
    """Who goes without, and what an apply makes of it; "" when the seats suffice."""
    if not one.lacking:
        return ""
    names = ", ".join(plain(address.key) for address in one.lacking[:LISTED])
    if more := len(one.lacking[LISTED:]):
        names += f" and {count(more, 'other')} (reconcile plan --json names them all)"
    short = count(len(one.lacking), "seat")
    return f"M365-12 {short} of licence {one.licence} missing: an apply leaves out {names}, and what depends on them"


def lacking_by_federation(one: SeatCount) -> list[str]:
    """Who goes without, one line each; of a federation that lacks many, how many."""
    lines = []
    for federation, group in itertools.groupby(one.lacking, key=lambda address: address.federation):
        addresses = list(group)
        if len(addresses) > LISTED:
            lines.append(f"{plain(federation)}: {count(len(addresses), 'mailbox', 'mailboxes')}")
        else:
            lines += [plain(str(address)) for address in addresses]
    return lines


def count(number: int, singular: str, plural: str = "") -> str:
    """``1 change``, ``3 changes``."""
    return f"{number} {singular if number == 1 else plural or singular + 's'}"


def size(volume: float) -> str:
    """``812 B``, ``9.6 MB``: powers of a thousand."""
    if volume < 1000:
        return f"{volume:.0f} B"
    units = ["kB", "MB", "GB"]
    while (volume := volume / 1000) >= 999.95 and len(units) > 1:
        units.pop(0)
    return f"{volume:.1f} {units[0]}"
