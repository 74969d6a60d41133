"""The names our resources bear where a reader expects Terraform's, and the version whose formats we keep to.

``spf55/mailbox/contact@spf55.org`` is ``module.federation["spf55"].m365_mailbox.mailbox["contact@spf55.org"]`` there.
"""

from __future__ import annotations

import dataclasses
import datetime as dt

from reconcile.planning.plan.plan import Action, Cause, Change
from reconcile.resources.address import Address
from reconcile.resources.kinds import KINDS

#: The release whose documents ours can be read as; we are not it, and ``provider`` says so.
TERRAFORM_VERSION = "1.11.4"

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_TYPES = {"dns": "dns_record_set"}
_PREFIXES = {
    "microsoft": "m365",
    "dns": "dns",
    "copies": "mail",
    "delivery": "mail",
    "post": "post",
    "legacy": "legacy",
}
_PROVIDERS = {
    "microsoft": "microsoft365",
    "dns": "dns",
    "copies": "mailcopy",
    "delivery": "delivery",
    "post": "post",
    "legacy": "legacymail",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Name:
    """A resource's name in parts. ``key`` is the index of its instance: the natural key."""

    module: str
    type: str
    name: str
    key: str
    provider: str

    @property
    def resource(self) -> str:
        """The name inside its module."""
        return f"{self.type}.{self.name}[{_quoted(self.key)}]"

    @property
    def address(self) -> str:
        return f"{self.module}.{self.resource}"


def named(address: Address) -> Name:
    """What a resource of ours is called in Terraform's words."""
    kind, provider = address.kind, KINDS[address.kind].provider
    return Name(
        module=f"module.federation[{_quoted(address.federation)}]",
        type=_TYPES.get(kind, f"{_PREFIXES.get(provider, provider)}_{kind}"),
        name=kind,
        key=address.key,
        # A domain nobody can own (RFC 2606, section 2): this provider is in no registry.
        provider=f"reconcile.invalid/reconcile/{_PROVIDERS.get(provider, provider)}",
    )


def imported(change: Change) -> dict[str, str] | None:
    """What an adoption is there: an import, by the object's own id."""
    if change.action is not Action.ADOPT:
        return None
    return {"id": (change.before and change.before.identity) or change.address.key}


def world_moved(change: Change) -> str:
    """What the world did to a resource since we last wrote it: ``update``, ``delete``, or "" for nothing."""
    if change.cause is Cause.YAML:
        return ""
    return "delete" if change.before is None else "update"


def utc(moment: dt.datetime, precision: str = "seconds") -> str:
    """A moment as Terraform writes it: ``2025-01-19T17:00:00Z``."""
    return moment.astimezone(dt.UTC).isoformat(timespec=precision).replace("+00:00", "Z")


def _quoted(text: str) -> str:
    """A string as HCL writes it: what cannot be printed escaped, templates disarmed."""
    inside = "".join(_ESCAPES.get(char) or (char if char.isprintable() else _escape(char)) for char in text)
    return '"' + inside.replace("${", "$${").replace("%{", "%%{") + '"'


def _escape(char: str) -> str:
    return f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}"
