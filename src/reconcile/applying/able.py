"""Whether a run could do anything of a plan at all: a retry that could not needs no run, and leaves no journal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from reconcile.planning.plan.plan import Plan
from reconcile.resources.address import Address
from reconcile.resources.milestones import due_now


def could_begin(plan: Plan, held: Collection[Address], now: dt.datetime) -> bool:
    """Whether a change is due, not held back by a gate, and needs nothing that is neither: or something is to be
    recorded."""
    if plan.unrecorded:
        return True
    aside = {one.address for one in plan.blocked}
    left = [change for change in plan.changes if due_now(change.due, now) and change.address not in held]
    aside |= {change.address for change in plan.changes} - {change.address for change in left}
    while stuck := [change for change in left if not aside.isdisjoint(change.after)]:
        aside |= {change.address for change in stuck}
        left = [change for change in left if change.address not in aside]
    return bool(left)
