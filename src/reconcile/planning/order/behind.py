"""A change that waits for the turn of others, right or not, and can spare some of their mailboxes. Pure.

The switch of a federation's mail waits for each of its mailboxes and for none in particular: the relay covers the few
that are late, and a federation most of whose mailboxes are missing is not switched.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable

from reconcile.planning.plan.plan import Change
from reconcile.resources.address import Address


def counts(address: Address) -> bool:
    """Whether its failure uses a spare up: without an access, mail arrives all the same."""
    return address.kind == "mailbox"


def one_too_many(change: Change, lost: Collection[Address]) -> Address | None:
    """The mailbox that makes more missing than the change can spare, None while it can."""
    missing = [address for address in change.behind if address in lost and counts(address)]
    return missing[change.spare] if len(missing) > change.spare else None


def without_dependants(
    changes: Iterable[Change], lost: Collection[Address]
) -> tuple[list[Change], dict[Address, Address]]:
    """The changes that can do without all of ``lost``; and of every other what it needs of them, directly or not, each
    after what it needs."""
    missing, needs = set(lost), dict[Address, Address]()
    waiting = list(changes)
    while True:
        kept = []
        for change in waiting:
            needed = next((address for address in change.after if address in missing), None)
            needed = needed or one_too_many(change, missing)
            if needed is None:
                kept.append(change)
            else:
                needs[change.address] = needed
                missing.add(change.address)
        if len(kept) == len(waiting):
            return kept, needs
        waiting = kept


def spared(change: Change, lost: Collection[Address]) -> Change:
    """The change without those of ``lost`` that it comes behind, which its spare has made up for."""
    if not change.behind:
        return change
    kept = tuple(address for address in change.behind if address not in lost)
    used = sum(counts(address) for address in change.behind if address in lost)
    return dataclasses.replace(change, behind=kept, spare=change.spare - used)
