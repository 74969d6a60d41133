"""The directory at large: deleted users, the organization, service principals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconcile.sandbox.tenant.graph.listing import Pages
from reconcile.sandbox.tenant.graph.refusal import not_found, taken
from reconcile.sandbox.tenant.graph.schema import ORGANIZATION, RESTORE, SERVICE_PRINCIPAL, USER
from reconcile.sandbox.tenant.graph.users import Users
from reconcile.sandbox.tenant.https.web import Answer, Request
from reconcile.sandbox.tenant.world import addresses
from reconcile.sandbox.tenant.world.objects import User
from reconcile.sandbox.tenant.world.provisioning import follow_licences
from reconcile.sandbox.tenant.world.world import World


class Directory:
    """The pages under /directory/deletedItems, /organization and /servicePrincipals."""

    def __init__(self, pages: Pages, world: World, users: Users, client_id: str) -> None:
        self._pages = pages
        self._world = world
        self._users = users
        self._client_id = client_id

    def deleted(self, request: Request) -> Answer:
        rows = map(self._users.shown, self._world.deleted.values())
        return self._pages.listing(request, USER, rows, "directory/deletedItems/microsoft.graph.user")

    def deleted_one(self, request: Request, key: str) -> Answer:
        shown = self._users.shown(self._find(key))
        answer = self._pages.single(request, USER, shown, "directoryObjects")
        return Answer(200, {**answer.body, "@odata.type": "#microsoft.graph.user"})

    def purge(self, key: str) -> Answer:
        self._world.purge_user(self._find(key))
        return Answer(204)

    def restore(self, request: Request, key: str, body: object) -> Answer:
        """Bring a user back. An address that was given away meanwhile refuses, unless it is to be dropped."""
        user = self._find(key)
        asked = RESTORE.check(body or {})
        upn = asked.get("newUserPrincipalName") or user.upn[32:]
        if self._world.user_named(upn) is not None:
            raise taken("userPrincipalName")
        items = list(user.values.get("proxyAddresses") or [])
        clashing = [item for item in items if self._world.book.objector(addresses.bare(item), user.id) is not None]
        if clashing and not asked.get("autoReconcileProxyConflict"):
            raise taken("proxyAddresses")
        self._world.restore_user(user, upn, [item for item in items if item not in clashing])
        follow_licences(self._world, user)
        answer = self._pages.single(request, USER, self._users.shown(user), "directoryObjects")
        return Answer(200, {**answer.body, "@odata.type": "#microsoft.graph.user"})

    def organization(self, request: Request) -> Answer:
        return self._pages.listing(request, ORGANIZATION, [self._organization()], "organization")

    def organization_one(self, request: Request, key: str) -> Answer:
        if key != self._world.tenant_id:
            raise not_found(key)
        return self._pages.single(request, ORGANIZATION, self._organization(), "organization")

    def service_principals(self, request: Request) -> Answer:
        return self._pages.listing(request, SERVICE_PRINCIPAL, self._principals(), "servicePrincipals")

    def service_principal_of(self, request: Request, app_id: str) -> Answer:
        shown = next((row for row in self._principals() if row["appId"] == app_id), None)
        if shown is None:
            raise not_found(app_id)
        return self._pages.single(request, SERVICE_PRINCIPAL, shown, "servicePrincipals")

    def _find(self, key: str) -> User:
        user = self._world.deleted.get(key)
        if user is None:
            raise not_found(key)
        return user

    def _organization(self) -> dict[str, Any]:
        return {
            "id": self._world.tenant_id,
            "city": "Paris",
            "countryLetterCode": "FR",
            "displayName": "Entraide nationale",
            "preferredLanguage": "fr",
            "tenantType": "AAD",
            "verifiedDomains": [
                {
                    "capabilities": ", ".join(domain.services) or "None",
                    "isDefault": domain.default,
                    "isInitial": domain.initial,
                    "name": domain.name,
                    "type": "Managed",
                }
                for domain in self._world.domains.values()
                if domain.verified
            ],
        }

    def _principals(self) -> Iterator[dict[str, Any]]:
        yield {
            "id": self._world.copier_principal,
            "accountEnabled": True,
            "appDisplayName": "reconcile",
            "appId": self._client_id,
            "appOwnerOrganizationId": self._world.tenant_id,
            "displayName": "reconcile",
            "servicePrincipalType": "Application",
            "servicePrincipalNames": [self._client_id],
            "signInAudience": "AzureADMyOrg",
        }
