"""Exchange's objects as InvokeCommand answers them: property names, strings for sizes, companions for types."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from typing import Any

from reconcile.sandbox.tenant import addresses
from reconcile.sandbox.tenant.exchange_encoding import GIGABYTE, MEGABYTE, size_text
from reconcile.sandbox.tenant.objects import Mailbox, Permission
from reconcile.sandbox.tenant.skus import Sku
from reconcile.sandbox.tenant.words import words
from reconcile.sandbox.tenant.world import World

_COUNTRIES = {"FR": "France", "BE": "Belgium", "CH": "Switzerland", "LU": "Luxembourg", "DE": "Germany", "ES": "Spain"}
_NO_GUID = "00000000-0000-0000-0000-000000000000"


def mailbox_row(world: World, box: Mailbox) -> dict[str, Any]:
    """A mailbox as Get-Mailbox shows it."""
    user = world.users.get(box.user_id) or world.deleted[box.user_id]
    extension = user.values.get("onPremisesExtensionAttributes") or {}
    primary = addresses.primary_of(box.addresses)
    enterprise = any(_enterprise(world.skus[sku_id]) for sku_id in user.licences)
    edition, quota = ("Enterprise", 100) if enterprise else ("", 50)
    licensed = world.has_exchange(user)
    settings = box.settings
    return {
        "AcceptMessagesOnlyFrom": [],
        "AcceptMessagesOnlyFromSendersOrMembers": [],
        "AccountDisabled": user.values.get("accountEnabled") is False,
        "AddressBookPolicy": None,
        "AddressListMembership": [] if settings.get("HiddenFromAddressListsEnabled") else ["\\All Recipients(VLV)"],
        "Alias": box.alias,
        "ArchiveGuid": _NO_GUID,
        "ArchiveName": [],
        "ArchiveQuota": size_text(quota * GIGABYTE),
        "ArchiveState": "None",
        "ArchiveStatus": "None",
        "ArchiveWarningQuota": size_text(quota * GIGABYTE * 9 // 10),
        "AuditEnabled": True,
        "AuditLogAgeLimit": "90.00:00:00",
        "AutoExpandingArchiveEnabled": False,
        **{f"CustomAttribute{n}": extension.get(f"extensionAttribute{n}") or "" for n in range(1, 16)},
        "Database": "FRAP264DG042-db011",
        "DatabaseGuid": _derived(world.tenant_id, "database"),
        "DeliverToMailboxAndForward": settings.get("DeliverToMailboxAndForward", False),
        "DisplayName": user.values["displayName"],
        "DistinguishedName": distinguished_name(world, box),
        "EmailAddresses": sorted(box.addresses, key=lambda item: _derived(box.guid, item.lower())),
        "EmailAddressPolicyEnabled": False,
        "ExchangeGuid": _derived(box.guid, "exchange"),
        "ExchangeObjectId": box.guid,
        **{f"ExtensionCustomAttribute{n}": [] for n in range(1, 6)},
        "ExternalDirectoryObjectId": box.user_id,
        "ForwardingAddress": None,
        "ForwardingSmtpAddress": settings.get("ForwardingSmtpAddress"),
        "GrantSendOnBehalfTo": [world.mailboxes[trustee].name for trustee in box.on_behalf],
        "Guid": box.guid,
        "HiddenFromAddressListsEnabled": settings.get("HiddenFromAddressListsEnabled", False),
        "Id": box.name,
        "Identity": box.name,
        "InPlaceHolds": [],
        "IsDirSynced": False,
        "IsInactiveMailbox": False,
        "IsMailboxEnabled": True,
        "IsResource": False,
        "IsShared": box.shared,
        "IsSoftDeletedByDisable": box.disconnected is not None and user.deleted is None,
        "IsSoftDeletedByRemove": user.deleted is not None,
        "IssueWarningQuota": size_text(quota * GIGABYTE * 98 // 100),
        "Languages": [],
        "LegacyExchangeDN": f"/o=ExchangeLabs/cn=Recipients/cn={box.guid.replace('-', '')}",
        "LitigationHoldDuration": "Unlimited",
        "LitigationHoldEnabled": False,
        "MailboxPlan": f"ExchangeOnline{edition}-{_derived(world.tenant_id, 'plan')}" if licensed else None,
        "MailTip": settings.get("MailTip"),
        "MaxReceiveSize": settings.get("MaxReceiveSize", size_text(36 * MEGABYTE)),
        "MaxSendSize": settings.get("MaxSendSize", size_text(35 * MEGABYTE)),
        "MessageCopyForSendOnBehalfEnabled": settings.get("MessageCopyForSendOnBehalfEnabled", False),
        "MessageCopyForSentAsEnabled": settings.get("MessageCopyForSentAsEnabled", False),
        "MicrosoftOnlineServicesID": user.upn,
        "Name": box.name,
        "NetID": hashlib.sha256(box.user_id.encode()).hexdigest()[:16].upper(),
        "ObjectClass": ["top", "person", "organizationalPerson", "user"],
        "OrganizationalUnitRoot": world.initial_domain,
        "PersistedCapabilities": [f"BPOS_S_{edition or 'Standard'}"] if licensed else [],
        "PoliciesExcluded": ["{26491cfc-9e50-4857-861b-0cb8df22b5d7}"],
        "PrimarySmtpAddress": primary,
        "ProhibitSendQuota": size_text(quota * GIGABYTE * 99 // 100),
        "ProhibitSendReceiveQuota": size_text(quota * GIGABYTE),
        "ProtocolSettings": [],
        "RecipientLimits": "500",
        "RecipientType": "UserMailbox",
        "RecipientTypeDetails": "SharedMailbox" if box.shared else "UserMailbox",
        "RecoverableItemsQuota": size_text(30 * GIGABYTE),
        "RequireSenderAuthenticationEnabled": settings.get("RequireSenderAuthenticationEnabled", False),
        "ResetPasswordOnNextLogon": False,
        "RetainDeletedItemsFor": "14.00:00:00",
        "RetentionPolicy": "Default MRM Policy",
        "RoleAssignmentPolicy": "Default Role Assignment Policy",
        "SamAccountName": f"${box.guid.replace('-', '')[:15]}",
        "SKUAssigned": licensed or None,
        "SingleItemRecoveryEnabled": True,
        "UsageLocation": _COUNTRIES.get(user.values.get("usageLocation") or "", ""),
        "UserPrincipalName": user.upn,
        "WhenChangedUTC": _stamp(box.created),
        "WhenCreatedUTC": _stamp(box.created),
        "WhenMailboxCreated": _stamp(box.created),
        "WhenSoftDeleted": _stamp(box.disconnected) if box.disconnected else None,
        "WindowsEmailAddress": primary,
        "WindowsLiveID": user.upn,
    }  # fmt: skip


_OF_RECIPIENTS = words(
    "Alias ArchiveGuid ArchiveState ArchiveStatus Database DisplayName DistinguishedName EmailAddresses "
    "EmailAddressPolicyEnabled ExchangeGuid ExchangeObjectId ExternalDirectoryObjectId Guid "
    "HiddenFromAddressListsEnabled Id Identity LitigationHoldEnabled Name ObjectClass "
    "OrganizationalUnitRoot PrimarySmtpAddress RecipientType RecipientTypeDetails RetentionPolicy "
    "SKUAssigned SamAccountName UsageLocation WhenChangedUTC WhenCreatedUTC WhenMailboxCreated "
    "WhenSoftDeleted WindowsLiveID"
) + tuple(f"CustomAttribute{n}" for n in range(1, 16))


def recipient_row(world: World, box: Mailbox) -> dict[str, Any]:
    """A mailbox as Get-Recipient shows it."""
    row = mailbox_row(world, box)
    values = world.users[box.user_id].values
    directory = {
        "City": "city", "Company": "companyName", "Department": "department", "FirstName": "givenName",
        "LastName": "surname", "Office": "officeLocation", "PostalCode": "postalCode", "Title": "jobTitle",
    }  # fmt: skip
    phones = values.get("businessPhones") or [""]
    return {
        **{name: row[name] for name in _OF_RECIPIENTS},
        **{name: values.get(source) or "" for name, source in directory.items()},
        "Phone": phones[0],
    }


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
        "MailboxGuid": _derived(box.guid, "exchange"),
        "MailboxTypeDetail": row_type(box),
        "ItemCount": box.stored // 75_000,
        "TotalItemSize": size_text(box.stored),
        "DeletedItemCount": 0,
        "TotalDeletedItemSize": size_text(0),
        "LastLogonTime": None,
        "IsArchiveMailbox": False,
        "StorageLimitStatus": None,
        "Identity": _derived(box.guid, "exchange"),
    }


def protocols_row(world: World, box: Mailbox) -> dict[str, Any]:
    """What may open the mailbox, as Get-CASMailbox shows it."""
    enabled = words("ActiveSyncEnabled EwsEnabled ImapEnabled MAPIEnabled OWAEnabled PopEnabled")
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


def row_type(box: Mailbox) -> str:
    return "SharedMailbox" if box.shared else "UserMailbox"


def trustee_name(world: World, trustee: str) -> str:
    """A user by the sign-in name, an application by its id, one who is gone by a bare SID."""
    if trustee in world.users:
        return world.users[trustee].upn
    return trustee if trustee in world.principals or "\\" in trustee else sid(trustee)


def sid(trustee: str) -> str:
    if "\\" in trustee:
        return "S-1-5-10"
    digest = hashlib.sha256(trustee.encode()).digest()
    return "S-1-5-21-" + "-".join(str(int.from_bytes(digest[place : place + 4])) for place in (0, 4, 8, 12))


def distinguished_name(world: World, box: Mailbox) -> str:
    return f"CN={box.name},OU={world.initial_domain},OU=Microsoft Exchange Hosted Organizations,DC=FRAP264A001,DC=PROD"


def _enterprise(sku: Sku) -> bool:
    return sku.exchange_plan is not None and sku.exchange_plan.name == "EXCHANGE_S_ENTERPRISE"


def _derived(seed: str, what: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{seed} {what}"))


def _stamp(moment: dt.datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}Z"
