"""What refuses a plan: deletions without permission, beyond their threshold, of what is protected, and losses. Pure."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence

from reconcile.config.settings.tables.guards import Guards
from reconcile.planning.diff.renames import likely_renames
from reconcile.planning.diff.rollback import UNDONE
from reconcile.planning.guards.losses import taken_over, unfinished_copies
from reconcile.planning.guards.staleness import CLOCKS_APART
from reconcile.planning.plan.plan import Action, Change, Plan
from reconcile.resources.kinds import KINDS


@dataclasses.dataclass(frozen=True, slots=True)
class Refusal:
    """Why a plan may not be applied as asked, and what would allow it."""

    code: str
    message: str
    hint: str


@dataclasses.dataclass(frozen=True, slots=True)
class Permission:
    """What whoever applies has allowed. ``override``: the beginning of the digest of a plan beyond the thresholds."""

    delete: bool = False
    override: str = ""


#: An override names at least this much of a digest, so that it is copied from the plan it allows.
OVERRIDE_LENGTH = 8


def refusals(plan: Plan, digest: str, guards: Guards, permission: Permission) -> tuple[Refusal, ...]:
    """Everything that forbids applying this plan, whose digest is given. The plan is shown whole all the same.

    ``digest`` is "" for a plan made just now: the next one, made a moment later, would not be the one overridden.
    """
    deletions = [
        change
        for change in plan.changes
        if change.action is Action.DELETE and KINDS[change.address.kind].guarded and change.note != UNDONE
    ]
    return (
        *_undeclared(plan),
        *_protected(deletions),
        *_without_permission(plan, deletions, permission),
        *_losses(plan, permission),
        *_too_many(plan, deletions, digest, guards, permission),
    )


def clock_refusals(plan: Plan, ahead: dt.timedelta | None) -> tuple[Refusal, ...]:
    """What forbids carrying out, by a clock that is wrong, what has its moment or cannot be taken back.

    ``ahead``: of the tenant's clock; None when it did not tell.
    """
    if ahead is None or abs(ahead) <= CLOCKS_APART:
        return ()
    held = [change for change in plan.changes if change.due is not None or change.action is Action.DELETE]
    if not held:
        return ()
    way = "ahead of" if ahead > dt.timedelta() else "behind"
    message = (
        f"This machine's clock is {abs(ahead) // dt.timedelta(minutes=1)} minutes {way} the tenant's: {_few(held)}."
    )
    return (Refusal("APL10", message, "set the clock, then run the same command again"),)


def _undeclared(plan: Plan) -> list[Refusal]:
    """A federation whose file is gone declares no domain any more, and nothing is written outside what is declared."""
    undescribed = {slug for slug, basis in plan.basis.items() if not basis.digest}
    gone = undescribed & {
        change.address.federation
        for change in plan.changes
        if change.action is Action.DELETE and not KINDS[change.address.kind].local
    }
    return [
        Refusal(
            "GRD06",
            f"{slug} has no file any more, so its domains are not declared and nothing of it may be deleted.",
            f"put {slug}.yaml back with the domain and the mailboxes to keep, or name the other federations",
        )
        for slug in sorted(gone)
    ]


def _protected(deletions: Sequence[Change]) -> list[Refusal]:
    return [
        Refusal(
            "GRD04",
            f"{change.address} is protected, and the plan would delete it.",
            "put it back in YAML with protected: false, apply, and only then take it out",
        )
        for change in deletions
        if change.protected
    ]


def _without_permission(plan: Plan, deletions: Sequence[Change], permission: Permission) -> list[Refusal]:
    if not deletions or permission.delete:
        return []
    held = "1 resource that holds" if len(deletions) == 1 else f"{len(deletions)} resources that hold"
    message = f"The plan deletes {held} mail or the way to it: {_few(deletions)}."
    renames = likely_renames(plan.changes)
    if renames:
        pairs = ", ".join(f"{former.key} under {new.key}" for former, new in renames[:5])
        hint = f"if this is a rename, write was: {pairs}, and the mail stays; if not, and they must go: --allow-delete"
        return [Refusal("GRD01", message, hint)]
    return [Refusal("GRD01", message, "put them back in YAML, or say --allow-delete if they must really go")]


def _losses(plan: Plan, permission: Permission) -> list[Refusal]:
    if permission.delete:
        return []
    found = []
    if losing := list(taken_over(plan)):
        named = "; ".join(f"{change.address} loses {', '.join(items[:3])}" for change, items in losing[:5])
        what = "1 resource that exists" if len(losing) == 1 else f"{len(losing)} resources that exist"
        message = f"The plan takes away what others gave to {what} already: {named}."
        found.append(Refusal("GRD08", message, "write it in the file, or say --allow-delete if it must really go"))
    if copies := list(unfinished_copies(plan)):
        message = f"The plan gives up {len(copies)} of the copies of old mail before they are over: {_few(copies)}."
        hint = "put legacy: or merge back until reconcile copy status shows them done, or say --allow-delete"
        found.append(Refusal("GRD09", message, hint))
    return found


def _too_many(
    plan: Plan, deletions: Sequence[Change], digest: str, guards: Guards, permission: Permission
) -> list[Refusal]:
    if len(permission.override) >= OVERRIDE_LENGTH and digest.startswith(permission.override):
        return []
    found = []
    hint = f"look again; if it is really meant, say --override {digest[:OVERRIDE_LENGTH]}"
    if not digest:
        hint = "look again; if it is really meant: reconcile plan --out FILE, then reconcile apply FILE, which says how"
    for slug, basis in plan.basis.items():
        count = sum(change.address.federation == slug for change in deletions)
        if _beyond(count, basis.guarded, guards.federation_deletes, guards.federation_deletes_percent):
            message = f"{slug}: {_deletions(count, basis.guarded)} beyond its threshold."
            found.append(Refusal("GRD05", message, hint))
    everything = sum(basis.guarded for basis in plan.basis.values())
    if len(plan.basis) > 1 and _beyond(len(deletions), everything, guards.deletes, guards.deletes_percent):
        message = f"{_deletions(len(deletions), everything)} beyond the threshold."
        found.append(Refusal("GRD05", message, hint))
    return found


def _deletions(count: int, total: int) -> str:
    resources = "recorded resource" if total == 1 else "recorded resources"
    return f"{count} {'deletion' if count == 1 else 'deletions'} of {total} {resources} {'is' if count == 1 else 'are'}"


def _beyond(count: int, total: int, most: int, percent: int) -> bool:
    """One deletion is never too many: a small federation must be able to close a box."""
    return count > most or (count > 1 and count * 100 > total * percent)


def _few(changes: Sequence[Change]) -> str:
    return ", ".join(str(change.address) for change in changes[:5]) + (" …" if len(changes) > 5 else "")
