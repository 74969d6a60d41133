"""What refuses a write just before it is made: anything beyond the declared domains, or protected. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping

from reconcile.config.inventory.logins import NO_LOGINS, Logins
from reconcile.language.phrase import Phrase
from reconcile.planning.plan.plan import Action, Change
from reconcile.resources.kinds import KINDS
from reconcile.resources.resource import Reference, Value


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
                return Phrase("{name} is on the protected list of reconcile.toml", name=name)
        # What is taken off a list of our own, when a domain went to another federation, touches nothing outside.
        in_our_folder = change.action is Action.DELETE and KINDS[change.address.kind].local
        for name in _names(change, fields):
            domain = _domain(name)
            if domain not in self.domains and not (change.action is Action.DELETE and domain in self.former):
                return Phrase("{name} is outside the declared domains", name=name)
            owner = self.owners.get(domain, change.address.federation)
            if owner != change.address.federation and not in_our_folder:
                return Phrase("{name} is in a domain of {owner}", name=name, owner=owner)
        senders = fields.get("senders")
        if isinstance(senders, tuple) and (strange := sorted(set(senders) - set(self.domains))):
            return Phrase("it would sign mail of {strange}, which no file declares", strange=strange[0])
        if change.address.kind in ("copy", "copy_back") and "login" in fields and change.action is not Action.DELETE:
            ends = (str(fields.get(name) or "") for name in ("source", "login", "public_folder"))
            return self.logins.refusal(change.address.federation, *ends)
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
                return Phrase("it has the address {name}, which is on the protected list of reconcile.toml", name=name)
        allowed = {*self.domains, *(self.former if change.action is Action.DELETE else ())}
        for name in ours:
            if _domain(name) not in allowed:
                return Phrase("it has the address {name}, outside the declared domains", name=name)
        return "" if ours else Phrase("it has no address in the declared domains")

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
