"""Whether a saved plan still says the truth: its files, its state, its age."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from reconcile.planning.plan import Basis, Plan


def stale(plan: Plan, now: Mapping[str, Basis], moment: dt.datetime) -> tuple[str, ...]:
    """Every reason, one sentence each, why this plan may not be applied any more; none when it may.

    ``now``: the same federations' basis at this moment.
    """
    if moment >= plan.expires:
        return (f"The plan expired on {plan.expires:%d/%m/%Y at %H:%M} UTC.",)
    reasons = []
    for slug, then in plan.basis.items():
        present = now.get(slug)
        if present is None:
            reasons.append(f"{slug}: its file is no longer there.")
        elif present.digest != then.digest:
            reasons.append(f"{slug}: its file changed since the plan was made.")
        elif (present.lineage, present.serial) != (then.lineage, then.serial):
            what = "another lineage" if present.lineage != then.lineage else f"serial {present.serial}"
            reasons.append(f"{slug}: something was applied since (state at {what}, plan made at serial {then.serial}).")
    return tuple(reasons)
