"""The control page of the sandbox: its clock, its portal, its sign-in page and its faults. Nothing the service has."""

from __future__ import annotations

import base64
import datetime as dt
import json
from typing import Any

from reconcile.sandbox.tenant.behaviour.adjustments import changed, described
from reconcile.sandbox.tenant.behaviour.faults import KINDS, Fault, Faults
from reconcile.sandbox.tenant.exchange.disclaimers import passed_through
from reconcile.sandbox.tenant.https.web import Answer, Request
from reconcile.sandbox.tenant.sign_in.authorization_codes import Keyboard
from reconcile.sandbox.tenant.sign_in.client_credentials import Federation
from reconcile.sandbox.tenant.sign_in.device_codes import Person
from reconcile.sandbox.tenant.sign_in.tokens import Issuer
from reconcile.sandbox.tenant.world import addresses, skus
from reconcile.sandbox.tenant.world.address_book import AddressTakenError
from reconcile.sandbox.tenant.world.objects import Elsewhere, Permission, User
from reconcile.sandbox.tenant.world.other_recipients import add_other, remove_other
from reconcile.sandbox.tenant.world.provisioning import follow_licences
from reconcile.sandbox.tenant.world.world import World


def wished(request: Request) -> dt.datetime | None:
    """The moment to which a request would move the clock; None for any other, and for one that says no moment."""
    if (request.method, *request.segments[1:]) != ("POST", "clock"):
        return None
    try:
        moment = dt.datetime.fromisoformat(json.loads(request.body)["advance_to"])
        return moment if moment.tzinfo else None
    except (ValueError, KeyError, TypeError):
        return None


class Control:
    """Everything under /sandbox."""

    def __init__(self, world: World, faults: Faults, issuer: Issuer) -> None:
        self._world = world
        self._faults = faults
        self._issuer = issuer

    def page(self, request: Request) -> Answer:
        try:
            body = json.loads(request.body) if request.body else {}
            with self._world.lock:
                return self._answer(request.method, request.segments[1:], body)
        except (ValueError, KeyError, TypeError, AddressTakenError) as error:
            return Answer(400, {"error": f"{type(error).__name__}: {error}"})

    def _answer(self, method: str, page: tuple[str, ...], body: dict[str, Any]) -> Answer:
        clock = self._world.clock
        match (method, *page):
            case ("GET", "clock"):
                clock.settle()
            case ("POST", "clock"):
                clock.advance_to(dt.datetime.fromisoformat(body["advance_to"]))
                clock.settle()
            case ("GET", "status"):
                clock.settle()
                return Answer(200, self._status())
            case ("GET", "password", address):
                return Answer(200, {"password": list(self._user(address).passwords)})
            case ("POST", "portal"):
                clock.settle()
                self._by_hand(body)
                return Answer(200, {})
            case ("POST", "recipient"):
                clock.settle()
                add_other(self._world, body["kind"], body["address"])
                return Answer(200, {})
            case ("DELETE", "recipient", address):
                remove_other(self._world, address)
                return Answer(200, {})
            case ("POST", "message"):
                clock.settle()
                return Answer(200, {"message": self._delivered(body["sender"], body["message"])})
            case ("POST", "fault"):
                if body["kind"] not in KINDS:
                    raise ValueError(f"no fault is called {body['kind']}")
                self._faults.add(Fault(body["kind"], body.get("path_contains", ""), int(body.get("count", 1))))
                return Answer(200, {})
            case ("POST", "elsewhere"):
                self._world.elsewhere[body["domain"]] = Elsewhere(
                    body["tenant"], body.get("viral", False), body.get("forced", False), tuple(body.get("people", ()))
                )
                return Answer(200, {})
            case ("GET", "behaviour"):
                return Answer(200, described(self._world.profile))
            case ("POST", "behaviour"):
                clock.settle()
                self._world.profile = changed(self._world.profile, body)
                return Answer(200, described(self._world.profile))
            case ("POST", "credential"):
                self._trust(body)
                return Answer(200, {})
            case ("POST", "keyboard"):
                redirects = frozenset(body["redirects"])
                self._issuer.codes.keyboard = Keyboard(self._person(body["as"]), tuple(body["roles"]), redirects)
                return Answer(200, {})
            case ("POST", "device"):
                self._issuer.devices.answer(body["user_code"], self._person(body["as"]) if body["as"] else None)
                return Answer(200, {})
            case _:
                return Answer(404, {"error": "no such control"})
        return Answer(200, {"now": clock.now().isoformat()})

    def _delivered(self, sender: str, message: str) -> str:
        """A message (base64) that somebody of the tenant sends, as it leaves the mail flow rules."""
        world, user = self._world, self._user(sender)
        accepted = [domain.name for domain in world.domains.values() if domain.accepted_as]
        whole = passed_through(
            base64.b64decode(message),
            world.transport_rules,
            sender,
            user.values,
            accepted,
            world.profile.signature_tokens,
        )
        return base64.b64encode(whole).decode()

    def _status(self) -> dict[str, Any]:
        world = self._world
        return {
            "now": world.clock.now().isoformat(),
            "users": sum(user_id not in world.others for user_id in world.users),
            "deleted_users": len(world.deleted),
            "mailboxes": len(world.connected()),
            "shared_mailboxes": sum(box.shared for box in world.connected()),
            "domains": {
                name: "accepted" if domain.accepted_as else "verified" if domain.verified else "unverified"
                for name, domain in world.domains.items()
            },
            "seats": {
                sku.part_number: {"enabled": sku.enabled, "taken": world.seats_taken(sku.id)}
                for sku in world.skus.values()
            },
        }

    def _trust(self, asked: dict[str, Any]) -> None:
        """What an administrator registers for the application: a certificate, or an issuer of identities."""
        if "certificate" in asked:
            self._issuer.proofs.trust_certificate(asked["certificate"])
        else:
            self._issuer.proofs.trust_issuer(Federation(asked["issuer"], asked["subject"], asked["keys"]))

    def _person(self, address: str) -> Person:
        """Somebody who enters a code on the page for it."""
        user = self._user(address)
        return Person(user.id, user.upn, str(user.values["displayName"]), user.id in self._world.administrators)

    def _by_hand(self, asked: dict[str, Any]) -> None:
        """What an administrator changes in the portal, without the tool knowing."""
        user = self._user(asked.pop("address"))
        held = list(user.values.get("proxyAddresses") or [])
        for name, value in asked.items():
            match name:
                case "licence":
                    self._license(user, value)
                case "plans_off":
                    self._switch_off(user, value)
                case "add_alias":
                    held = addresses.with_added(held, [f"smtp:{value}"])
                    self._world.set_addresses(user.id, held)
                case "remove_alias":
                    held = addresses.without(held, [value])
                    self._world.set_addresses(user.id, held)
                case "block_sign_in":
                    user.values["accountEnabled"] = not value
                case "add_full_access":
                    box = self._world.mailboxes[user.id]
                    box.access.append(Permission(self._holder(value), ["FullAccess"]))
                    self._world.tell(box)
                case "add_send_as":
                    self._world.mailboxes[user.id].send_as.append(self._holder(value))
                case "imap":
                    box = self._world.mailboxes[user.id]
                    box.protocols["ImapEnabled"] = bool(value)
                    self._world.tell(box)
                case "stored_bytes":
                    self._world.mailboxes[user.id].stored = int(value)
                case "display_name":
                    user.values["displayName"] = value
                case "latent_conflict":
                    user.conflicted = bool(value)
                case "delete":
                    self._world.delete_user(user)
                case _:
                    raise ValueError(f"the portal has no button called {name}")

    def _switch_off(self, user: User, names: list[str]) -> None:
        """These service plans off in each of the user's licences, and every other on."""
        for sku_id in user.licences:
            user.licences[sku_id] = [plan.id for plan in self._world.skus[sku_id].plans if plan.name in names]
        follow_licences(self._world, user)

    def _license(self, user: User, licence: str | None) -> None:
        part = {"E1": skus.E1, "E3": skus.E3, None: None}[licence]
        mail = {sku.id for sku in self._world.skus.values() if sku.exchange_plan is not None}
        user.licences = {sku_id: plans for sku_id, plans in user.licences.items() if sku_id not in mail}
        user.licences |= {sku.id: [] for sku in self._world.skus.values() if sku.part_number == part}
        follow_licences(self._world, user)

    def _holder(self, address: str) -> str:
        """The id of a group or of a person who is to have a right."""
        other = self._world.other_named(address)
        return other.id if other else self._user(address).id

    def _user(self, address: str) -> User:
        found = self._world.user_named(self._world.book.holder(address) or address)
        if found is None:
            raise KeyError(address)
        return found
