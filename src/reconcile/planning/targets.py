"""Part of a plan: what some patterns name, and all it needs. Pure."""

from __future__ import annotations

import dataclasses
import fnmatch
from collections.abc import Sequence

from reconcile.planning.plan import Plan
from reconcile.resources.address import Address


def restrict(plan: Plan, patterns: Sequence[str]) -> Plan:
    """The plan for the addresses that match a pattern (``spf55/mailbox/*``, ``*/dns/*/MX``) and their prerequisites.

    ``*`` crosses slashes. Without patterns, the plan itself.
    """
    if not patterns:
        return plan
    by_address = {change.address: change for change in plan.changes}
    kept: set[Address] = set()
    todo = [address for address in by_address if _named(address, patterns)]
    while todo:
        address = todo.pop()
        if address in by_address and address not in kept:
            kept.add(address)
            todo.extend(by_address[address].after)
    return dataclasses.replace(
        plan,
        changes=tuple(change for change in plan.changes if change.address in kept),
        blocked=tuple(one for one in plan.blocked if _named(one.address, patterns)),
        unmanaged=tuple(address for address in plan.unmanaged if _named(address, patterns)),
        partial=True,
    )


def _named(address: Address, patterns: Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(str(address), pattern) for pattern in patterns)
