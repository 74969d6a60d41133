"""Domains: added, verified by a TXT record, given services, referenced, removed."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from reconcile.sandbox.tenant.graph.domain_records import dns_record, service_records_of
from reconcile.sandbox.tenant.graph.listing import Pages
from reconcile.sandbox.tenant.graph.refusal import bad_request, not_found
from reconcile.sandbox.tenant.graph.schema import DOMAIN, FORCE_DELETE, NEW_DOMAIN, USER, VERIFY
from reconcile.sandbox.tenant.graph.users import Users
from reconcile.sandbox.tenant.https.web import Answer, Request
from reconcile.sandbox.tenant.world import addresses
from reconcile.sandbox.tenant.world.objects import Domain, Elsewhere
from reconcile.sandbox.tenant.world.other_recipients import accept_domain
from reconcile.sandbox.tenant.world.world import World

Resolve = Callable[[str, str], Sequence[str]]

_NAME = re.compile(r"(?=.{4,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")


class Domains:
    """The pages under /domains. ``resolve(name, type)`` is how the verifier sees the DNS."""

    def __init__(self, pages: Pages, world: World, users: Users, resolve: Resolve) -> None:
        self._pages = pages
        self._world = world
        self._users = users
        self._resolve = resolve

    def listed(self, request: Request) -> Answer:
        return self._pages.listing(request, DOMAIN, map(_shown, self._world.domains.values()), "domains")

    def get(self, request: Request, key: str) -> Answer:
        return self._pages.single(request, DOMAIN, _shown(self._find(key)), "domains")

    def create(self, request: Request, body: object) -> Answer:
        name = str(NEW_DOMAIN.check(body).get("id") or "").lower()
        if not _NAME.fullmatch(name):
            raise bad_request("Property name is invalid.")
        if name in self._world.domains:
            raise bad_request(
                "A conflicting object with one or more of the specified property values is present in the directory."
            )
        parent = self._parent(name)
        domain = Domain(name, root=parent is None)
        self._world.domains[name] = domain
        if parent is not None and parent.verified:
            self._become_verified(domain)
        return self._pages.single(request, DOMAIN, _shown(domain), "domains", 201)

    def change(self, key: str, body: object) -> Answer:
        domain = self._find(key)
        values = DOMAIN.check(body)
        if not domain.verified:
            raise bad_request("The domain is not verified; its properties cannot be changed.")
        if values.get("isDefault"):
            for other in self._world.domains.values():
                other.default = other is domain
        if "supportedServices" in values:
            domain.services = list(dict.fromkeys(values["supportedServices"] or []))
        return Answer(204)

    def delete(self, key: str) -> Answer:
        domain = self._find(key)
        if domain.initial or domain.default:
            raise bad_request("The initial or default domain cannot be removed.")
        if any(self._referring(domain.name)) or self._subdomains(domain.name):
            raise bad_request("One or more objects still reference this domain. Remove the references and try again.")
        del self._world.domains[domain.name]
        return Answer(204)

    def force_delete(self, key: str, body: object) -> Answer:
        """Everything of the domain moves to the initial domain; the domain goes."""
        domain = self._find(key)
        asked = FORCE_DELETE.check(body or {})
        if domain.initial or domain.default or self._subdomains(domain.name):
            raise bad_request("The domain cannot be force deleted.")
        for row in list(self._referring(domain.name)):
            user = self._world.users[row["id"]]
            local = user.upn.partition("@")[0]
            kept = [
                item for item in user.values.get("proxyAddresses") or [] if addresses.domain_of(item) != domain.name
            ]
            self._world.set_addresses(user.id, addresses.replaced(kept))
            if addresses.domain_of(user.upn) == domain.name:
                self._world.set_sign_in(user, self._free_sign_in(local))
            if asked.get("disableUserAccounts"):
                user.values["accountEnabled"] = False
        del self._world.domains[domain.name]
        return Answer(204)

    def verify(self, request: Request, key: str, body: object) -> Answer:
        domain = self._find(key)
        asked = VERIFY.check(body or {})
        if domain.verified:
            raise bad_request("Domain is already verified.")
        held = self._world.elsewhere.get(domain.name)
        if held is not None and (not held.viral or (held.forced and not asked.get("forceTakeover"))):
            raise bad_request(
                "Unable to verify this domain because it is used elsewhere in Office 365. Remove the verified domain "
                "from the other service before adding it here."
            )
        now = self._world.clock.now()
        remembered = domain.unseen_until is not None and domain.unseen_until > now
        if remembered or self._verification_text(domain.name) not in self._resolve(domain.name, "TXT"):
            if not remembered:
                domain.unseen_until = now + dt.timedelta(seconds=self._world.delays.negative_answer)
            raise bad_request(
                "Domain verification failed with the following error: 'DNS verification record was not found for "
                f"domain {domain.name}. It may take time for DNS changes to propagate.'"
            )
        self._become_verified(domain)
        if held is not None:
            self._take_over(domain.name, held)
        return self._pages.single(request, DOMAIN, _shown(domain), "domains")

    def _take_over(self, domain: str, held: Elsewhere) -> None:
        """Nobody's tenant gives up the domain, and the people who signed up there come along."""
        del self._world.elsewhere[domain]
        for local in held.people:
            upn = f"{local}@{domain}"
            values = {"displayName": local, "mailNickname": local, "userPrincipalName": upn, "accountEnabled": True}
            self._world.add_user(values)

    def root(self, request: Request, key: str) -> Answer:
        domain = self._find(key)
        return self._pages.single(request, DOMAIN, _shown(self._parent(domain.name) or domain), "domains")

    def promote(self, key: str) -> Answer:
        domain = self._find(key)
        promoted, domain.root = not domain.root and domain.verified, True
        return Answer(200, {"@odata.context": f"{self._pages.site}/v1.0/$metadata#Edm.Boolean", "value": promoted})

    def verification_records(self, key: str) -> Answer:
        name = self._find(key).name
        text = self._verification_text(name)
        common = {"isOptional": False, "label": name, "ttl": 3600}
        records = [
            dns_record(name, "Txt", {**common, "supportedService": "Email"}, text=text),
            dns_record(name, "Mx", {**common, "supportedService": "Email"},
                    mailExchange=f"{text.replace('MS=', '').lower()}.msv1.invalid", preference=32767),
        ]  # fmt: skip
        return self._records(name, "verificationDnsRecords", records)

    def service_records(self, key: str) -> Answer:
        domain = self._find(key)
        if not domain.verified or domain.records_from is None or domain.records_from > self._world.clock.now():
            return self._records(domain.name, "serviceConfigurationRecords", [])
        return self._records(
            domain.name, "serviceConfigurationRecords", service_records_of(domain, self._world.tenant_id)
        )

    def references(self, request: Request, key: str) -> Answer:
        name = self._find(key).name
        answer = self._pages.listing(request, USER, self._referring(name), "directoryObjects")
        body = {
            **answer.body,
            "value": [{"@odata.type": "#microsoft.graph.user", **row} for row in answer.body["value"]],
        }
        return Answer(200, body)

    def _find(self, key: str) -> Domain:
        domain = self._world.domains.get(key.lower())
        if domain is None:
            raise not_found(key)
        return domain

    def _parent(self, name: str) -> Domain | None:
        """The nearest domain of the tenant above ``name``."""
        labels = name.split(".")
        above = (".".join(labels[place:]) for place in range(1, len(labels) - 1))
        return next((self._world.domains[each] for each in above if each in self._world.domains), None)

    def _subdomains(self, name: str) -> list[str]:
        return [each for each, domain in self._world.domains.items() if each.endswith(f".{name}") and not domain.root]

    def _become_verified(self, domain: Domain) -> None:
        world = self._world
        domain.verified = True
        domain.usable_from = world.clock.now() + dt.timedelta(seconds=world.delays.fresh_domain)
        domain.records_from = world.clock.now() + dt.timedelta(seconds=world.delays.service_records)
        world.clock.after(world.delays.accepted_domain, lambda: accept_domain(world, domain))

    def _referring(self, name: str) -> Iterator[dict[str, Any]]:
        for user in self._world.users.values():
            held = [user.upn, *(addresses.smtp_of(user.values.get("proxyAddresses") or []))]
            if any(addresses.domain_of(address) == name for address in held):
                yield self._users.shown(user)

    def _free_sign_in(self, local: str) -> str:
        names = (f"{local}{number or ''}@{self._world.initial_domain}" for number in range(10**6))
        return next(name for name in names if self._world.book.holder(name) is None)

    def _verification_text(self, name: str) -> str:
        digest = hashlib.sha256(f"{self._world.tenant_id} {name}".encode()).hexdigest()
        return f"MS=ms{int(digest[:12], 16) % 10**8:08d}"

    def _records(self, name: str, collection: str, records: list[dict[str, Any]]) -> Answer:
        return Answer(
            200,
            {"@odata.context": f"{self._pages.site}/v1.0/$metadata#domains('{name}')/{collection}", "value": records},
        )


def _shown(domain: Domain) -> dict[str, Any]:
    return {
        "id": domain.name,
        "authenticationType": "Managed",
        "isAdminManaged": True,
        "isDefault": domain.default,
        "isInitial": domain.initial,
        "isRoot": domain.root,
        "isVerified": domain.verified,
        "supportedServices": domain.services if domain.verified else [],
        "passwordValidityPeriodInDays": 2147483647 if domain.verified else None,
        "passwordNotificationWindowInDays": 14 if domain.verified else None,
    }
