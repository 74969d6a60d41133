"""What of Graph v1.0 the tenant serves: the properties of each type, what may be written and what it may hold.

Written from the published metadata of the service (microsoftgraph/msgraph-metadata, schemas/v1.0-Prod.csdl); what is
not here is refused.
"""

from __future__ import annotations

import dataclasses
import datetime as dt

from reconcile.sandbox.tenant.graph.entity import Entity
from reconcile.sandbox.tenant.name_list import names

#: The longest text where nothing shorter is described.
_TEXT = 1024

_USER_LISTS = frozenset(
    names(
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
    "employeeHireDate": dt.datetime,
    "employeeId": 16,
    "employeeLeaveDateTime": dt.datetime,
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
    names(
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
        "businessPhones",
        "displayName",
        "givenName",
        "jobTitle",
        "mail",
        "mobilePhone",
        "officeLocation",
        "preferredLanguage",
        "surname",
        "userPrincipalName",
        "id",
    ),
    _USER_WRITABLE,
)

DOMAIN = Entity(
    "domain",
    frozenset(
        names(
            "id authenticationType availabilityStatus isAdminManaged isDefault isInitial isRoot isVerified "
            "manufacturer model passwordNotificationWindowInDays passwordValidityPeriodInDays state "
            "supportedServices"
        )
    ),
    frozenset({"supportedServices"}),
    (
        "authenticationType",
        "availabilityStatus",
        "id",
        "isAdminManaged",
        "isDefault",
        "isInitial",
        "isRoot",
        "isVerified",
        "supportedServices",
        "passwordValidityPeriodInDays",
        "passwordNotificationWindowInDays",
        "state",
    ),
    {
        "isDefault": bool,
        "supportedServices": [("Email", "OfficeCommunicationsOnline", "Yammer")],
        "passwordNotificationWindowInDays": int,
        "passwordValidityPeriodInDays": int,
    },
)

NEW_DOMAIN = dataclasses.replace(DOMAIN, writable={"id": 253})

SKU = Entity(
    "subscribedSku",
    frozenset(
        names(
            "id accountId accountName appliesTo capabilityStatus consumedUnits prepaidUnits servicePlans skuId "
            "skuPartNumber subscriptionIds"
        )
    ),
    frozenset({"servicePlans", "subscriptionIds"}),
    (),
    {},
)

LICENCE_DETAILS = Entity(
    "licenseDetails", frozenset(names("id servicePlans skuId skuPartNumber")), frozenset({"servicePlans"}), (), {}
)

ORGANIZATION = Entity(
    "organization",
    frozenset(
        names(
            "id assignedPlans businessPhones city country countryLetterCode createdDateTime defaultUsageLocation "
            "deletedDateTime displayName marketingNotificationEmails onPremisesLastSyncDateTime "
            "onPremisesSyncEnabled postalCode preferredLanguage provisionedPlans state street "
            "technicalNotificationMails tenantType verifiedDomains"
        )
    ),
    frozenset(
        names(
            "assignedPlans businessPhones marketingNotificationEmails provisionedPlans technicalNotificationMails "
            "verifiedDomains"
        )
    ),
    (),
    {},
)

SERVICE_PRINCIPAL = Entity(
    "servicePrincipal",
    frozenset(
        names(
            "id accountEnabled appDisplayName appId appOwnerOrganizationId displayName servicePrincipalType "
            "servicePrincipalNames signInAudience tags deletedDateTime"
        )
    ),
    frozenset({"servicePrincipalNames", "tags"}),
    (),
    {},
)

ASSIGN_LICENCE = Entity(
    "assignLicense",
    frozenset(),
    frozenset(),
    (),
    {"addLicenses": [{"skuId": 36, "disabledPlans": [36]}], "removeLicenses": [36]},
)
VERIFY = Entity("verify", frozenset(), frozenset(), (), {"forceTakeover": bool})
FORCE_DELETE = Entity("forceDelete", frozenset(), frozenset(), (), {"disableUserAccounts": bool})
RESTORE = Entity(
    "restore", frozenset(), frozenset(), (), {"autoReconcileProxyConflict": bool, "newUserPrincipalName": 113}
)
