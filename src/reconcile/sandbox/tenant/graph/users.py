"""Users: read, create, change, delete."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from reconcile.sandbox.tenant.graph.listing import Pages, is_eventual
from reconcile.sandbox.tenant.graph.password_rules import check_password
from reconcile.sandbox.tenant.graph.permissions import check_sensitive
from reconcile.sandbox.tenant.graph.refusal import GraphRefusal, bad_request, denied, not_found, taken
from reconcile.sandbox.tenant.graph.schema import USER
from reconcile.sandbox.tenant.graph.search_index import SearchIndex
from reconcile.sandbox.tenant.graph.shown_user import ShownUser
from reconcile.sandbox.tenant.https.web import Answer, Request
from reconcile.sandbox.tenant.world import addresses
from reconcile.sandbox.tenant.world.address_book import AddressTakenError
from reconcile.sandbox.tenant.world.objects import User
from reconcile.sandbox.tenant.world.world import World

_LOCAL_PART = re.compile(r"[A-Za-z0-9'.\-_!#^~]+")
_NICKNAME_REFUSED = re.compile(r"[^\x21-\x7e]|[@()\\\[\]\";:<>, ]")
_EXTENSIONS = tuple(f"extensionAttribute{n}" for n in range(1, 16))
_REQUIRED = ("accountEnabled", "displayName", "mailNickname", "passwordProfile", "userPrincipalName")


class Users:
    """The pages under /users."""

    def __init__(self, pages: Pages, world: World) -> None:
        self._pages = pages
        self._world = world
        self._index = SearchIndex()

    def find(self, key: str) -> User:
        """The user a path names by object id or sign-in name; one created a moment ago may not be found yet."""
        user, now = self._world.user_named(key), self._world.clock.now()
        if user is None or user.found_from > now:
            raise not_found(key)
        settled = user.found_from + dt.timedelta(seconds=self._world.delays.flipping_reads)
        if settled > now and self._world.chance.flips():
            raise not_found(key)
        return user

    def listed(self, request: Request) -> Answer:
        objects = self._indexed() if is_eventual(request) else self._visible()
        return self._pages.listing(request, USER, objects, "users")

    def get(self, request: Request, key: str) -> Answer:
        return self._pages.single(request, USER, self.shown(self.find(key)), "users")

    def create(self, request: Request, body: object) -> Answer:
        values = USER.check(body)
        missing = next((name for name in _REQUIRED if values.get(name) in (None, "", {})), None)
        if missing:
            text = f"A value is required for property '{missing}' of resource 'User'."
            raise GraphRefusal(400, "Request_BadRequest", text, [("MissingValue", text, missing)])
        self._check(values)
        upn = values["userPrincipalName"]
        self._check_free_upn(upn, "")
        check_password(values, upn)
        mail = values.pop("mail", None)
        if mail and self._world.book.objector(mail, ""):
            raise taken("proxyAddresses")
        user = self._world.add_user({key: value for key, value in values.items() if value is not None})
        user.passwords.append(str(user.values.pop("passwordProfile")["password"]))
        if mail:
            self._world.set_addresses(user.id, [f"SMTP:{mail}"])
        return self._pages.single(request, USER, self.shown(user), "users", 201)

    def change(self, key: str, body: object) -> Answer:
        user = self.find(key)
        values = USER.check(body)
        if user.id in self._world.administrators:
            check_sensitive(values)
        self._check(values)
        if "displayName" in values and not values["displayName"]:
            raise bad_request("Invalid value specified for property 'displayName' of resource 'User'.")
        upn = values.pop("userPrincipalName", None)
        if upn is not None and upn != user.upn:
            self._check_free_upn(upn, user.id)
        if values.get("passwordProfile"):
            check_password({**user.values, **values}, upn or user.upn)
        profile = values.pop("passwordProfile", None)
        try:
            if values.get("mail"):
                held = user.values.get("proxyAddresses") or []
                self._world.set_addresses(user.id, addresses.with_primary(held, values["mail"]))
            if upn is not None and upn != user.upn:
                self._world.set_sign_in(user, upn)
        except AddressTakenError:
            raise taken("proxyAddresses") from None
        values.pop("mail", None)
        extension = values.pop("onPremisesExtensionAttributes", None)
        if extension:
            user.values["onPremisesExtensionAttributes"] = {
                **(user.values.get("onPremisesExtensionAttributes") or {}), **extension
            }  # fmt: skip
        user.values.update(values)
        if profile and profile.get("password"):
            user.passwords.append(str(profile["password"]))
        return Answer(204)

    def revoke_sessions(self, key: str) -> Answer:
        """Whoever is signed in must sign in again."""
        user = self.find(key)
        user.sessions_from = self._world.clock.now()
        return Answer(200, {"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#Edm.Boolean", "value": True})

    def delete(self, key: str) -> Answer:
        user = self.find(key)
        if user.id in self._world.administrators:
            raise denied()
        self._world.delete_user(user)
        return Answer(204)

    def shown(self, user: User) -> dict[str, Any]:
        """Every property of the user that has a value."""
        stamp = _stamp(user.created)
        licences = [{"disabledPlans": disabled, "skuId": sku_id} for sku_id, disabled in user.licences.items()]
        plans = [
            (plan, sku_id)
            for sku_id, disabled in user.licences.items()
            for plan in self._world.skus[sku_id].plans
            if plan.id not in disabled
        ]
        extension = user.values.get("onPremisesExtensionAttributes") or {}
        return {
            **(_decomposed(user.values) if self._world.profile.decomposed else user.values),
            "id": user.id,
            "createdDateTime": stamp,
            "deletedDateTime": _stamp(user.deleted) if user.deleted else None,
            "userType": user.values.get("userType", "Member"),
            "lastPasswordChangeDateTime": stamp,
            "signInSessionsValidFromDateTime": _stamp(user.sessions_from or user.created),
            "onPremisesExtensionAttributes": {name: extension.get(name) for name in _EXTENSIONS},
            "assignedLicenses": licences,
            "licenseAssignmentStates": [
                {**licence, "assignedByGroup": None, "state": "Active", "error": "None", "lastUpdatedDateTime": stamp}
                for licence in licences
            ],
            "assignedPlans": [
                {
                    "assignedDateTime": stamp,
                    "capabilityStatus": "Enabled",
                    "service": _service(plan.name),
                    "servicePlanId": plan.id,
                }
                for plan, _ in plans
            ],
            "provisionedPlans": [
                {"capabilityStatus": "Enabled", "provisioningStatus": "Success", "service": _service(plan.name)}
                for plan, _ in plans
                if _service(plan.name) != "exchange" or self._world.mailbox_of(user.id)
            ],
            "identities": [
                {"signInType": "userPrincipalName", "issuer": self._world.initial_domain, "issuerAssignedId": user.upn}
            ],
        }  # fmt: skip

    def _visible(self) -> Iterator[Mapping[str, Any]]:
        now = self._world.clock.now()
        lag = dt.timedelta(seconds=self._world.delays.deletion_listing)
        yield from (ShownUser(user, self.shown) for user in self._world.users.values() if user.listed_from <= now)
        for user in self._world.deleted.values():
            if user.deleted is not None and user.deleted + lag > now:
                yield {**self.shown(user), "userPrincipalName": user.upn[32:], "deletedDateTime": None}

    def _indexed(self) -> Iterator[Mapping[str, Any]]:
        now = self._world.clock.now()
        lag = dt.timedelta(seconds=self._world.delays.search_index)
        # Those of the first day, whom lists knew at once, were there long before.
        people = (
            (self.shown(user), user.listed_from == user.found_from or user.listed_from + lag <= now)
            for user in self._world.users.values()
            if user.listed_from <= now
        )
        return self._index.showing(people, now, lag)

    def _check(self, values: dict[str, Any]) -> None:
        upn = values.get("userPrincipalName")
        if "userPrincipalName" in values:
            local, _, domain = (upn or "").partition("@")
            if not _LOCAL_PART.fullmatch(local) or len(local) > 64 or local.endswith("."):
                raise bad_request("Property userPrincipalName is invalid.")
            known = self._world.domains.get(domain.lower())
            if known is None or not known.verified:
                raise GraphRefusal(
                    400, "Request_BadRequest",
                    "The domain portion of the userPrincipalName property is invalid. You must use one of the "
                    "verified domain names in your organization.",
                    [("InvalidValue", "The domain portion is invalid.", "userPrincipalName")],
                )  # fmt: skip
            if known.usable_from is not None and known.usable_from > self._world.clock.now():
                raise bad_request("One or more property values specified are invalid.")
        nickname = values.get("mailNickname")
        if "mailNickname" in values and (not nickname or _NICKNAME_REFUSED.search(nickname)):
            raise bad_request("Invalid value specified for property 'mailNickname' of resource 'User'.")
        if len(values.get("businessPhones") or ()) > 1:
            raise bad_request("Invalid value specified for property 'businessPhones' of resource 'User'.")
        location = values.get("usageLocation")
        if location is not None and not re.fullmatch(r"[A-Z]{2}", location):
            raise bad_request("Invalid value specified for property 'usageLocation' of resource 'User'.")
        if "mail" in values and not addresses.is_smtp_address(values["mail"] or ""):
            raise bad_request("Invalid value specified for property 'mail' of resource 'User'.")

    def _check_free_upn(self, upn: str, own_id: str) -> None:
        holder = self._world.user_named(upn)
        if holder is not None and holder.id != own_id:
            raise taken("userPrincipalName")
        if self._world.book.objector(upn, own_id) is not None:
            raise taken("proxyAddresses")


def _decomposed(values: Mapping[str, Any]) -> dict[str, Any]:
    """In Unicode NFD, as some clients write it: the same text, other characters."""
    return {
        name: unicodedata.normalize("NFD", value) if isinstance(value, str) else value for name, value in values.items()
    }


def _service(plan_name: str) -> str:
    return {"EXCHANGE_S": "exchange", "SHAREPOINT": "SharePoint"}.get(plan_name[:10], "MicrosoftOffice")


def _stamp(moment: dt.datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
