"""What of Graph v1.0 the tenant serves: the properties of each type, what may be written and what it may hold.

Written from the published metadata of the service (microsoftgraph/msgraph-metadata, schemas/v1.0-Prod.csdl); what is
not here is refused.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

from reconcile.sandbox.tenant.graph_refusal import GraphRefusal, bad_request
from reconcile.sandbox.tenant.words import words


@dataclasses.dataclass(frozen=True, slots=True)
class Entity:
    """A type: every property that can be selected, those shown unasked (all when empty), and the writable ones."""

    name: str
    properties: frozenset[str]
    lists: frozenset[str]
    shown: tuple[str, ...]
    writable: Mapping[str, object]

    def render(self, values: Mapping[str, Any], select: str | None) -> dict[str, Any]:
        """The object as it is answered. Raises GraphRefusal for an unknown property in ``select``."""
        names = self.selected(select) or self.shown or tuple(sorted(self.properties))
        rendered = {"id": values["id"]} if "id" in self.properties else {}
        for name in names:
            value = values.get(name)
            rendered[name] = [] if value is None and name in self.lists else value
        return rendered

    def selected(self, select: str | None) -> tuple[str, ...]:
        if not select:
            return ()
        names = tuple(name.strip() for name in select.split(","))
        for name in names:
            if name not in self.properties:
                raise GraphRefusal(
                    400, "BadRequest", f"Parsing OData Select and Expand failed: Could not find a property named "
                    f"'{name}' on type 'microsoft.graph.{self.name}'.",
                )  # fmt: skip
        return names

    def check(self, body: object) -> dict[str, Any]:
        """The body, every property known, writable and of its type. Raises GraphRefusal."""
        if not isinstance(body, dict):
            raise bad_request("Unable to read JSON request payload.")
        for name, value in body.items():
            if name.startswith("@"):
                continue
            if name not in self.properties and name not in self.writable:
                raise bad_request(f"Invalid property '{name}'.")
            if name == "proxyAddresses":
                raise GraphRefusal(403, "Authorization_RequestDenied", _DENIED)
            if name not in self.writable:
                raise bad_request(f"Property '{name}' is read-only and cannot be set.")
            if value is not None and not _fits(value, self.writable[name]):
                raise bad_request(f"Invalid value specified for property '{name}' of resource '{self.name.title()}'.")
        return {name: value for name, value in body.items() if not name.startswith("@")}


_DENIED = "Insufficient privileges to complete the operation."
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")

#: What a writable property may hold: a number is the longest text, a type itself, a mapping a record, a list its items.
_TEXT = 1024
_MOMENT_KIND = dt.datetime


def _fits(value: object, kind: object) -> bool:
    if isinstance(kind, int):
        return isinstance(value, str) and len(value) <= kind
    if isinstance(kind, tuple):
        return isinstance(value, str) and value in kind
    if isinstance(kind, list):
        return isinstance(value, list) and all(_fits(item, kind[0]) for item in value)
    if isinstance(kind, Mapping):
        return isinstance(value, dict) and all(
            name in kind and (inner is None or _fits(inner, kind[name]))
            for name, inner in value.items()
            if not name.startswith("@")
        )
    if kind is dt.datetime:
        return isinstance(value, str) and _MOMENT.fullmatch(value) is not None
    return isinstance(value, bool) if kind is bool else isinstance(value, int) and not isinstance(value, bool)


_USER_LISTS = frozenset(
    words(
        "assignedLicenses assignedPlans businessPhones identities imAddresses licenseAssignmentStates "
        "onPremisesProvisioningErrors otherMails provisionedPlans proxyAddresses serviceProvisioningErrors"
    )
)
_EXTENSION = {f"extensionAttribute{n}": 1024 for n in range(1, 16)}
_USER_WRITABLE: dict[str, object] = {
    "accountEnabled": bool,
    "ageGroup": ("Minor", "NotAdult", "Adult"),
    "businessPhones": [64],
    "city": 128,
    "companyName": 64,
    "consentProvidedForMinor": ("Granted", "Denied", "NotRequired"),
    "country": 128,
    "department": 64,
    "displayName": 256,
    "employeeHireDate": _MOMENT_KIND,
    "employeeId": 16,
    "employeeLeaveDateTime": _MOMENT_KIND,
    "employeeOrgData": {"costCenter": _TEXT, "division": _TEXT},
    "employeeType": 64,
    "faxNumber": 64,
    "givenName": 64,
    "jobTitle": 128,
    "mail": 320,
    "mailNickname": 64,
    "mobilePhone": 64,
    "officeLocation": 128,
    "onPremisesExtensionAttributes": _EXTENSION,
    "onPremisesImmutableId": _TEXT,
    "otherMails": [320],
    "passwordPolicies": _TEXT,
    "passwordProfile": {
        "password": 256,
        "forceChangePasswordNextSignIn": bool,
        "forceChangePasswordNextSignInWithMfa": bool,
    },
    "postalCode": 40,
    "preferredLanguage": 32,
    "showInAddressList": bool,
    "state": 128,
    "streetAddress": 1024,
    "surname": 64,
    "usageLocation": 2,
    "userPrincipalName": 113,
    "userType": ("Member", "Guest"),
}
_USER_READ_ONLY = frozenset(
    words(
        "id deletedDateTime createdDateTime creationType externalUserState externalUserStateChangeDateTime "
        "isManagementRestricted isResourceAccount lastPasswordChangeDateTime legalAgeGroupClassification "
        "onPremisesDistinguishedName onPremisesDomainName onPremisesLastSyncDateTime onPremisesSamAccountName "
        "onPremisesSecurityIdentifier onPremisesSyncEnabled onPremisesUserPrincipalName preferredDataLocation "
        "securityIdentifier signInSessionsValidFromDateTime"
    )
)

USER = Entity(
    "user",
    frozenset(_USER_WRITABLE) | _USER_READ_ONLY | _USER_LISTS,
    _USER_LISTS,
    (
        "businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone", "officeLocation",
        "preferredLanguage", "surname", "userPrincipalName", "id",
    ),
    _USER_WRITABLE,
)  # fmt: skip

DOMAIN = Entity(
    "domain",
    frozenset(
        words(
        "id authenticationType availabilityStatus isAdminManaged isDefault isInitial isRoot isVerified "
        "manufacturer model passwordNotificationWindowInDays passwordValidityPeriodInDays state "
        "supportedServices"
    )
    ),
    frozenset({"supportedServices"}),
    (
        "authenticationType", "availabilityStatus", "id", "isAdminManaged", "isDefault", "isInitial", "isRoot",
        "isVerified", "supportedServices", "passwordValidityPeriodInDays", "passwordNotificationWindowInDays", "state",
    ),
    {
        "isDefault": bool,
        "supportedServices": [("Email", "OfficeCommunicationsOnline", "Yammer")],
        "passwordNotificationWindowInDays": int,
        "passwordValidityPeriodInDays": int,
    },
)  # fmt: skip

NEW_DOMAIN = dataclasses.replace(DOMAIN, writable={"id": 253})

SKU = Entity(
    "subscribedSku",
    frozenset(
        words(
            "id accountId accountName appliesTo capabilityStatus consumedUnits prepaidUnits servicePlans skuId "
            "skuPartNumber subscriptionIds"
        )
    ),
    frozenset({"servicePlans", "subscriptionIds"}),
    (),
    {},
)

LICENCE_DETAILS = Entity(
    "licenseDetails", frozenset(words("id servicePlans skuId skuPartNumber")), frozenset({"servicePlans"}), (), {}
)

ORGANIZATION = Entity(
    "organization",
    frozenset(
        words(
        "id assignedPlans businessPhones city country countryLetterCode createdDateTime defaultUsageLocation "
        "deletedDateTime displayName marketingNotificationEmails onPremisesLastSyncDateTime "
        "onPremisesSyncEnabled postalCode preferredLanguage provisionedPlans state street "
        "technicalNotificationMails tenantType verifiedDomains"
    )
    ),
    frozenset(words(
        "assignedPlans businessPhones marketingNotificationEmails provisionedPlans technicalNotificationMails "
        "verifiedDomains"
    )),
    (),
    {},
)  # fmt: skip

SERVICE_PRINCIPAL = Entity(
    "servicePrincipal",
    frozenset(words(
        "id accountEnabled appDisplayName appId appOwnerOrganizationId displayName servicePrincipalType "
        "servicePrincipalNames signInAudience tags deletedDateTime"
    )),
    frozenset({"servicePrincipalNames", "tags"}),
    (),
    {},
)  # fmt: skip

ASSIGN_LICENCE = Entity(
    "assignLicense", frozenset(), frozenset(), (),
    {"addLicenses": [{"skuId": 36, "disabledPlans": [36]}], "removeLicenses": [36]},
)  # fmt: skip
VERIFY = Entity("verify", frozenset(), frozenset(), (), {"forceTakeover": bool})
FORCE_DELETE = Entity("forceDelete", frozenset(), frozenset(), (), {"disableUserAccounts": bool})
RESTORE = Entity(
    "restore", frozenset(), frozenset(), (), {"autoReconcileProxyConflict": bool, "newUserPrincipalName": 113}
)
