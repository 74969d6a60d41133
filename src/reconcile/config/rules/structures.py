"""Rules 402 to 404, 407 and 408: the structures that addresses belong to, and what PopStructure says of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from reconcile.config.federation.federation import Federation, Route
from reconcile.config.rules.calendar import AGREED_DAYS
from reconcile.config.rules.catalogue import Finding
from reconcile.config.rules.diagnostic import Severity
from reconcile.config.rules.inventory import ASKED_DAYS
from reconcile.config.structures.register import POSTAL, Register
from reconcile.language.lists import neither
from reconcile.language.phrase import Phrase

_OPTIONAL = ("website", "networks")


def check_structures(federation: Federation, register: Register | None, today: dt.date | None) -> Iterator[Finding]:
    """Rules on structures. ``register``: what PopStructure said last, None when it was never read. ``today``: the civil
    day the file is judged at, None when it does not matter."""
    yield from _described_twice(federation)
    yield from _departments(federation, register)
    own = {structure.atrium_id for structure in federation.file.structures}
    for number, route in _first_named(federation).items():
        if register is not None and number not in register.structures:
            if number not in own:
                yield _unknown(federation, number, route, register, today)
        elif register is not None:
            yield from _incomplete(federation, number, route, today)
        elif own and number not in own:
            message = Phrase("the structure {number} is not among those described", number=number)
            yield Finding("SPF407", route, message, "describe it under structures: its addresses show no place")


def as_the_day_nears(federation: Federation, today: dt.date | None) -> Severity | None:
    """How grave is what must be there at J-5: None before J-14, a warning from then on, an error from J-5 until the
    migration, and a notice after it, when it no longer makes the file invalid. None without a date."""
    day = federation.file.migration.date
    if day is None or today is None or today < day - dt.timedelta(days=ASKED_DAYS):
        return None
    if today >= day:
        return "notice"
    late = today >= day - dt.timedelta(days=AGREED_DAYS) and "GAT08" not in federation.file.overrides
    return "error" if late else "warning"


def _unknown(federation: Federation, number: int, route: Route, register: Register, today: dt.date | None) -> Finding:
    message = Phrase(
        "PopStructure knows no structure {number} (read on {taken:%Y-%m-%d})", number=number, taken=register.taken
    )
    hint = Phrase("look its code up there; for one made since: reconcile structures read")
    day = federation.file.migration.date
    moved = federation.file.migration.closed is not None or (day is not None and today is not None and today >= day)
    return Finding("SPF402", route, message, hint, severity="warning" if moved else None)


def _incomplete(federation: Federation, number: int, route: Route, today: dt.date | None) -> Iterator[Finding]:
    """What PopStructure and the file together leave empty."""
    severity = as_the_day_nears(federation, today)
    if severity is None:
        return
    place = federation.places.get(number)
    hint = Phrase("have it completed in PopStructure and read it again, or write it under structures:")
    called = f" ({place.name})" if place and place.name else ""
    name = Phrase("the structure {number}{called}", number=number, called=called)
    if missing := [fact for fact in POSTAL if not getattr(place, fact, None)]:
        message = Phrase(
            "{name} has no {missing}: {federation} no whole postal address",
            name=name,
            missing=", ".join(missing),
            federation=_whose(federation, number),
        )
        yield Finding("SPF404", route, message, hint, severity=severity)
    if silent := [fact for fact in _OPTIONAL if not getattr(place, fact, None)]:
        yield Finding(
            "SPF404",
            route,
            Phrase("{name} has no {silent}", name=name, silent=neither(silent)),
            hint,
            severity="notice",
        )


def _whose(federation: Federation, number: int) -> str:
    count = sum(
        (mailbox.directory.atrium_id or federation.file.atrium_id) == number
        for mailbox in federation.file.mailboxes.values()
    )
    return Phrase.counted("{number} address shows", "{number} addresses show", count)


def _described_twice(federation: Federation) -> Iterator[Finding]:
    described: set[int] = set()
    for place, structure in enumerate(federation.file.structures):
        if structure.atrium_id in described:
            message = Phrase("the structure {atrium_id} is described twice", atrium_id=structure.atrium_id)
            yield Finding("SPF408", ("structures", place, "atrium_id"), message, "keep one of the two")
        described.add(structure.atrium_id)


def _departments(federation: Federation, register: Register | None) -> Iterator[Finding]:
    """A whole code names its department, and PopStructure that of a number; a region has several."""
    file = federation.file
    if file.kind == "region":
        return
    own = file.code.zfill(3)
    said: set[int] = set()
    for atrium_id, route in _named(federation):
        known = register.structures.get(atrium_id) if register else None
        department = getattr(atrium_id, "department", "") or (known.department if known else "")
        written = bool(getattr(atrium_id, "department", ""))
        if department in ("", own) or (atrium_id in said and not written):
            continue
        said.add(int(atrium_id))
        message = Phrase(
            "the structure {atrium_id} is of the department {department}, and this file of {own}",
            atrium_id=atrium_id,
            department=department,
            own=own,
        )
        yield Finding("SPF403", route, message, "look its code up in PopStructure again")


def _named(federation: Federation) -> Iterator[tuple[int, Route]]:
    """Every structure the file names, and where."""
    file = federation.file
    if file.atrium_id is not None:
        yield file.atrium_id, ("atrium_id",)
    for place, structure in enumerate(file.structures):
        yield structure.atrium_id, ("structures", place, "atrium_id")
    for address, mailbox in file.mailboxes.items():
        if mailbox.directory.atrium_id is not None:
            yield mailbox.directory.atrium_id, ("mailboxes", address, "directory", "atrium_id")


def _first_named(federation: Federation) -> dict[int, Route]:
    """Each structure that addresses belong to, and where it is named first."""
    found: dict[int, Route] = {}
    for number, route in _named(federation):
        if route[0] != "structures":
            found.setdefault(int(number), route)
    return found
