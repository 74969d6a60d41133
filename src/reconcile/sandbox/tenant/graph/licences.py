"""Licences: what was bought, who holds what, and assigning."""

from __future__ import annotations

import uuid
from typing import Any

from reconcile.sandbox.tenant.graph.listing import Pages
from reconcile.sandbox.tenant.graph.refusal import bad_request, not_found
from reconcile.sandbox.tenant.graph.schema import ASSIGN_LICENCE, LICENCE_DETAILS, SKU, USER
from reconcile.sandbox.tenant.graph.users import Users
from reconcile.sandbox.tenant.https.web import Answer, Request
from reconcile.sandbox.tenant.world.provisioning import follow_licences
from reconcile.sandbox.tenant.world.skus import Sku
from reconcile.sandbox.tenant.world.world import World


class Licences:
    """/subscribedSkus, and assignLicense and licenseDetails of a user."""

    def __init__(self, pages: Pages, world: World, users: Users) -> None:
        self._pages = pages
        self._world = world
        self._users = users

    def listed(self, request: Request) -> Answer:
        return self._pages.listing(request, SKU, map(self._shown, self._world.skus.values()), "subscribedSkus")

    def get(self, request: Request, key: str) -> Answer:
        shown = next((row for row in map(self._shown, self._world.skus.values()) if row["id"] == key), None)
        if shown is None:
            raise not_found(key)
        return self._pages.single(request, SKU, shown, "subscribedSkus")

    def details(self, request: Request, key: str) -> Answer:
        user = self._users.find(key)
        rows = (
            {
                "id": uuid.uuid5(uuid.UUID(user.id), sku_id).hex,
                "skuId": sku_id,
                "skuPartNumber": self._world.skus[sku_id].part_number,
                "servicePlans": _plans(self._world.skus[sku_id], disabled),
            }
            for sku_id, disabled in user.licences.items()
        )
        return self._pages.listing(request, LICENCE_DETAILS, rows, f"users('{user.id}')/licenseDetails")

    def assign(self, request: Request, key: str, body: object) -> Answer:
        """Both lists at once or nothing: a swap never leaves the user without a licence."""
        user = self._users.find(key)
        asked = ASSIGN_LICENCE.check(body)
        if asked.keys() != {"addLicenses", "removeLicenses"} or None in asked.values():
            raise bad_request(
                "One or more parameters of the operation 'assignLicense' are missing from the request payload."
            )
        added = {item.get("skuId"): item.get("disabledPlans") or [] for item in asked["addLicenses"]}
        removed = set(asked["removeLicenses"])
        if added and not user.values.get("usageLocation"):
            raise bad_request("License assignment cannot be done for user with invalid usage location.")
        if removed & added.keys():
            raise bad_request("The same license cannot be both added and removed.")
        if not removed <= user.licences.keys():
            raise bad_request("User does not have a corresponding license.")
        for sku_id, disabled in added.items():
            self._check(sku_id, disabled, held=sku_id in user.licences)
        user.licences = {k: v for k, v in user.licences.items() if k not in removed} | added
        follow_licences(self._world, user)
        return self._pages.single(request, USER, self._users.shown(user), "users")

    def _check(self, sku_id: str | None, disabled: list[str], *, held: bool) -> None:
        sku = self._world.skus.get(sku_id or "")
        if sku is None:
            raise bad_request(f"License {sku_id} does not correspond to a valid company License.")
        if not set(disabled) <= {plan.id for plan in sku.plans}:
            raise bad_request("One or more of the disabled plans are not part of the license.")
        if not held and self._world.seats_taken(sku.id) >= sku.enabled:
            raise bad_request(f"Subscription with SKU {sku.id} does not have any available licenses.")

    def _shown(self, sku: Sku) -> dict[str, Any]:
        return {
            "id": f"{self._world.tenant_id}_{sku.id}",
            "accountId": self._world.tenant_id,
            "accountName": self._world.initial_domain.partition(".")[0],
            "appliesTo": "User",
            "capabilityStatus": "Enabled",
            "consumedUnits": self._world.seats_shown(sku.id),
            "prepaidUnits": {"enabled": sku.enabled, "suspended": 0, "warning": 0, "lockedOut": 0},
            "servicePlans": _plans(sku, ()),
            "skuId": sku.id,
            "skuPartNumber": sku.part_number,
            "subscriptionIds": [str(uuid.uuid5(uuid.UUID(sku.id), self._world.tenant_id))],
        }


def _plans(sku: Sku, disabled: list[str] | tuple[()]) -> list[dict[str, Any]]:
    return [
        {
            "servicePlanId": plan.id,
            "servicePlanName": plan.name,
            "provisioningStatus": "Disabled" if plan.id in disabled else "Success",
            "appliesTo": "User",
        }
        for plan in sku.plans
    ]
