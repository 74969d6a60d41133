"""Which application permissions open which page of Graph (microsoftgraph/msgraph-sdk, permissions.json)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from reconcile.sandbox.tenant.graph.refusal import denied
from reconcile.sandbox.tenant.name_list import names

_READ_USERS = names("User.Read.All User.ReadWrite.All Directory.Read.All Directory.ReadWrite.All")
_WRITE_USERS = names("User.ReadWrite.All Directory.ReadWrite.All")
_DELETE_USERS = names("User.DeleteRestore.All User.ReadWrite.All")
_READ_SKUS = names(
    "LicenseAssignment.Read.All LicenseAssignment.ReadWrite.All Organization.Read.All Directory.Read.All "
    "Directory.ReadWrite.All"
)
_READ_RECORDS = names("Domain.Read.All Domain.ReadWrite.All")
_READ_DOMAINS = (*_READ_RECORDS, "Directory.Read.All", "Directory.ReadWrite.All")
_WRITE_DOMAINS = ("Domain.ReadWrite.All",)
_READ_ORGANIZATION = ("Organization.Read.All", *_READ_USERS)
_READ_APPLICATIONS = names("Application.Read.All Directory.Read.All Directory.ReadWrite.All")

_READ_MAIL = ("Mail.Read", "Mail.ReadWrite")

#: Any one of them opens the page.
_NEEDED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "GET users": _READ_USERS,
        "GET users/delta": _READ_USERS,
        "POST users": _WRITE_USERS,
        "GET users/{}": _READ_USERS,
        "PATCH users/{}": _WRITE_USERS,
        "DELETE users/{}": _DELETE_USERS,
        "POST users/{}/assignLicense": ("LicenseAssignment.ReadWrite.All", *_WRITE_USERS),
        "POST users/{}/revokeSignInSessions": ("User.RevokeSessions.All", *_WRITE_USERS),
        "GET users/{}/licenseDetails": _READ_SKUS,
        "GET users/{}/messages": _READ_MAIL,
        "GET users/{}/messages/{}/$value": _READ_MAIL,
        "GET users/{}/mailFolders/inbox/messages": _READ_MAIL,
        "POST users/{}/messages": ("Mail.ReadWrite",),
        "POST users/{}/messages/{}/send": ("Mail.Send",),
        "GET subscribedSkus": _READ_SKUS,
        "GET subscribedSkus/{}": _READ_SKUS,
        "GET domains": _READ_DOMAINS,
        "GET domains/{}": _READ_DOMAINS,
        "GET domains/{}/rootDomain": _READ_DOMAINS,
        "GET domains/{}/verificationDnsRecords": _READ_RECORDS,
        "GET domains/{}/serviceConfigurationRecords": _READ_RECORDS,
        "GET domains/{}/domainNameReferences": _READ_RECORDS,
        "GET directory/deletedItems/microsoft.graph.user": _READ_USERS,
        "GET directory/deletedItems/{}": _READ_USERS,
        "DELETE directory/deletedItems/{}": _DELETE_USERS,
        "POST directory/deletedItems/{}/restore": _DELETE_USERS,
        "GET organization": _READ_ORGANIZATION,
        "GET organization/{}": _READ_ORGANIZATION,
        "GET servicePrincipals": _READ_APPLICATIONS,
        "GET servicePrincipals(appId)/{}": _READ_APPLICATIONS,
    }
)


def check_permission(granted: Iterable[str], method: str, path: str, body: object) -> None:
    """Raise GraphRefusal when the page, or what the body would change, needs more than was granted."""
    held = frozenset(granted)
    if held.isdisjoint(_NEEDED.get(f"{method} {path}", _WRITE_DOMAINS)):
        raise denied()
    resets = method == "PATCH" and isinstance(body, Mapping) and "passwordProfile" in body
    if resets and "User-PasswordProfile.ReadWrite.All" not in held:
        raise denied()


def check_sensitive(body: Mapping[str, Any]) -> None:
    """Raise GraphRefusal for what no application may change of an account that holds an administrator's role."""
    if not body.keys().isdisjoint(names("accountEnabled businessPhones mobilePhone otherMails passwordProfile")):
        raise denied()
