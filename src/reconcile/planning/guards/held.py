"""What the gates of a plan hold back: a federation's lock and all that comes after, and what cannot be undone. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from reconcile.planning.gates.gate import IRREVERSIBLE, Gate
from reconcile.planning.plan.plan import Action, Change, Plan
from reconcile.resources.address import Address


def held_back(plan: Plan) -> dict[Address, tuple[Gate, ...]]:
    """The changes that the plan's gates hold back, each with the gates that do; what depends on them is not listed."""
    closed: dict[str, list[Gate]] = {}
    for gate in plan.gates:
        if not gate.open:
            closed.setdefault(gate.federation, []).append(gate)
    found = {}
    for change in plan.changes:
        if holding := _holding(change, closed.get(change.address.federation, ())):
            found[change.address] = holding
    return found


def _holding(change: Change, closed: Iterable[Gate]) -> tuple[Gate, ...]:
    if change.action in (Action.DELETE, Action.FORGET):
        return ()
    if change.address.kind == "domain_verification":
        return tuple(gate for gate in closed if gate.code in IRREVERSIBLE)
    return tuple(gate for gate in closed if change.due is not None and change.due >= gate.lock)
