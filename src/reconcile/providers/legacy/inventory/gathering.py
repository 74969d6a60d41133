"""Several sources' answers put together into one inventory for each federation."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TypeVar

from reconcile.config.inventory.inventory import ASPECTS, WHICH_ADDRESSES, Aspect, Inventory, Kind, LegacyAddress
from reconcile.language.lists import apart, first_of
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.legacy.inventory.contract import Found, Reading, Scope, Source

#: Aspects of each mailbox, and the field that shows whether it is known.
_OF_A_MAILBOX: Mapping[Aspect, str] = {
    "sizes": "size",
    "messages": "messages",
    "last_use": "last_used",
    "filters": "filters",
}
_Value = TypeVar("_Value")

_NAMED = 3  # addresses named in a reason before "and 12 more"


@dataclasses.dataclass(frozen=True, slots=True)
class Asked:
    """A federation whose inventory is wanted. ``logins``: those its file names → their address."""

    federation: str
    domains: tuple[str, ...]
    logins: Mapping[str, str]


@dataclasses.dataclass(frozen=True, slots=True)
class Gathered:
    """``strays``: logins of the host that open a mailbox nobody knows the address of. ``failed``: sources that could
    not be read at all, and why."""

    inventories: tuple[Inventory, ...]
    strays: tuple[str, ...]
    failed: Mapping[str, Problem]


def gather(
    host: str, sources: Sequence[Source], asked: Sequence[Asked], taken: dt.datetime, protected: Collection[str] = ()
) -> Gathered:
    """Read every source once for all the federations asked for; what one knows of logins is told to the next.

    ``protected``: addresses that are left out, for nobody may decide on them.

    A source that cannot be read leaves what only it knows unknown; the others are read all the same.
    """
    scope = Scope(
        tuple(domain for one in asked for domain in one.domains),
        {login.lower(): address for one in asked for login, address in one.logins.items()},
    )
    readings, failed, told = dict[str, Reading](), dict[str, Problem](), dict[str, str]()
    for source in sources:
        try:
            reading = source.read(scope)
        except Problem as problem:
            failed[source.name] = problem
            continue
        readings[source.name] = reading
        for one in reading.found:
            if one.login and one.address:
                told.setdefault(one.login.lower(), one.address)
        scope = dataclasses.replace(scope, logins={**scope.logins, **told})  # the host knows better than a file
    found = [_placed(one, scope) for reading in readings.values() for one in reading.found]
    strays = tuple(sorted({one.login for one in found if one.login and not one.address}))
    whole = _whole(readings, failed, strays)
    inventories = tuple(
        Inventory(
            federation=one.federation,
            host=host,
            taken=taken.replace(microsecond=0),
            domains=one.domains,
            sources=tuple(readings),
            addresses={address: held for address, held in addresses.items() if address not in protected},
            protected_logins=tuple(
                sorted(held.login.lower() for held in addresses.values() if held.login and held.address in protected)
            ),
            unknown={**_unread(whole, addresses, one.domains), **_unmeasured(addresses, readings, failed)},
        )
        for one in asked
        for addresses in [_addresses(found, one.domains)]
    )
    return Gathered(inventories, strays, failed)


def _placed(one: Found, scope: Scope) -> Found:
    """What is known by its login, under the login's address."""
    if one.address or not one.login:
        return one
    return dataclasses.replace(one, address=scope.address_of(one.login.lower()))


def _addresses(found: Iterable[Found], domains: Sequence[str]) -> dict[str, LegacyAddress]:
    """Every address in these domains, all that was said of it in one place; the first who knows is believed."""
    said: dict[str, list[Found]] = {}
    for one in found:
        if one.address and one.address.rpartition("@")[2] in domains:
            said.setdefault(one.address, []).append(one)
    return {address: _merged(address, parts, domains) for address, parts in sorted(said.items())}


def _merged(address: str, parts: Sequence[Found], domains: Sequence[str]) -> LegacyAddress:
    # A panel's row that sends a mailbox's messages to itself says nothing.
    targets = tuple(dict.fromkeys(target for part in parts for target in part.targets if target != address))
    kind = _kind(address, [part.kind for part in parts if part.kind], targets, domains)
    mailbox = kind == "mailbox"
    filters = [part.filters for part in parts if part.filters is not None]
    return LegacyAddress(
        address=address,
        kind=kind,
        login=_first(part.login for part in parts) if mailbox else "",
        targets=targets,
        size=_first(part.size for part in parts) if mailbox else None,
        messages=_first(part.messages for part in parts) if mailbox else None,
        last_used=_first(part.last_used for part in parts) if mailbox else None,
        filters=tuple(dict.fromkeys(name for names in filters for name in names)) if filters else None,
        vacation=_first(part.vacation for part in parts),
    )


def _kind(address: str, said: Sequence[Kind], targets: Sequence[str], domains: Sequence[str]) -> Kind:
    """What an address is, all considered: a mailbox that also sends on is a mailbox."""
    if address.startswith("@"):
        return "catch_all"
    for kind in said:
        if kind in ("mailbox", "list"):
            return "mailbox" if "mailbox" in said else kind
    if len(targets) > 1:
        return "list"
    return "forward" if any(target.rpartition("@")[2] not in domains for target in targets) else "alias"


def _whole(
    readings: Mapping[str, Reading], failed: Mapping[str, Problem], strays: Sequence[str]
) -> Mapping[Aspect, str]:
    """The aspects that tell which addresses there are, and were not read wholly, with the reason."""
    unknown: dict[Aspect, str] = {}
    for aspect in (one for one in ASPECTS if one in WHICH_ADDRESSES):
        covering = [reading for reading in readings.values() if aspect in reading.covers]
        if not any(aspect not in reading.troubles for reading in covering):
            unknown[aspect] = _reason(aspect, readings, failed)
    only_by_login = not any(
        "mailboxes" in reading.covers and all(one.address for one in reading.found) for reading in readings.values()
    )
    if strays and only_by_login and "mailboxes" not in unknown:
        unknown["mailboxes"] = Phrase.counted(
            "nobody knows the address of {number} login: {logins}",
            "nobody knows the address of {number} logins: {logins}",
            len(strays),
            logins=first_of(strays, _NAMED),
        )
    return unknown


def _unread(
    whole: Mapping[Aspect, str], addresses: Mapping[str, LegacyAddress], domains: Sequence[str]
) -> Mapping[Aspect, str]:
    """The same for one federation: a domain in which nobody has a mailbox is more likely one that was not read."""
    kinds = {one.address.rpartition("@")[2] for one in addresses.values() if one.kind == "mailbox"}
    if "mailboxes" not in whole and not kinds:
        return {**whole, "mailboxes": Phrase("no mailbox was found in {domains}", domains=", ".join(domains))}
    return whole


def _unmeasured(
    addresses: Mapping[str, LegacyAddress], readings: Mapping[str, Reading], failed: Mapping[str, Problem]
) -> dict[Aspect, str]:
    """What is not known of some mailboxes."""
    unknown: dict[Aspect, str] = {}
    boxes = [one for one in addresses.values() if one.kind == "mailbox"]
    for aspect, field in _OF_A_MAILBOX.items():
        missing = [one.address for one in boxes if getattr(one, field) is None]
        if len(missing) == len(boxes):
            unknown[aspect] = _reason(aspect, readings, failed)
        elif missing:
            unknown[aspect] = Phrase("not known of {addresses}", addresses=first_of(missing, _NAMED))
    return unknown


def _reason(aspect: Aspect, readings: Mapping[str, Reading], failed: Mapping[str, Problem]) -> str:
    reasons = [
        Phrase("{source}: {why}", source=name, why=_one_line(reading.troubles[aspect]))
        for name, reading in readings.items()
        if aspect in reading.troubles
    ]
    reasons += [
        Phrase("{source}: {why}", source=name, why=_one_line(problem.message)) for name, problem in failed.items()
    ]
    return apart(reasons) if reasons else Phrase("no source tells")


def _one_line(told: str) -> str:
    """A command's words, or a server's, on the line they are kept on."""
    if told.isprintable():
        return told
    return "".join(letter if letter.isprintable() else " " for letter in told)


def _first(values: Iterable[_Value | None]) -> _Value | None:
    return next((value for value in values if value is not None), None)
