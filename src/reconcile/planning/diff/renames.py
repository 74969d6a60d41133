"""Renamings: a resource recorded under one address and described under another. Pure.

YAML says so (``was:``), or the world does: the object that answers at the new address has the immutable id of the one
recorded at the old. Either way it is one object, changed in place, and never a deletion beside a creation.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from reconcile.planning.plan.plan import Action, Change
from reconcile.providers.base import Observed
from reconcile.resources.address import Address
from reconcile.resources.kinds import KINDS
from reconcile.resources.resource import Desired, Live
from reconcile.state.snapshot.snapshot import Record

#: New address → the one it is recorded under.
Renames = Mapping[Address, Address]


def declared_renames(desired: Sequence[Desired], records: Mapping[Address, Record]) -> Renames:
    """The renamings that YAML tells and the state does not know yet."""
    described = {resource.address for resource in desired}
    return {
        resource.address: resource.formerly
        for resource in desired
        if resource.formerly in records and resource.formerly not in described and resource.address not in records
        if resource.formerly is not None
    }


def observed_renames(
    desired: Sequence[Desired], records: Mapping[Address, Record], observed: Mapping[Address, Observed]
) -> Renames:
    """The renamings that only the world tells: somebody else made them, and YAML followed."""
    described = {resource.address for resource in desired}
    abandoned = {
        (address.federation, address.kind, record.identity): address
        for address, record in records.items()
        if address not in described and record.identity
    }
    moves = {}
    for resource in desired:
        shown = observed.get(resource.address)
        if resource.address in records or not isinstance(shown, Live):
            continue
        former = abandoned.get((resource.address.federation, resource.address.kind, shown.identity))
        if former is not None:
            moves[resource.address] = former
    return moves


def handed_over(desired: Sequence[Desired], records: Mapping[Address, Record]) -> Renames:
    """What another federation had, describes no longer, and has recorded still: its code or its domain's file changed.

    It is the same thing in the same place. What exists in our own folder alone is made anew instead.
    """
    described = {resource.address for resource in desired}
    abandoned = {(address.kind, address.key): address for address in records if address not in described}
    return {
        resource.address: former
        for resource in desired
        if resource.address not in records and not KINDS[resource.address.kind].local
        if (former := abandoned.get((resource.address.kind, resource.address.key)))
    }


#: How alike two local parts are that may be one name, written otherwise: 1 is the same.
_ALIKE = 0.75
#: Names by which one person, or one shared mailbox, is known again under another address.
_NAMES = ("display_name", "first_name", "last_name")


def likely_renames(changes: Sequence[Change]) -> list[tuple[Address, Address]]:
    """Mailboxes a plan would delete beside one it would create for the same person or place: a renaming, in all
    likelihood, that ``was:`` does not tell. Each with its new address; where several would do, none is named.
    """
    gone = [one for one in changes if one.address.kind == "mailbox" and one.action is Action.DELETE]
    made = [one for one in changes if one.address.kind == "mailbox" and one.action is Action.CREATE]
    found = []
    for former in gone:
        alike = [new.address for new in made if _are_alike(former, new)]
        if len(alike) == 1:
            found.append((former.address, alike[0]))
    return found


def _are_alike(former: Change, new: Change) -> bool:
    if former.address.federation != new.address.federation:
        return False
    known = former.before.fields if former.before else {}
    told = {name for name in _NAMES if new.wanted.get(name)}
    if told and all(known.get(name) == new.wanted[name] for name in told):
        return True
    aliases = new.wanted.get("aliases")
    if isinstance(aliases, tuple) and former.address.key in aliases:
        return True
    old, local = (one.address.key.partition("@")[0] for one in (former, new))
    return old == local or difflib.SequenceMatcher(None, old, local).ratio() >= _ALIKE
