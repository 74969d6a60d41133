"""A plan's counts as GitLab's widget of a merge request reads them (``artifacts:reports:terraform``)."""

from __future__ import annotations

import json

from reconcile.planning.plan.plan import Action, Plan


def widget(plan: Plan) -> str:
    """GitLab adds up these three; an adoption changes what exists."""
    counts = {
        "create": plan.count(Action.CREATE),
        "update": plan.count(Action.UPDATE) + plan.count(Action.ADOPT),
        "delete": plan.count(Action.DELETE),
    }
    return json.dumps(counts)
