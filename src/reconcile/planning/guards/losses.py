"""What a plan would take away without deleting a mailbox: what others gave, and copies that are not over. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from reconcile.planning.diff.closing import CLOSED
from reconcile.planning.plan.plan import EXISTS_ALREADY, Action, Change, Plan, items_changed
from reconcile.resources.kinds import KINDS


def taken_over(plan: Plan) -> Iterator[tuple[Change, tuple[str, ...]]]:
    """Each change to what was never recorded that removes items others put there, with those items."""
    for change in plan.changes:
        if change.note == EXISTS_ALREADY and KINDS[change.address.kind].given:
            moved = (items_changed(change.address.kind, field) for field in change.fields)
            if removed := tuple(dict.fromkeys(item for one in moved if one for item in one[1])):
                yield change, removed


def unfinished_copies(plan: Plan) -> Iterator[Change]:
    """The copies that the plan gives up before all the mail has arrived."""
    for change in plan.changes:
        given_up = change.address.kind == "copy" and change.action is Action.DELETE
        if given_up and change.note != CLOSED and change.before and change.before.context.get("state") != "done":
            yield change
