"""One tenant of the sandbox and our provider on it, in the words of the tests."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import requests

from reconcile.config.settings.settings import Settings
from reconcile.config.settings.tables.dns import DnsServer
from reconcile.config.settings.tables.tenant.tenant import Tenant
from reconcile.passwords.vault import Sealed
from reconcile.providers.base import Absent, Observation, Observed, Order, Provider, Scope, Unknown, Wanted
from reconcile.providers.microsoft.provider import microsoft_provider
from reconcile.providers.microsoft.wire.auth import Credential, Registration
from reconcile.resources.address import Address
from reconcile.resources.resource import Live, Value
from reconcile.sandbox.clock import SandboxClock
from reconcile.sandbox.tenant.server import TenantOptions, TenantServer

SLUG = "spf55"
DOMAIN = "spf55.org"
DOMAINS = {DOMAIN: SLUG, "verdun.spf55.org": SLUG}


class World:
    """A tenant, the DNS its verifier sees, and a provider that talks to it over HTTPS."""

    def __init__(self, folder: Path, record: Path | None = None, **options: Any) -> None:
        self.zone: dict[tuple[str, str], list[str]] = {}
        #: The servers the tenant can send to, and the mailboxes each has; what it sent there: sender and recipient.
        self.hosts: dict[str, set[str]] = {}
        self.sent: list[tuple[str, str]] = []
        self.server = TenantServer(
            folder, resolve=self._resolve, record=record, options=TenantOptions(**options), post=self._post
        )
        self.server.start()
        self.settings = Settings(
            tenant=Tenant(
                id=self.server.tenant_id,
                initial_domain=self.server.initial_domain,
                client_id=self.server.client_id,
                authority=self.server.url,
                graph=self.server.url,
                exchange=self.server.url,
                ca_file=self.server.ca_file,
                copier_principal=self.server.copier_principal,
            ),
            dns=DnsServer(host="127.0.0.1", key_name="reconcile"),
            legacy={},
        )
        self.clock = SandboxClock(self.server.control, self.server.ca_file)
        self.passwords: list[str] = []
        #: The mailboxes into which nothing is left to copy.
        self.copied: set[str] = set()
        self.provider = self.connect()

    @property
    def administrator(self) -> str:
        """Somebody who holds every role."""
        return f"admin@{self.server.initial_domain}"

    def connect(self, credential: Credential = "", settings: Settings | None = None) -> Provider:
        return microsoft_provider(
            settings or self.settings,
            Registration(credential or self.server.client_secret),
            self.clock,
            random=lambda: 0.5,
            password=self._password,
            copied=lambda: self.copied,
        )

    # ---- the tool's side

    def new_run(self) -> None:
        """Another call of the command: nothing is remembered but what the tenant shows."""
        self.provider = self.connect()

    def see(self, kind: str, key: str, identity: str = "") -> Observed:
        return self.observe((kind, key, identity)).observed[Address(SLUG, kind, key)]

    def live(self, kind: str, key: str) -> Live:
        shown = self.see(kind, key)
        assert isinstance(shown, Live), shown
        return shown

    def observe(self, *asked: tuple[str, str, str]) -> Observation:
        wanted = [Wanted(Address(SLUG, kind, key), None, identity) for kind, key, identity in asked]
        return self.provider.reader.observe(Scope(wanted, DOMAINS))

    def make(self, kind: str, key: str, fields: Mapping[str, Value]) -> Live:
        """Bring the resource about as plan and apply do: look, then create or change what differs."""
        address = Address(SLUG, kind, key)
        shown = self.see(kind, key)
        assert not isinstance(shown, Unknown), shown
        if isinstance(shown, Absent):
            return self.provider.writer.create(Order(address, None, fields, frozenset(fields)))
        changed = frozenset(name for name, value in fields.items() if shown.fields.get(name) != value)
        return self.provider.writer.update(Order(address, shown, fields, changed))

    def order(self, kind: str, key: str, fields: Mapping[str, Value]) -> Order:
        """The creation of something the plan did not see."""
        return Order(Address(SLUG, kind, key), None, fields, frozenset(fields))

    def remove(self, kind: str, key: str) -> None:
        self.provider.writer.delete(Order(Address(SLUG, kind, key), self.live(kind, key), {}, frozenset()))

    def add_domain(self, name: str = DOMAIN, root: str = DOMAIN) -> None:
        """The domain added, proven, switched on for mail and accepted."""
        added = self.make("domain", name, {"root": root})
        if name == root:
            self.publish(name, added.outputs["verification_txt"])
        self.make("domain_verification", name, {"verified": True, "services": ("Email",), "accepted": True})

    # ---- the world's side

    def publish(self, name: str, texts: Value) -> None:
        assert isinstance(texts, tuple)
        self.zone[name, "TXT"] = list(texts)

    def by_hand(self, address: str, **settings: Any) -> None:
        """What an administrator changes in the portal."""
        self.control("portal", {"address": address, **settings})

    def fault(self, kind: str, path: str, count: int = 1) -> None:
        self.control("fault", {"kind": kind, "path_contains": path, "count": count})

    def status(self) -> dict[str, Any]:
        answer = requests.get(f"{self.server.control}/status", verify=str(self.server.ca_file), timeout=10)
        answer.raise_for_status()
        return dict(answer.json())

    def control(self, page: str, body: Mapping[str, Any]) -> None:
        answer = requests.post(
            f"{self.server.control}/{page}", json=dict(body), verify=str(self.server.ca_file), timeout=10
        )
        assert answer.ok, answer.text

    def remove_recipient(self, address: str) -> None:
        """A contact or a group removed in the portal."""
        answer = requests.delete(
            f"{self.server.control}/recipient/{address}", verify=str(self.server.ca_file), timeout=10
        )
        assert answer.ok, answer.text

    def stop(self) -> None:
        self.server.stop()

    def _resolve(self, name: str, kind: str) -> list[str]:
        return self.zone.get((name, kind), [])

    def _post(self, host: str, sender: str, recipients: Sequence[str], message: bytes) -> Mapping[str, str] | None:
        """The old hosts, as far as the tenant's own messages are concerned."""
        if host not in self.hosts:
            return None
        self.sent += [(sender, one) for one in recipients if one in self.hosts[host]]
        return {one: "550 5.1.1 User unknown" for one in recipients if one not in self.hosts[host]}

    def _password(self, account: Address, names: Collection[str]) -> Sealed:
        self.passwords.append(f"Tulipe!{len(self.passwords):04d}#Zebre")
        return Sealed(f"{len(self.passwords):016x}", self.passwords[-1])


Build = Callable[..., World]
