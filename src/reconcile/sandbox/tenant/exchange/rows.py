"""Exchange's objects as InvokeCommand answers them: property names, strings for sizes, companions for types."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from typing import Any

from reconcile.sandbox.tenant.exchange.encoding import size_text
from reconcile.sandbox.tenant.name_list import names
from reconcile.sandbox.tenant.world import addresses
from reconcile.sandbox.tenant.world.objects import Mailbox, OtherRecipient, Permission
from reconcile.sandbox.tenant.world.world import World


def permission_row(world: World, box: Mailbox, entry: Permission) -> dict[str, Any]:
    """An entry of a mailbox's access list as Get-MailboxPermission shows it."""
    return {
        "AccessRights": entry.rights,
        "Deny": entry.deny,
        "InheritanceType": entry.inheritance,
        "User": trustee_name(world, entry.trustee),
        "UserSid": sid(entry.trustee),
        "Identity": box.name,
        "IsInherited": entry.inherited,
        "IsValid": True,
        "ObjectState": "Unchanged",
    }


def send_as_row(world: World, box: Mailbox, trustee: str) -> dict[str, Any]:
    """A right to send as, as Get-RecipientPermission shows it."""
    return {
        "Identity": box.name,
        "Trustee": trustee_name(world, trustee),
        "TrusteeSidString": sid(trustee),
        "AccessControlType": "Allow",
        "AccessRights": ["SendAs"],
        "IsInherited": False,
        "InheritanceType": "None",
    }


def statistics_row(world: World, box: Mailbox) -> dict[str, Any]:
    return {
        "DisplayName": world.users[box.user_id].values["displayName"],
        "MailboxGuid": derived(box.guid, "exchange"),
        "MailboxTypeDetail": row_type(box),
        "ItemCount": box.stored // 75_000,
        "TotalItemSize": size_text(box.stored),
        "DeletedItemCount": 0,
        "TotalDeletedItemSize": size_text(0),
        "LastLogonTime": None,
        "IsArchiveMailbox": False,
        "StorageLimitStatus": None,
        "Identity": derived(box.guid, "exchange"),
    }


def protocols_row(world: World, box: Mailbox) -> dict[str, Any]:
    """What may open the mailbox, as Get-CASMailbox shows it."""
    enabled = names("ActiveSyncEnabled EwsEnabled ImapEnabled MAPIEnabled OWAEnabled PopEnabled")
    return {
        **{name: box.protocols.get(name, True) for name in enabled},
        "SmtpClientAuthenticationDisabled": box.protocols.get("SmtpClientAuthenticationDisabled"),
        "DisplayName": world.users[box.user_id].values["displayName"],
        "EmailAddresses": box.addresses,
        "ExternalDirectoryObjectId": box.user_id,
        "Guid": box.guid,
        "Id": box.name,
        "Identity": box.name,
        "Name": box.name,
        "PrimarySmtpAddress": addresses.primary_of(box.addresses),
        "RecipientTypeDetails": row_type(box),
    }


def other_row(world: World, other: OtherRecipient) -> dict[str, Any]:
    """A guest, a contact or a group as Get-Recipient shows it."""
    return {
        "DisplayName": other.name,
        "EmailAddresses": other.addresses,
        "ExternalDirectoryObjectId": other.id,
        "Guid": other.guid,
        "Id": other.name,
        "Identity": other.name,
        "Name": other.name,
        "OrganizationalUnitRoot": world.initial_domain,
        "PrimarySmtpAddress": addresses.primary_of(other.addresses),
        "RecipientType": _RECIPIENT_TYPES.get(other.kind, other.kind),
        "RecipientTypeDetails": other.kind,
    }


def group_row(world: World, group: OtherRecipient) -> dict[str, Any]:
    """A Microsoft 365 group as Get-UnifiedGroup shows it."""
    return {**other_row(world, group), "WhenSoftDeleted": group.deleted.isoformat() if group.deleted else None}


_RECIPIENT_TYPES = {"GuestMailUser": "MailUser", "GroupMailbox": "MailUniversalDistributionGroup"}


def row_type(box: Mailbox) -> str:
    return "SharedMailbox" if box.shared else "UserMailbox"


def trustee_name(world: World, trustee: str) -> str:
    """A user by the sign-in name, an application as the profile says, one who is gone by a bare SID."""
    if trustee in world.others:
        return world.others[trustee].name
    if trustee in world.users:
        return world.users[trustee].upn
    if trustee in world.principals:
        names = {"id": trustee, "sid": sid(trustee), "name": world.principals[trustee].name}
        return names[world.profile.application_shown_as]
    return trustee if "\\" in trustee else sid(trustee)


def sid(trustee: str) -> str:
    if "\\" in trustee:
        return "S-1-5-10"
    digest = hashlib.sha256(trustee.encode()).digest()
    return "S-1-5-21-" + "-".join(str(int.from_bytes(digest[place : place + 4])) for place in (0, 4, 8, 12))


def distinguished_name(world: World, name: str) -> str:
    return f"CN={name},OU={world.initial_domain},OU=Microsoft Exchange Hosted Organizations,DC=FRAP264A001,DC=PROD"


def derived(seed: str, what: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{seed} {what}"))


def stamp(moment: dt.datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}Z"
