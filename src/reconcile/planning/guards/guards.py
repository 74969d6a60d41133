"""What refuses a plan: deletions without permission, beyond their threshold, of what is protected, and losses. Pure."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence

from reconcile.config.settings.tables.guards import Guards
from reconcile.language.phrase import Phrase
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
    way = Phrase("ahead of") if ahead > dt.timedelta() else Phrase("behind")
    message = Phrase(
        "This machine's clock is {ahead} minutes {way} the tenant's: {held}.",
        ahead=abs(ahead) // dt.timedelta(minutes=1),
        way=way,
        held=_few(held),
    )
    return (Refusal("APL10", message, Phrase("set the clock, then run the same command again")),)


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
            Phrase(
                "{slug} has no file any more, so its domains are not declared and nothing of it may be deleted.",
                slug=slug,
            ),
            Phrase(
                "put {slug}.yaml back with the domain and the mailboxes to keep, or name the other federations",
                slug=slug,
            ),
        )
        for slug in sorted(gone)
    ]


def _protected(deletions: Sequence[Change]) -> list[Refusal]:
    return [
        Refusal(
            "GRD04",
            Phrase("{address} is protected, and the plan would delete it.", address=change.address),
            Phrase("put it back in YAML with protected: false, apply, and only then take it out"),
        )
        for change in deletions
        if change.protected
    ]


def _without_permission(plan: Plan, deletions: Sequence[Change], permission: Permission) -> list[Refusal]:
    if not deletions or permission.delete:
        return []
    held = (
        Phrase("1 resource that holds")
        if len(deletions) == 1
        else Phrase("{number} resources that hold", number=len(deletions))
    )
    message = Phrase(
        "The plan deletes {held} mail or the way to it: {deletions}.", held=held, deletions=_few(deletions)
    )
    renames = likely_renames(plan.changes)
    if renames:
        pairs = Phrase(", ").join(
            Phrase("{key} under {new_key}", key=former.key, new_key=new.key) for former, new in renames[:5]
        )
        hint = Phrase(
            "if this is a rename, write was: {pairs}, and the mail stays; if not, and they must go: --allow-delete",
            pairs=pairs,
        )
        return [Refusal("GRD01", message, hint)]
    return [Refusal("GRD01", message, Phrase("put them back in YAML, or say --allow-delete if they must really go"))]


def _losses(plan: Plan, permission: Permission) -> list[Refusal]:
    if permission.delete:
        return []
    found = []
    if losing := list(taken_over(plan)):
        named = Phrase("; ").join(
            Phrase("{address} loses {items}", address=change.address, items=", ".join(items[:3]))
            for change, items in losing[:5]
        )
        what = (
            Phrase("1 resource that exists")
            if len(losing) == 1
            else Phrase("{number} resources that exist", number=len(losing))
        )
        message = Phrase("The plan takes away what others gave to {what} already: {named}.", what=what, named=named)
        found.append(
            Refusal("GRD08", message, Phrase("write it in the file, or say --allow-delete if it must really go"))
        )
    if copies := list(unfinished_copies(plan)):
        message = Phrase(
            "The plan gives up {number} of the copies of old mail before they are over: {copies}.",
            number=len(copies),
            copies=_few(copies),
        )
        hint = Phrase("put legacy: or merge back until reconcile copy status shows them done, or say --allow-delete")
        found.append(Refusal("GRD09", message, hint))
    return found


def _too_many(
    plan: Plan, deletions: Sequence[Change], digest: str, guards: Guards, permission: Permission
) -> list[Refusal]:
    if len(permission.override) >= OVERRIDE_LENGTH and digest.startswith(permission.override):
        return []
    found = []
    hint = Phrase("look again; if it is really meant, say --override {digest}", digest=digest[:OVERRIDE_LENGTH])
    if not digest:
        hint = Phrase(
            "look again; if it is really meant: reconcile plan --out FILE, then reconcile apply FILE, which says how"
        )
    for slug, basis in plan.basis.items():
        count = sum(change.address.federation == slug for change in deletions)
        if _beyond(count, basis.guarded, guards.federation_deletes, guards.federation_deletes_percent):
            message = Phrase("{slug}: {count} beyond its threshold.", slug=slug, count=_deletions(count, basis.guarded))
            found.append(Refusal("GRD05", message, hint))
    everything = sum(basis.guarded for basis in plan.basis.values())
    if len(plan.basis) > 1 and _beyond(len(deletions), everything, guards.deletes, guards.deletes_percent):
        message = Phrase("{number} beyond the threshold.", number=_deletions(len(deletions), everything))
        found.append(Refusal("GRD05", message, hint))
    return found


def _deletions(count: int, total: int) -> str:
    recorded = Phrase.counted("{number} recorded resource", "{number} recorded resources", total)
    return Phrase.counted(
        "{number} deletion of {recorded} is", "{number} deletions of {recorded} are", count, recorded=recorded
    )


def _beyond(count: int, total: int, most: int, percent: int) -> bool:
    """One deletion is never too many: a small federation must be able to close a box."""
    return count > most or (count > 1 and count * 100 > total * percent)


def _few(changes: Sequence[Change]) -> str:
    return ", ".join(str(change.address) for change in changes[:5]) + (" …" if len(changes) > 5 else "")
