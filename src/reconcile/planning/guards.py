"""What may refuse a plan or a write: deletions without leave, and anything beyond the declared domains."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping

from reconcile.planning.plan import Action, Change, Plan
from reconcile.resources.kinds import KINDS
from reconcile.resources.resource import Reference, Value


@dataclasses.dataclass(frozen=True, slots=True)
class Refusal:
    """Why a plan may not be applied as asked, and what would allow it."""

    code: str
    message: str
    hint: str


def refusals(plan: Plan, *, allow_delete: bool) -> tuple[Refusal, ...]:
    """Everything that forbids applying this plan. The plan is shown whole all the same."""
    guarded = [
        change for change in plan.changes if change.action is Action.DELETE and KINDS[change.address.kind].guarded
    ]
    if not guarded or allow_delete:
        return ()
    names = ", ".join(str(change.address) for change in guarded[:5]) + (" …" if len(guarded) > 5 else "")
    return (
        Refusal(
            "GRD01",
            f"The plan deletes {len(guarded)} resource(s) that hold mail or its way in: {names}.",
            "put them back in YAML, or say --allow-delete if they must really go",
        ),
    )


@dataclasses.dataclass(frozen=True, slots=True)
class Boundary:
    """The declared domains and the protected names; asked again just before every write.

    ``protected`` holds mail addresses and whole domains.
    """

    domains: Collection[str]
    protected: Collection[str]

    def violation(self, change: Change, fields: Mapping[str, Value | Reference]) -> str:
        """Why this write would leave the boundary; "" when it stays inside."""
        for name in _names(change, fields):
            if name in self.protected or _domain(name) in self.protected:
                return f"{name} is on the protected list of reconcile.toml"
            domain = _domain(name)
            if domain not in self.domains:
                return f"{name} is outside the declared domains"
        return ""


def _names(change: Change, fields: Mapping[str, Value | Reference]) -> list[str]:
    """The mail addresses and domains a change would write to."""
    kind, key = change.address.kind, change.address.key
    if kind == "dns":
        return [_record_owner(key)]
    names = [key]
    aliases = fields.get("aliases")
    if isinstance(aliases, tuple):
        names += aliases
    destination = fields.get("destination")
    if isinstance(destination, str):
        names.append(destination)
    return names


def _record_owner(key: str) -> str:
    """The mail domain a record belongs to: autodiscover.spf55.org and _dmarc.spf55.org are spf55.org's."""
    name = key.partition("/")[0]
    for prefix in ("autodiscover.", "_dmarc.", "selector1._domainkey.", "selector2._domainkey.", "_smtp._tls."):
        name = name.removeprefix(prefix)
    return name


def _domain(name: str) -> str:
    return name.rpartition("@")[2]
