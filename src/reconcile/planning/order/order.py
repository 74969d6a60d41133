"""What must come before what: prerequisites, what ends before a deletion, and what passes from one box to another:
addresses and seats. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

from reconcile.planning.diff.closing import closed_first
from reconcile.planning.diff.rollback import undone_first
from reconcile.planning.order.deletions import RANK, gone_first, rights_taken_first
from reconcile.planning.plan.plan import Action, Change, items_changed
from reconcile.resources.address import Address


def ordered(changes: Sequence[Change], seats: Mapping[Address, Address]) -> tuple[Change, ...]:
    """The changes sorted to be read (federation, kind in order of the work, key), each with all it must follow.

    Prerequisites that are not themselves changed are dropped: they are right already. ``seats``: who waits for whose
    seat.
    """
    present = {change.address for change in changes}
    handovers, gone, taken = _handovers(changes), gone_first(changes), rights_taken_first(changes)
    undone, closed = undone_first(changes), closed_first(changes)
    for receiver, giver in seats.items():
        handovers.setdefault(receiver, []).append(giver)
    result = []
    for change in changes:
        after = tuple(address for address in change.after if address in present)
        for earlier in (gone, taken, handovers, undone, closed):
            after += tuple(one for one in earlier.get(change.address, ()) if one not in after)
        behind = tuple(address for address in change.behind if address in present)
        as_it_was = after == change.after and behind == change.behind
        result.append(change if as_it_was else dataclasses.replace(change, after=after, behind=behind))
    result.sort(key=lambda change: (change.address.federation, RANK[change.address.kind], change.address.key))
    by_address = {change.address: change for change in result}
    _free_departures(by_address, taken)
    _free_handovers(by_address, handovers)
    return tuple(by_address.values())


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
            given |= dict.fromkeys(_addresses(change), change.address)
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


def _addresses(change: Change) -> set[str]:
    """All that a mailbox to be deleted lets go."""
    fields = change.before.fields if change.before else {}
    primary, aliases = fields.get("primary"), fields.get("aliases")
    return {
        change.address.key,
        *([primary] if isinstance(primary, str) else ()),
        *(aliases if isinstance(aliases, tuple) else ()),
    }


def _free_departures(by_address: dict[Address, Change], taken: Mapping[Address, Sequence[Address]]) -> None:
    """The address of who leaves often goes to a box on which they held rights, or to a colleague who holds them too:
    that mailbox waits for the address, the deletion for the rights, and the rights for the mailbox. They need not wait
    for one that is there already under its name."""
    for leaving, accesses in taken.items():
        for access in accesses:
            if _reaches(by_address, access, leaving):
                for mailbox in by_address[access].after:
                    if _stays(by_address.get(mailbox)):
                        _stop_waiting(by_address, access, mailbox)
            if _reaches(by_address, access, leaving):
                _stop_waiting(by_address, leaving, access)


def _stays(change: Change | None) -> bool:
    """Whether it is about a mailbox that exists, and keeps its address."""
    if change is None or change.address.kind != "mailbox":
        return False
    return change.action in (Action.UPDATE, Action.ADOPT) and change.moved_from is None


def _free_handovers(by_address: dict[Address, Change], handovers: Mapping[Address, Sequence[Address]]) -> None:
    """Two boxes that swap addresses would wait for each other for ever; then one of the handovers is not waited for,
    and should the service refuse it this time, the next run finds the address free."""
    for receiver, givers in handovers.items():
        for giver in givers:
            if _reaches(by_address, giver, receiver):
                _stop_waiting(by_address, receiver, giver)


def _stop_waiting(by_address: dict[Address, Change], who: Address, whom: Address) -> None:
    change = by_address[who]
    kept = tuple(address for address in change.after if address != whom)
    by_address[who] = dataclasses.replace(change, after=kept)


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
