"""What must be gone, or let go, before something is deleted. Pure.

The other way round than a creation: the records that lead mail to a mailbox, the rights on it and its copies end before
it does. And whoever is deleted first loses the rights held on what stays: afterwards nobody could name them any more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from reconcile.planning.plan.plan import Action, Change
from reconcile.resources.address import Address
from reconcile.resources.kinds import KINDS

RANK = {name: rank for rank, name in enumerate(KINDS)}

_COPIES = ("copy", "copy_back")

#: Deletion → what must be done before it.
Before = Mapping[Address, Sequence[Address]]


def gone_first(changes: Sequence[Change]) -> Before:
    """The deletions that each deletion, or each forgetting, waits for."""
    deleted: defaultdict[str, list[Change]] = defaultdict(list)
    on_box: defaultdict[Address, list[Address]] = defaultdict(list)
    for change in changes:
        if change.action is Action.DELETE:
            deleted[change.address.federation].append(change)
            if box := _box_of(change):
                on_box[box].append(change.address)
    records = {
        slug: [change.address for change in among if change.address.kind == "dns"] for slug, among in deleted.items()
    }
    before: dict[Address, Sequence[Address]] = {}
    for change in changes:
        if change.action not in (Action.DELETE, Action.FORGET):
            continue
        address = change.address
        if address.kind == "mailbox":
            before[address] = [*on_box[address], *records.get(address.federation, ())]
        elif address.kind == "copy_access":
            box = Address(address.federation, "mailbox", address.key)
            before[address] = [other for other in on_box[box] if other.kind in _COPIES]
        elif KINDS[address.kind].timely:
            continue  # an unlocking: people get back in whatever else is still to be taken away
        elif RANK[address.kind] < RANK["mailbox"]:  # a domain's own, on which all the rest depends
            others = deleted[address.federation]
            before[address] = [one.address for one in others if RANK[one.address.kind] > RANK[address.kind]]
    return before


def rights_taken_first(changes: Iterable[Change]) -> Before:
    """Deleted mailbox → the changes that take back the rights its owner holds on other mailboxes."""
    leaving: dict[str, Address] = {}
    accesses = []
    for change in changes:
        if change.address.kind == "access" and change.action in (Action.UPDATE, Action.ADOPT):
            accesses.append(change)
        elif change.address.kind == "mailbox" and change.action is Action.DELETE:
            names = {change.address.key, change.before.fields.get("primary") if change.before else None}
            leaving |= {name: change.address for name in names if isinstance(name, str)}
    before: defaultdict[Address, list[Address]] = defaultdict(list)
    for change in accesses:
        for name in sorted(_holders(change)):
            if name in leaving and change.address not in before[leaving[name]]:
                before[leaving[name]].append(change.address)
    return {address: takers for address, takers in before.items() if takers}


def _box_of(change: Change) -> Address | None:
    """The mailbox a right or a copy depends on."""
    federation, kind, key = change.address
    if kind in _COPIES:
        destination = change.before.fields.get("destination") if change.before else None
        return Address(federation, "mailbox", str(destination or key))
    return Address(federation, "mailbox", key) if kind in ("access", "copy_access") else None


def _holders(change: Change) -> set[str]:
    """Who held a right when the plan looked."""
    fields = change.before.fields if change.before else {}
    return {name for value in fields.values() if isinstance(value, tuple) for name in value}
