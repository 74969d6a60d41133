"""What may refuse a plan or a write: deletions without permission, and anything beyond the declared domains."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Collection, Mapping, Sequence

from reconcile.config.inventory.logins import NO_LOGINS, Logins
from reconcile.config.settings.tables.guards import Guards
from reconcile.planning.diff.renames import likely_renames
from reconcile.planning.diff.rollback import UNDONE
from reconcile.planning.guards.losses import taken_over, unfinished_copies
from reconcile.planning.guards.staleness import CLOCKS_APART
from reconcile.planning.plan.plan import Action, Change, Plan
from reconcile.resources.kinds import KINDS
from reconcile.resources.resource import Reference, Value


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


@dataclasses.dataclass(frozen=True, slots=True)
class Boundary:
    """The declared domains and the protected names; asked again just before every write.

    ``protected`` holds mail addresses, and whole domains with all below them, in lower case. ``former``: the domains
    that were declared when they were last applied and are no longer: what is ours there may still be deleted, and
    nothing else. ``logins``: whose old mailboxes each federation may have copied; without it, none may be.
    ``owners``: each declared domain → its federation's slug, which alone may write there.
    """

    domains: Collection[str]
    protected: Collection[str]
    former: Collection[str] = ()
    logins: Logins = NO_LOGINS
    owners: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def violation(self, change: Change, fields: Mapping[str, Value | Reference]) -> str:
        """Why this write would leave the boundary; "" when it stays inside."""
        for name in (*_names(change, fields), *_names_there(change)):
            if self._protects(name):
                return f"{name} is on the protected list of reconcile.toml"
        # What is taken off a list of our own, when a domain went to another federation, touches nothing outside.
        in_our_folder = change.action is Action.DELETE and KINDS[change.address.kind].local
        for name in _names(change, fields):
            domain = _domain(name)
            if domain not in self.domains and not (change.action is Action.DELETE and domain in self.former):
                return f"{name} is outside the declared domains"
            owner = self.owners.get(domain, change.address.federation)
            if owner != change.address.federation and not in_our_folder:
                return f"{name} is in a domain of {owner}"
        senders = fields.get("senders")
        if isinstance(senders, tuple) and (strange := sorted(set(senders) - set(self.domains))):
            return f"it would sign mail of {strange[0]}, which no file declares"
        if change.address.kind in ("copy", "copy_back") and "login" in fields and change.action is not Action.DELETE:
            source, login = str(fields.get("source", "")), str(fields["login"])
            return self.logins.refusal(change.address.federation, source, login)
        if change.address.kind == "lock" and change.action is not Action.DELETE:
            logins, host = fields.get("logins"), str(fields.get("host", ""))
            theirs = (self.logins.refusal(change.address.federation, host, str(one)) for one in _each(logins))
            return next(filter(None, theirs), "")
        return ""

    def outside(self, change: Change, names: Collection[str]) -> str:
        """Why an object that has these mail addresses at this moment may not be written; "" when it may.

        A tenant gives its mailboxes addresses in its own onmicrosoft.com domains: none of these makes an object ours.
        """
        ours = sorted(name for name in map(str.lower, names) if not _domain(name).endswith(".onmicrosoft.com"))
        for name in (*names, *ours):
            if self._protects(name.lower()):
                return f"it has the address {name}, which is on the protected list of reconcile.toml"
        allowed = {*self.domains, *(self.former if change.action is Action.DELETE else ())}
        for name in ours:
            if _domain(name) not in allowed:
                return f"it has the address {name}, outside the declared domains"
        return "" if ours else "it has no address in the declared domains"

    def _protects(self, name: str) -> bool:
        domain = f".{_domain(name)}"
        return name in self.protected or any(domain.endswith(f".{one}") for one in self.protected)


def _names(change: Change, fields: Mapping[str, Value | Reference]) -> list[str]:
    """The mail addresses and domains a change would write to."""
    if change.address.kind == "dns":
        return [change.address.mail_domain]
    if change.address.kind == "notice":
        return []  # it leaves for an address outside, on purpose; nothing is written there
    if change.address.kind == "signature":
        return []  # a rule has a name and no address; whose mail it signs is looked at apart
    names = [change.address.key]
    for listed in (fields.get("aliases"), fields.get("domains")):
        if isinstance(listed, tuple):
            names += listed
    destination = fields.get("destination")
    if isinstance(destination, str):
        names.append(destination)
    return names


def _names_there(change: Change) -> list[str]:
    """The addresses the mailbox has in the world, which somebody may have changed by hand: its own, and for a deletion
    all of them."""
    fields = change.before.fields if change.before and change.address.kind == "mailbox" else {}
    primary, aliases = fields.get("primary"), fields.get("aliases")
    names = [primary] if isinstance(primary, str) else []
    if change.action is Action.DELETE and isinstance(aliases, tuple):
        names += aliases
    return names


def _each(value: Value | Reference) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()


def _domain(name: str) -> str:
    return name.rpartition("@")[2]
