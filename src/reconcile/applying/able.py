"""Whether a run could do anything of a plan at all: a retry that could not needs no run, and leaves no journal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from reconcile.planning.order.behind import without_dependants
from reconcile.planning.plan.plan import Plan
from reconcile.resources.address import Address
from reconcile.resources.milestones import due_now


def could_begin(plan: Plan, held: Collection[Address], now: dt.datetime) -> bool:
    """Whether a change is due, not held back by a gate, and needs nothing that is neither: or something is to be
    recorded."""
    if plan.unrecorded:
        return True
    possible = [change for change in plan.changes if due_now(change.due, now) and change.address not in held]
    left = {change.address for change in plan.changes} - {change.address for change in possible}
    kept, _ = without_dependants(possible, left | {one.address for one in plan.blocked})
    return bool(kept)
