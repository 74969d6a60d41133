"""Who may open a mailbox and who may send as it."""

from __future__ import annotations

from typing import Any

from reconcile.sandbox.tenant.cmdlet_error import CmdletError
from reconcile.sandbox.tenant.exchange import rows as exchange_rows
from reconcile.sandbox.tenant.exchange.recipients import Outcome, Parameters, Recipients
from reconcile.sandbox.tenant.name_list import names
from reconcile.sandbox.tenant.world.objects import Mailbox, Permission
from reconcile.sandbox.tenant.world.world import World

_MOST_ENTRIES = 500
#: What every mailbox carries without anyone having granted it.
_BUILT_IN = (
    Permission("NT AUTHORITY\\SELF", ["FullAccess", "ReadPermission"]),
    Permission("FRAP264A001\\Organization Management", ["FullAccess"], inherited=True, deny=True),
    Permission("FRAP264A001\\Exchange Servers", ["FullAccess"], inherited=True),
)


class Access:
    """The MailboxPermission and RecipientPermission cmdlets."""

    def __init__(self, world: World, recipients: Recipients) -> None:
        self._world = world
        self._recipients = recipients

    def get_permissions(self, given: Parameters) -> Outcome:
        box = self._recipients.one(given["identity"])
        entries = [*_BUILT_IN, *box.access]
        if given.get("user"):
            trustee = self._trustee(given["user"])
            entries = [entry for entry in entries if entry.trustee == trustee]
        return [exchange_rows.permission_row(self._world, box, entry) for entry in entries], []

    def add_permission(self, given: Parameters) -> Outcome:
        box, trustee = self._recipients.one(given["identity"]), self._trustee(given["user"])
        rights, deny = _listed(given["accessrights"]), bool(given.get("deny"))
        entry = next((each for each in box.access if each.trustee == trustee and each.deny == deny), None)
        if entry is not None and set(rights) <= set(entry.rights):
            return [exchange_rows.permission_row(self._world, box, entry)], [_present(given["user"], box)]
        if entry is None:
            if len(box.access) >= _MOST_ENTRIES:
                raise CmdletError(
                    "RecipientTaskException", f"The mailbox can't hold more than {_MOST_ENTRIES} permissions."
                )
            entry = Permission(trustee, [], deny=deny, inheritance=given.get("inheritancetype") or "All")
            box.access.append(entry)
        entry.rights = list(dict.fromkeys([*entry.rights, *rights]))
        self._world.tell(box)
        return [exchange_rows.permission_row(self._world, box, entry)], []

    def remove_permission(self, given: Parameters) -> Outcome:
        box, trustee = self._recipients.one(given["identity"]), self._trustee(given["user"])
        rights, deny = set(_listed(given["accessrights"])), bool(given.get("deny"))
        entry = next((each for each in box.access if each.trustee == trustee and each.deny == deny), None)
        if entry is None or not rights & set(entry.rights):
            return [], [_absent(given["user"], box)]
        entry.rights = [right for right in entry.rights if right not in rights]
        box.access = [each for each in box.access if each.rights]
        self._world.tell(box)
        return [], []

    def get_send_as(self, given: Parameters) -> Outcome:
        boxes = [self._recipients.one(given["identity"])] if given.get("identity") else self._world.connected()
        wanted = self._trustee(given["trustee"]) if given.get("trustee") else None
        return [
            exchange_rows.send_as_row(self._world, box, trustee)
            for box in boxes
            for trustee in ("NT AUTHORITY\\SELF", *box.send_as)
            if wanted in (None, trustee)
        ], []

    def add_send_as(self, given: Parameters) -> Outcome:
        box, trustee = self._recipients.one(given["identity"]), self._trustee(given["trustee"])
        warnings = []
        if trustee in box.send_as:
            warnings = [_present(given["trustee"], box)]
        else:
            box.send_as.append(trustee)
        return [exchange_rows.send_as_row(self._world, box, trustee)], warnings

    def remove_send_as(self, given: Parameters) -> Outcome:
        box, trustee = self._recipients.one(given["identity"]), self._trustee(given["trustee"])
        if trustee not in box.send_as:
            return [], [_absent(given["trustee"], box)]
        box.send_as.remove(trustee)
        return [], []

    def _trustee(self, name: str) -> str:
        """Whom a name stands for: a mailbox's user, a registered application, one who is gone by SID, or SELF."""
        world, key = self._world, name.lower()
        for object_id, principal in world.principals.items():
            if key in (object_id, principal.app_id, principal.name.lower()):
                return object_id
        if name.upper() == "NT AUTHORITY\\SELF":
            return "NT AUTHORITY\\SELF"
        if key.startswith("s-1-5-21-"):
            known = (t for box in world.mailboxes.values() for t in [*box.send_as, *(e.trustee for e in box.access)])
            found = next((trustee for trustee in known if exchange_rows.sid(trustee).lower() == key), None)
            if found is not None:
                return found
        if (other := world.other_named(key)) is not None:
            return other.id
        return self._recipients.one(name).user_id


def _present(user: str, box: Mailbox) -> str:
    return f'The appropriate access control entry is already present on the object "{box.name}" for account "{user}".'


def _absent(user: str, box: Mailbox) -> str:
    return (
        f'Can\'t remove the access control entry on the object "{box.name}" for account "{user}" because the ACE '
        "isn't present."
    )


def _listed(value: Any) -> list[str]:
    return [_CANONICAL[item.lower()] for item in (value if isinstance(value, list) else [value])]


_CANONICAL = {
    right.lower(): right
    for right in names("ChangeOwner ChangePermission DeleteItem ExternalAccount FullAccess ReadPermission SendAs")
}
