"""How little must be read for a plan of some targets. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence

from reconcile.planning.inputs import Inputs
from reconcile.planning.plan.targets import named
from reconcile.resources.address import Address
from reconcile.resources.resource import Reference

#: Kinds whose state is told by themselves and by what they refer to. Of a mailbox it is not: its renaming, its seat and
#: who else has its addresses are told by the other mailboxes.
_ALONE = frozenset({"dns", "domain", "domain_verification", "mail_flow", "connector", "dkim", "dkim_signing"})
_WILD = frozenset("*?[")


def federations_of(patterns: Sequence[str]) -> tuple[str, ...]:
    """The federations that the patterns name; () when one of them may mean any."""
    slugs = tuple(dict.fromkeys(pattern.partition("/")[0] for pattern in patterns))
    return () if any(_WILD & set(slug) for slug in slugs) else slugs


def narrowed(inputs: Inputs, patterns: Sequence[str]) -> Inputs | None:
    """What must be read to tell whether there is anything to change at all in what the patterns name: those resources,
    the others of their kind in their federations, and what they refer to. None when only the whole can tell.

    What they wait for is left out: it matters to a change alone.
    """
    if not patterns or any(_kind(pattern) not in _ALONE for pattern in patterns):
        return None
    meant = {(address.federation, address.kind) for address in inputs.addresses if named(address, patterns)}
    desired = {one.address: one for one in inputs.desired}
    kept: set[Address] = set()
    todo = [address for address in inputs.addresses if (address.federation, address.kind) in meant]
    while todo:
        address = todo.pop()
        if address not in kept:
            kept.add(address)
            fields = desired[address].fields.values() if address in desired else ()
            todo.extend(value.address for value in fields if isinstance(value, Reference))
    return _among(inputs, kept)


def _kind(pattern: str) -> str:
    """What stands in the kind's place."""
    return (*pattern.split("/"), "")[1]


def _among(inputs: Inputs, kept: Collection[Address]) -> Inputs:
    return dataclasses.replace(
        inputs,
        desired=tuple(one for one in inputs.desired if one.address in kept),
        snapshots={
            slug: dataclasses.replace(
                snapshot, records={name: one for name, one in snapshot.records.items() if name in kept}
            )
            for slug, snapshot in inputs.snapshots.items()
        },
        partial=True,
        whole=False,
    )
