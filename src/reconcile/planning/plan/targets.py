"""Part of a plan: what some patterns name, and all it needs. Pure."""

from __future__ import annotations

import dataclasses
import difflib
import fnmatch
from collections.abc import Iterable, Sequence

from reconcile.language.phrase import Phrase
from reconcile.planning.costs import concerned
from reconcile.planning.plan.plan import Plan, licensed
from reconcile.problem import Problem
from reconcile.resources.address import Address

_USAGE = 64  # the exit code for a command that cannot mean what it says


def restrict(plan: Plan, patterns: Sequence[str]) -> Plan:
    """The plan for the addresses that match a pattern (``spf55/mailbox/*``, ``*/dns/*/MX``) and their prerequisites.

    ``*`` crosses slashes. Without patterns, the plan itself.
    """
    if not patterns:
        return plan
    by_address = {change.address: change for change in plan.changes}
    kept: set[Address] = set()
    todo = [address for address in by_address if named(address, patterns)]
    while todo:
        address = todo.pop()
        if address in by_address and address not in kept:
            kept.add(address)
            todo.extend((*by_address[address].after, *by_address[address].behind))
    seats = [count.among(kept) for count in plan.seats]
    changes = tuple(change for change in plan.changes if change.address in kept)
    return dataclasses.replace(
        plan,
        changes=changes,
        blocked=tuple(one for one in plan.blocked if named(one.address, patterns)),
        unmanaged=tuple(address for address in plan.unmanaged if named(address, patterns)),
        unrecorded=tuple(one for one in plan.unrecorded if named(one.live.address, patterns)),
        partial=True,
        left_out=tuple(one for one in plan.left_out if any(_within(one.federation, pattern) for pattern in patterns)),
        costs=concerned(plan.costs, licensed(changes)),
        seats=tuple(one for one in seats if one.taken or one.returned or one.lacking),
    )


def refuse_strays(patterns: Sequence[str], known: Iterable[Address]) -> None:
    """Raise PLN05 (exit 64) for a pattern that names no known resource: a slip must not read as "nothing to do"."""
    names = [str(address) for address in known]
    for pattern in patterns:
        if not fnmatch.filter(names, pattern):
            near = difflib.get_close_matches(pattern, names, 1)
            hint = (
                Phrase("did you mean {near}?", near=near[0])
                if near
                else Phrase("an address is federation/kind/key, such as spf55/mailbox/*")
            )
            raise Problem("PLN05", Phrase("No resource is called {pattern}.", pattern=pattern), hint, _USAGE)


def _within(federation: str, pattern: str) -> bool:
    """Whether a pattern may mean a resource of the federation."""
    return fnmatch.fnmatchcase(federation, pattern.partition("/")[0])


def named(address: Address, patterns: Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(str(address), pattern) for pattern in patterns)
