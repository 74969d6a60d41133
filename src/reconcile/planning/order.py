"""What must come before what: prerequisites, deletions in reverse, and what passes from one box to another: addresses
and seats."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

from reconcile.planning.plan import Action, Change, items_changed
from reconcile.resources.address import Address
from reconcile.resources.kinds import KINDS

_RANK = {name: rank for rank, name in enumerate(KINDS)}


def ordered(changes: Sequence[Change], seats: Mapping[Address, Address]) -> tuple[Change, ...]:
    """The changes sorted to be read (federation, kind in order of the work, key), each with all it must follow.

    Prerequisites that are not themselves changed are dropped: they are right already. ``seats``: who waits for whose
    seat.
    """
    present = {change.address for change in changes}
    handovers = _handovers(changes)
    for receiver, giver in seats.items():
        handovers.setdefault(receiver, []).append(giver)
    result = []
    for change in changes:
        after = tuple(address for address in change.after if address in present)
        if change.action in (Action.DELETE, Action.FORGET):
            after += tuple(_deleted_before(change, changes))
        after += tuple(giver for giver in handovers.get(change.address, ()) if giver not in after)
        result.append(change if after == change.after else dataclasses.replace(change, after=after))
    result.sort(key=lambda change: (change.address.federation, _RANK[change.address.kind], change.address.key))
    return _without_cycles(tuple(result), handovers)


def _deleted_before(change: Change, changes: Iterable[Change]) -> list[Address]:
    """Deletions go the other way: a mailbox only after its access, its copies and its records."""
    return [
        other.address
        for other in changes
        if other.action is Action.DELETE
        and other.address.federation == change.address.federation
        and _RANK[other.address.kind] > _RANK[change.address.kind]
    ]


def _handovers(changes: Iterable[Change]) -> dict[Address, list[Address]]:
    """receiver → givers: whoever takes a mail address waits until its present holder has let it go."""
    given: dict[str, Address] = {}
    taken: dict[str, Address] = {}
    for change in changes:
        if change.address.kind != "mailbox":
            continue
        if change.action is Action.CREATE:
            taken[change.address.key] = change.address
        if change.action is Action.DELETE:
            given[change.address.key] = change.address
        for field in change.fields:
            if field.name == "aliases" and (moved := items_changed("mailbox", field)):
                taken.update(dict.fromkeys(moved[0], change.address))
                given.update(dict.fromkeys(moved[1], change.address))
    result: dict[Address, list[Address]] = {}
    for mail_address, receiver in taken.items():
        giver = given.get(mail_address)
        if giver is not None and giver != receiver:
            result.setdefault(receiver, []).append(giver)
    return result


def _without_cycles(changes: tuple[Change, ...], handovers: Mapping[Address, Sequence[Address]]) -> tuple[Change, ...]:
    """Two boxes that swap addresses would wait for each other for ever; then one of the handovers is not waited for,
    and should the service refuse it this time, the next run finds the address free."""
    by_address = {change.address: change for change in changes}
    for receiver, givers in handovers.items():
        for giver in givers:
            if _reaches(by_address, giver, receiver):
                change = by_address[receiver]
                kept = tuple(address for address in change.after if address != giver)
                by_address[receiver] = dataclasses.replace(change, after=kept)
    return tuple(by_address.values())


def _reaches(by_address: Mapping[Address, Change], start: Address, goal: Address) -> bool:
    """Whether ``start`` waits, directly or not, for ``goal``."""
    seen: set[Address] = set()
    todo = [start]
    while todo:
        address = todo.pop()
        if address == goal:
            return True
        if address not in seen and address in by_address:
            seen.add(address)
            todo.extend(by_address[address].after)
    return False
