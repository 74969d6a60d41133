"""A mailbox as Get-Mailbox and Get-Recipient show it."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from reconcile.sandbox.tenant.exchange.encoding import GIGABYTE, MEGABYTE, size_text
from reconcile.sandbox.tenant.exchange.rows import derived, distinguished_name, stamp
from reconcile.sandbox.tenant.name_list import names
from reconcile.sandbox.tenant.world import addresses
from reconcile.sandbox.tenant.world.objects import Mailbox, User
from reconcile.sandbox.tenant.world.world import World

_COUNTRIES = {"FR": "France", "BE": "Belgium", "CH": "Switzerland", "LU": "Luxembourg", "DE": "Germany", "ES": "Spain"}
_NO_GUID = "00000000-0000-0000-0000-000000000000"


def mailbox_row(world: World, box: Mailbox) -> Mapping[str, Any]:
    """A mailbox as Get-Mailbox shows it now: each property is made out when it is asked for."""
    return _Row(_Context(world, box), _OF_MAILBOXES)


def recipient_row(world: World, box: Mailbox) -> Mapping[str, Any]:
    """A mailbox as Get-Recipient shows it now."""
    return _Row(_Context(world, box), _OF_RECIPIENTS)


class _Context:
    """What the properties of one mailbox are computed from."""

    def __init__(self, world: World, box: Mailbox) -> None:
        self.world = world
        self.box = box
        self.user: User = world.users.get(box.user_id) or world.deleted[box.user_id]
        self.setting = box.settings.get

    @property
    def primary(self) -> str:
        return addresses.primary_of(self.box.addresses)

    @property
    def licensed(self) -> bool:
        return self.world.has_exchange(self.user)

    @property
    def edition(self) -> str:
        plans = (self.world.skus[sku_id].exchange_plan for sku_id in self.user.licences)
        return "Enterprise" if any(plan and plan.name == "EXCHANGE_S_ENTERPRISE" for plan in plans) else ""

    @property
    def quota(self) -> int:
        """In gigabytes."""
        return 100 if self.edition else 50

    def shuffled(self, item: str) -> int:
        """A place for an address that is always the same and means nothing."""
        return zlib.crc32(f"{self.box.guid} {item.lower()}".encode())

    def custom(self, number: int) -> str:
        extension = self.user.values.get("onPremisesExtensionAttributes") or {}
        return extension.get(f"extensionAttribute{number}") or ""

    def directory(self, name: str) -> str:
        return self.user.values.get(name) or ""


#: What each property is: the same for every mailbox, or computed for one.
_Properties = Mapping[str, Any]


class _Row(Mapping[str, Any]):
    def __init__(self, context: _Context, properties: _Properties) -> None:
        self._context = context
        self._properties = properties

    def __getitem__(self, name: str) -> Any:
        found = self._properties[name]
        return found(self._context) if callable(found) else found

    def __iter__(self) -> Iterator[str]:
        return iter(self._properties)

    def __len__(self) -> int:
        return len(self._properties)


def _custom(number: int) -> Callable[[_Context], str]:
    return lambda m: m.custom(number)


def _directory(name: str) -> Callable[[_Context], str]:
    return lambda m: m.directory(name)


_OF_MAILBOXES: _Properties = {
    "AcceptMessagesOnlyFrom": [],
    "AcceptMessagesOnlyFromSendersOrMembers": [],
    "AccountDisabled": lambda m: m.user.values.get("accountEnabled") is False,
    "AddressBookPolicy": None,
    "AddressListMembership": lambda m: [] if m.setting("HiddenFromAddressListsEnabled") else ["\\All Recipients(VLV)"],
    "Alias": lambda m: m.box.alias,
    "ArchiveGuid": _NO_GUID,
    "ArchiveName": [],
    "ArchiveQuota": lambda m: size_text(m.quota * GIGABYTE),
    "ArchiveState": "None",
    "ArchiveStatus": "None",
    "ArchiveWarningQuota": lambda m: size_text(m.quota * GIGABYTE * 9 // 10),
    "AuditEnabled": True,
    "AuditLogAgeLimit": "90.00:00:00",
    "AutoExpandingArchiveEnabled": False,
    **{f"CustomAttribute{n}": _custom(n) for n in range(1, 16)},
    "Database": "FRAP264DG042-db011",
    "DatabaseGuid": lambda m: derived(m.world.tenant_id, "database"),
    "DeliverToMailboxAndForward": lambda m: m.setting("DeliverToMailboxAndForward", False),
    "DisplayName": lambda m: m.user.values["displayName"],
    "DistinguishedName": lambda m: distinguished_name(m.world, m.box.name),
    "EmailAddresses": lambda m: sorted(m.box.addresses, key=m.shuffled),
    "EmailAddressPolicyEnabled": False,
    "ExchangeGuid": lambda m: derived(m.box.guid, "exchange"),
    "ExchangeObjectId": lambda m: m.box.guid,
    **{f"ExtensionCustomAttribute{n}": [] for n in range(1, 6)},
    "ExternalDirectoryObjectId": lambda m: m.box.user_id,
    "ForwardingAddress": None,
    "ForwardingSmtpAddress": lambda m: m.setting("ForwardingSmtpAddress"),
    "GrantSendOnBehalfTo": lambda m: [m.world.mailboxes[trustee].name for trustee in m.box.on_behalf],
    "Guid": lambda m: m.box.guid,
    "HiddenFromAddressListsEnabled": lambda m: m.setting("HiddenFromAddressListsEnabled", False),
    "Id": lambda m: m.box.name,
    "Identity": lambda m: m.box.name,
    "InPlaceHolds": [],
    "IsDirSynced": False,
    "IsInactiveMailbox": False,
    "IsMailboxEnabled": True,
    "IsResource": False,
    "IsShared": lambda m: m.box.shared,
    "IsSoftDeletedByDisable": lambda m: m.box.disconnected is not None and m.user.deleted is None,
    "IsSoftDeletedByRemove": lambda m: m.user.deleted is not None,
    "IssueWarningQuota": lambda m: size_text(m.quota * GIGABYTE * 98 // 100),
    "Languages": [],
    "LegacyExchangeDN": lambda m: f"/o=ExchangeLabs/cn=Recipients/cn={m.box.guid.replace('-', '')}",
    "LitigationHoldDuration": "Unlimited",
    "LitigationHoldEnabled": False,
    "MailboxPlan": lambda m: f"ExchangeOnline{m.edition}-{derived(m.world.tenant_id, 'plan')}" if m.licensed else None,
    "MailTip": lambda m: m.setting("MailTip"),
    "MaxReceiveSize": lambda m: m.setting("MaxReceiveSize", size_text(36 * MEGABYTE)),
    "MaxSendSize": lambda m: m.setting("MaxSendSize", size_text(35 * MEGABYTE)),
    "MessageCopyForSendOnBehalfEnabled": lambda m: m.setting("MessageCopyForSendOnBehalfEnabled", False),
    "MessageCopyForSentAsEnabled": lambda m: m.setting("MessageCopyForSentAsEnabled", False),
    "MicrosoftOnlineServicesID": lambda m: m.user.upn,
    "Name": lambda m: m.box.name,
    "NetID": lambda m: hashlib.sha256(m.box.user_id.encode()).hexdigest()[:16].upper(),
    "ObjectClass": ["top", "person", "organizationalPerson", "user"],
    "OrganizationalUnitRoot": lambda m: m.world.initial_domain,
    "PersistedCapabilities": lambda m: [f"BPOS_S_{m.edition or 'Standard'}"] if m.licensed else [],
    "PoliciesExcluded": ["{26491cfc-9e50-4857-861b-0cb8df22b5d7}"],
    "PrimarySmtpAddress": lambda m: m.primary,
    "ProhibitSendQuota": lambda m: size_text(m.quota * GIGABYTE * 99 // 100),
    "ProhibitSendReceiveQuota": lambda m: size_text(m.quota * GIGABYTE),
    "ProtocolSettings": [],
    "RecipientLimits": "500",
    "RecipientType": "UserMailbox",
    "RecipientTypeDetails": lambda m: "SharedMailbox" if m.box.shared else "UserMailbox",
    "RecoverableItemsQuota": size_text(30 * GIGABYTE),
    "RequireSenderAuthenticationEnabled": lambda m: m.setting("RequireSenderAuthenticationEnabled", False),
    "ResetPasswordOnNextLogon": False,
    "RetainDeletedItemsFor": "14.00:00:00",
    "RetentionPolicy": "Default MRM Policy",
    "RoleAssignmentPolicy": "Default Role Assignment Policy",
    "SamAccountName": lambda m: f"${m.box.guid.replace('-', '')[:15]}",
    "SKUAssigned": lambda m: m.licensed or None,
    "SingleItemRecoveryEnabled": True,
    "UsageLocation": lambda m: _COUNTRIES.get(m.user.values.get("usageLocation") or "", ""),
    "UserPrincipalName": lambda m: m.user.upn,
    "WhenChangedUTC": lambda m: stamp(m.box.created),
    "WhenCreatedUTC": lambda m: stamp(m.box.created),
    "WhenMailboxCreated": lambda m: stamp(m.box.created),
    "WhenSoftDeleted": lambda m: stamp(m.box.disconnected) if m.box.disconnected else None,
    "WindowsEmailAddress": lambda m: m.primary,
    "WindowsLiveID": lambda m: m.user.upn,
}  # fmt: skip

_SHARED = names(
    "Alias ArchiveGuid ArchiveState ArchiveStatus Database DisplayName DistinguishedName EmailAddresses "
    "EmailAddressPolicyEnabled ExchangeGuid ExchangeObjectId ExternalDirectoryObjectId Guid "
    "HiddenFromAddressListsEnabled Id Identity LitigationHoldEnabled Name ObjectClass "
    "OrganizationalUnitRoot PrimarySmtpAddress RecipientType RecipientTypeDetails RetentionPolicy "
    "SKUAssigned SamAccountName UsageLocation WhenChangedUTC WhenCreatedUTC WhenMailboxCreated "
    "WhenSoftDeleted WindowsLiveID"
)

_OF_RECIPIENTS: _Properties = {
    **{name: _OF_MAILBOXES[name] for name in _SHARED},
    **{name: value for name, value in _OF_MAILBOXES.items() if name.startswith("CustomAttribute")},
    "City": _directory("city"),
    "Company": _directory("companyName"),
    "Department": _directory("department"),
    "FirstName": _directory("givenName"),
    "LastName": _directory("surname"),
    "Office": _directory("officeLocation"),
    "PostalCode": _directory("postalCode"),
    "Title": _directory("jobTitle"),
    "Phone": lambda m: (m.user.values.get("businessPhones") or [""])[0],
}
