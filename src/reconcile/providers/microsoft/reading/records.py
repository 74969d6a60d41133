"""What Graph and Exchange answer, as typed records."""

from __future__ import annotations

import dataclasses
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from reconcile.providers.microsoft.wire.refusals import Refused
from reconcile.resources.address import Address

Row = dict[str, Any]

USER_SELECT = (
    "id",
    "userPrincipalName",
    "displayName",
    "givenName",
    "surname",
    "jobTitle",
    "businessPhones",
    "employeeId",
    "officeLocation",
    "streetAddress",
    "postalCode",
    "city",
    "companyName",
    "department",
    "usageLocation",
    "accountEnabled",
    "assignedLicenses",
    "proxyAddresses",
    "mail",
    "userType",
    "onPremisesExtensionAttributes",
)
BOX_SELECT = (
    "ExternalDirectoryObjectId",
    "Guid",
    "Name",
    "UserPrincipalName",
    "PrimarySmtpAddress",
    "EmailAddresses",
    "RecipientTypeDetails",
    "GrantSendOnBehalfTo",
    "MessageCopyForSentAsEnabled",
    "MessageCopyForSendOnBehalfEnabled",
    "HiddenFromAddressListsEnabled",
)
RECIPIENT_SELECT = (
    "ExternalDirectoryObjectId",
    "Guid",
    "Name",
    "Identity",
    "PrimarySmtpAddress",
    "EmailAddresses",
    "RecipientTypeDetails",
)
GROUP_SELECT = (*RECIPIENT_SELECT, "WhenSoftDeleted")
DOMAIN_SELECT = ("id", "isVerified", "isRoot", "supportedServices")
#: The directory attribute that says which federation of ours an object belongs to (Exchange's CustomAttribute15).
STAMP = "extensionAttribute15"
STAMP_PREFIX = "reconcile:"
#: The attribute that names the entry of the vault which opens the account (CustomAttribute13): written with the
#: password, in one request, so that whoever reads it knows which one was set.
ENTRY = "extensionAttribute13"


@dataclasses.dataclass(frozen=True, slots=True)
class User:
    """A directory user; the account of a shared mailbox is one too. Addresses keep their ``SMTP:``/``smtp:`` prefix."""

    id: str
    upn: str
    display_name: str | None
    first_name: str | None
    last_name: str | None
    job_title: str | None
    phone: str | None
    atrium_id: str | None
    office: str | None
    street: str | None
    postal_code: str | None
    city: str | None
    website: str | None
    networks: str | None
    usage_location: str | None
    sign_in: bool
    skus: frozenset[str]
    proxies: tuple[str, ...]
    stamp: str
    #: Somebody of another organisation who was invited (B2B); the invited address may be one of ours.
    guest: bool = False
    #: SKU id of each licence → the ids of its service plans that are switched off.
    disabled: Mapping[str, frozenset[str]] = dataclasses.field(default_factory=dict)
    #: The vault's entry that holds the password we gave it; "" for an account that came with its own.
    entry: str = ""

    @property
    def addresses(self) -> frozenset[str]:
        """Every address nobody else can have: its sign-in name and its mail addresses."""
        return smtp_addresses(self.proxies) | {self.upn}


@dataclasses.dataclass(frozen=True, slots=True)
class Box:
    """A mailbox as Exchange has it. ``on_behalf`` holds recipient ids, not addresses."""

    user_id: str
    guid: str
    name: str
    upn: str
    primary: str
    proxies: tuple[str, ...]
    shared: bool
    on_behalf: tuple[str, ...]
    hidden: bool
    #: None when only one of the two settings is on.
    sent_copies: bool | None


@dataclasses.dataclass(frozen=True, slots=True)
class Recipient:
    """Anything Exchange can deliver to or grant a right to, with every name it goes by. ``kind`` is Exchange's
    RecipientTypeDetails."""

    user_id: str
    guid: str
    kind: str
    names: frozenset[str]
    primary: str
    proxies: tuple[str, ...]

    @property
    def group(self) -> bool:
        return "Group" in self.kind


def user(row: Row) -> User:
    phones = row.get("businessPhones") or [None]
    attributes = row.get("onPremisesExtensionAttributes") or {}
    return User(
        id=str(row["id"]),
        upn=str(row.get("userPrincipalName") or "").lower(),
        display_name=_text(row.get("displayName")),
        first_name=_text(row.get("givenName")),
        last_name=_text(row.get("surname")),
        job_title=_text(row.get("jobTitle")),
        phone=phones[0] or None,
        atrium_id=_text(row.get("employeeId")),
        office=_text(row.get("officeLocation")),
        street=_text(row.get("streetAddress")),
        postal_code=_text(row.get("postalCode")),
        city=_text(row.get("city")),
        website=_text(row.get("companyName")),
        networks=_text(row.get("department")),
        usage_location=_text(row.get("usageLocation")),
        sign_in=bool(row.get("accountEnabled")),
        skus=frozenset(str(licence["skuId"]).lower() for licence in row.get("assignedLicenses") or []),
        proxies=tuple(row.get("proxyAddresses") or ()),
        stamp=str(attributes.get(STAMP) or ""),
        guest=row.get("userType") == "Guest",
        disabled={
            str(licence["skuId"]).lower(): frozenset(str(plan).lower() for plan in licence.get("disabledPlans") or [])
            for licence in row.get("assignedLicenses") or []
        },
        entry=str(attributes.get(ENTRY) or ""),
    )


def _text(value: Any) -> str | None:
    """A text in Unicode NFC, as YAML has it; None when there is none."""
    if not value:
        return None
    text = str(value)
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def known_user(answer: Row | Refused) -> User | Refused | None:
    """The account in one part of a batch, None when Graph does not know it."""
    if isinstance(answer, Refused):
        return None if answer.status == 404 else answer
    return user(answer)


def box(row: Row) -> Box:
    copies = {bool(row.get("MessageCopyForSentAsEnabled")), bool(row.get("MessageCopyForSendOnBehalfEnabled"))}
    return Box(
        user_id=str(row.get("ExternalDirectoryObjectId") or "").lower(),
        guid=str(row["Guid"]).lower(),
        name=str(row.get("Name") or ""),
        upn=str(row.get("UserPrincipalName") or "").lower(),
        primary=str(row.get("PrimarySmtpAddress") or "").lower(),
        proxies=tuple(row.get("EmailAddresses") or ()),
        shared=row.get("RecipientTypeDetails") == "SharedMailbox",
        on_behalf=tuple(str(holder) for holder in row.get("GrantSendOnBehalfTo") or ()),
        hidden=bool(row.get("HiddenFromAddressListsEnabled")),
        sent_copies=copies.pop() if len(copies) == 1 else None,
    )


def recipient(row: Row) -> Recipient:
    names = (row.get("Name"), row.get("Identity"), row.get("Guid"), row.get("ExternalDirectoryObjectId"))
    return Recipient(
        user_id=str(row.get("ExternalDirectoryObjectId") or "").lower(),
        guid=str(row.get("Guid") or "").lower(),
        kind=str(row.get("RecipientTypeDetails") or ""),
        names=frozenset(str(name).lower() for name in names if name),
        primary=str(row.get("PrimarySmtpAddress") or "").lower(),
        proxies=tuple(row.get("EmailAddresses") or ()),
    )


def recipient_of(box: Box) -> Recipient:
    """A mailbox as the recipient it is."""
    kind = "SharedMailbox" if box.shared else "UserMailbox"
    names = frozenset(name.lower() for name in (box.name, box.guid, box.user_id) if name)
    return Recipient(box.user_id, box.guid, kind, names, box.primary, box.proxies)


def smtp_addresses(proxies: Iterable[str]) -> frozenset[str]:
    """The mail addresses among proxy addresses, lower case, without their prefix."""
    return frozenset(proxy[5:].lower() for proxy in proxies if proxy[:5].lower() == "smtp:")


def stamp(address: Address) -> str:
    """The mark of ownership on what a federation's file created or adopted."""
    return f"{STAMP_PREFIX}{address.federation}"


def domain_of(address: str) -> str:
    return address.rpartition("@")[2].lower()
