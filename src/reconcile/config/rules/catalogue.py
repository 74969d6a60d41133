"""Every rule of ``reconcile validate``, by its stable code. docs/rules.md explains each with an example."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from reconcile.config.federation.federation import Mark, Route, nearest
from reconcile.config.rules.diagnostic import Diagnostic, Severity


@dataclasses.dataclass(frozen=True, slots=True)
class Rule:
    """What is wrong when the rule speaks, and how grave it is. Only errors make a file invalid."""

    title: str
    severity: Severity = "error"


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "SPF101": Rule("the file cannot be read as YAML"),
        "SPF102": Rule("a key appears twice"),
        "SPF103": Rule("a key is unknown"),
        "SPF104": Rule("a key is missing or empty"),
        "SPF105": Rule("a value is not allowed"),
        "SPF106": Rule("an address is malformed"),
        "SPF107": Rule("an address is outside the federation's domains"),
        "SPF108": Rule("an anchor, alias, merge key or tag of YAML is used"),
        "SPF109": Rule("a login on the old host is not the federation's"),
        "SPF201": Rule("a shared mailbox has no delegate"),
        "SPF202": Rule("a delegate has no personal mailbox"),
        "SPF203": Rule("a delegate is unknown"),
        "SPF204": Rule("a generic address has a personal licence", "warning"),
        "SPF208": Rule("a generic address is kept by one person", "notice"),
        "SPF209": Rule("a delegate is listed twice"),
        "SPF210": Rule("a personal mailbox has delegates"),
        "SPF301": Rule("an alias has no target"),
        "SPF302": Rule("an alias leads back to itself"),
        "SPF303": Rule("an alias is in an outside domain"),
        "SPF304": Rule("an alias is in another domain than its mailbox"),
        "SPF305": Rule("an alias is also a mailbox"),
        "SPF306": Rule("an alias has mail of its own on the old host"),
        "SPF307": Rule("an alias is listed twice"),
        "SPF401": Rule("a personal mailbox has no name"),
        "SPF402": Rule("an Atrium identifier is malformed or unknown"),
        "SPF403": Rule("a structure is of another department", "warning"),
        "SPF404": Rule("a structure is incomplete in PopStructure"),
        "SPF405": Rule("a phone number is unreadable"),
        "SPF406": Rule("two people are shown under one name", "notice"),
        "SPF407": Rule("a structure is named and not described", "warning"),
        "SPF408": Rule("a structure is described twice"),
        "SPF501": Rule("a date is not in the calendar"),
        "SPF502": Rule("a date is full"),
        "SPF503": Rule("no date suits the federation", "warning"),
        "SPF504": Rule("the date is confirmed before the rehearsal"),
        "SPF505": Rule("an old address is neither kept nor given up"),
        "SPF506": Rule("an address is in no inventory and is not new", "notice"),
        "SPF507": Rule("the contact is inside the domain"),
        "SPF508": Rule("no account receives the passwords", "warning"),
        "SPF509": Rule("the surcharge was not told"),
        "SPF510": Rule("Microsoft 365 refuses the address as a sign-in"),
        "SPF511": Rule("a milestone is overdue", "warning"),
        "SPF512": Rule("an old address forwards to an outside address", "warning"),
        "SPF513": Rule("an old mailbox has filters or an automatic reply", "notice"),
        "SPF514": Rule("the old host has a catch-all", "warning"),
        "SPF515": Rule("the inventory is not complete", "warning"),
        "SPF516": Rule("the inventory cannot be read"),
        "SPF517": Rule("no old host is named"),
        "SPF518": Rule("a copy is asked for of what is no mailbox", "warning"),
        "SPF519": Rule("a login opens another mailbox on the old host"),
        "SPF520": Rule("a migration is closed before its date"),
        "SPF560": Rule("the account of the passwords is no folder's name"),
        "SPF561": Rule("the contact's key is no public key"),
        "SPF580": Rule("a shared mailbox lacks what the address book shows"),
        "SPF590": Rule("a date is closed"),
        "SPF601": Rule("a domain is declared twice"),
        "SPF602": Rule("an address is declared twice"),
        "SPF603": Rule("a protected domain or address is declared"),
        "SPF604": Rule("the file's name does not match its code"),
    }
)


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """A rule broken by what stands at ``route``; ``on_key`` when the remark is about the key, not its value.

    ``severity``: when it is not yet as grave as the rule can be, because its day has not come; None for the rule's own.
    """

    code: str
    route: Route
    message: str
    hint: str = ""
    on_key: bool = False
    severity: Severity | None = None

    @property
    def weight(self) -> Severity:
        """How severe it is: what it says itself, or else its rule."""
        return self.severity or RULES[self.code].severity

    def at(self, marks: Mapping[Route, Mark], path: Path) -> Diagnostic:
        """The remark for the postmaster, at the finding's place in the file at ``path``."""
        mark = nearest(marks, self.route)
        line, column = (mark.key_line, mark.key_column) if self.on_key else (mark.line, mark.column)
        return Diagnostic(self.code, self.weight, path, line, column, self.message, self.hint)
