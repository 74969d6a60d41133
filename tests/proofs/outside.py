"""The tenant and the DNS in this process, looked at from behind: all they hold, as plain values two worlds may share.

Identifiers, moments and other chances of a run are left out, so that equal contents mean the same mailboxes for the
same people. No mail hosts: planning and applying never call them.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyrage
import requests

from reconcile.sandbox.dns.seed import first_day
from reconcile.sandbox.dns.server import DnsServer
from reconcile.sandbox.tenant.server import TenantOptions, TenantServer
from reconcile.sandbox.tenant.world.objects import Mailbox, User
from reconcile.sandbox.tenant.world.world import World

_KEY = base64.b64encode(b"the key of the tests' DNS server").decode()
VAULT = pyrage.x25519.Identity.generate()
#: What differs between two runs of the same story, and means nothing.
_CHANCE = {"id", "createdDateTime", "deletedDateTime", "passwordProfile", "lastPasswordChangeDateTime"}

#: Kind → name → what is there.
Content = dict[str, dict[str, Any]]


class Outside:
    """A world for one project folder. A context manager: it answers on entry and is gone on exit."""

    def __init__(self, folder: Path, zones: Mapping[str, Sequence[str]], **options: Any) -> None:
        """``zones``: each federation's domain and its subdomains. ``options``: the tenant's own (seats, profile…)."""
        self.folder = folder
        self.dns = DnsServer(first_day(zones), {"proofs": (_KEY, "hmac-sha256")})
        self.tenant = TenantServer(
            folder / ".sandbox" / "tenant", resolve=self.dns.resolve, options=TenantOptions(**options)
        )

    def __enter__(self) -> Self:
        self.dns.start()
        self.tenant.start()
        self._write_settings()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.tenant.stop()
        self.dns.stop()

    # ---- what happens there

    def by_hand(self, address: str, **wish: Any) -> None:
        """What an administrator changes in the portal."""
        self._control("portal", {"address": address, **wish})

    def fault(self, kind: str, path: str = "", count: int = 1) -> None:
        """Let the next requests whose target or body holds ``path`` fail."""
        self._control("fault", {"kind": kind, "path_contains": path, "count": count})

    def wait(self, seconds: float) -> None:
        """Let so much time pass there."""
        clock = self.world.clock
        with self.world.lock:
            clock.advance_to(clock.now() + dt.timedelta(seconds=seconds))
            clock.settle()

    def mend(self) -> None:
        """Forget the faults that did not strike yet."""
        self.tenant._faults._pending.clear()

    # ---- what is there

    @property
    def world(self) -> World:
        return self.tenant._control._world

    def content(self) -> Content:
        """All of it."""
        world = self.world
        with world.lock:
            world.clock.settle()
            return {
                "users": {user.upn: self._user(user) for user in world.users.values()},
                "deleted": {self._former_name(user): self._user(user) for user in world.deleted.values()},
                "mailboxes": {f"{box.name} {box.guid}": self._mailbox(box) for box in world.mailboxes.values()},
                "domains": {
                    domain.name: [domain.verified, sorted(domain.services), domain.accepted_as, domain.default]
                    for domain in world.domains.values()
                },
                "records": self._records(),
            }

    def guids(self) -> dict[str, str]:
        """Primary address → the mailbox behind it, which holds the mail."""
        with self.world.lock:
            return {_primary(box): box.guid for box in self.world.connected()}

    def addresses(self) -> list[str]:
        """Every mail address that some object holds, as often as it is held."""
        with self.world.lock:
            held = [item for user in self.world.users.values() for item in user.values.get("proxyAddresses") or ()]
        return [item[5:].lower() for item in held if item[:5].lower() == "smtp:"]

    def _user(self, user: User) -> dict[str, Any]:
        kept = {name: _plain(value) for name, value in user.values.items() if name not in _CHANCE}
        # Which of the vault's entries opens it is drawn.
        kept.get("onPremisesExtensionAttributes", {}).pop("extensionAttribute13", None)
        if user.deleted:
            del kept["userPrincipalName"]
        parts = sorted(self.world.skus[sku].part_number for sku in user.licences)
        return {**kept, "licences": parts}

    @staticmethod
    def _former_name(user: User) -> str:
        return user.upn.removeprefix(user.id.replace("-", ""))

    def _mailbox(self, box: Mailbox) -> dict[str, Any]:
        return {
            "of": self._name(box.user_id),
            "name": box.name,
            "alias": box.alias,
            "shared": box.shared,
            "closed": box.disconnected is not None,
            "addresses": _plain(box.addresses),
            # An account that was deleted leaves its rights behind, to nobody until it is restored.
            "on_behalf": sorted(self._name(who) for who in box.on_behalf if who not in self.world.deleted),
            "access": sorted(
                [self._name(entry.trustee), sorted(entry.rights), entry.deny]
                for entry in box.access
                if entry.trustee not in self.world.deleted
            ),
            "send_as": sorted(self._name(who) for who in box.send_as if who not in self.world.deleted),
            "settings": {name: _plain(value) for name, value in sorted(box.settings.items())},
            "protocols": dict(box.protocols),
            "stored": box.stored,
        }

    def _name(self, trustee: str) -> str:
        user = self.world.users.get(trustee) or self.world.deleted.get(trustee)
        return self._former_name(user) if user else trustee

    def _records(self) -> dict[str, Any]:
        return {
            f"{rrset.name} {rrset.rdtype.name}": [rrset.ttl, *sorted(rdata.to_text() for rdata in rrset)]
            for zone in list(self.dns._zones.values())
            for rrset in zone.rrsets()
            if rrset.rdtype.name != "SOA"
        }

    # ---- the wiring

    def _write_settings(self) -> None:
        tenant, home = self.tenant, self.folder / ".sandbox"
        for name, secret in (("client-secret", tenant.client_secret), ("dns-key", _KEY), ("vault-key", str(VAULT))):
            (home / name).write_text(secret, encoding="utf-8")
        tables = {
            "tenant": {
                "id": tenant.tenant_id,
                "initial_domain": tenant.initial_domain,
                "client_id": tenant.client_id,
                "client_secret_file": "client-secret",
                "authority": tenant.url,
                "graph": tenant.url,
                "exchange": tenant.url,
                "ca_file": str(tenant.ca_file),
                "copier_principal": tenant.copier_principal,
            },
            "dns": {
                "host": "127.0.0.1",
                "port": self.dns.port,
                "key_name": "proofs",
                "key_algorithm": "hmac-sha256",
                "key_file": "dns-key",
                "resolvers": [f"127.0.0.1:{self.dns.port}"],
            },
            "passwords": {"seal_to": [str(VAULT.to_public())], "identity_file": "vault-key"},
            "delivery": {"way": "folder", "local_folder": "deliveries"},
            "legacy.mutualise.lock": {"impossible": "no old host is here"},
            "sandbox": {"control": tenant.control},
        }
        lines = []
        for table, values in tables.items():
            lines += [f"[{table}]", *(f"{name} = {json.dumps(value)}" for name, value in values.items())]
        (home / "settings.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def _control(self, page: str, body: Mapping[str, Any]) -> None:
        ca_file = str(self.tenant.ca_file)
        answer = requests.post(f"{self.tenant.control}/{page}", json=dict(body), verify=ca_file, timeout=30)
        assert answer.ok, answer.text


def alike(content: Content) -> Content:
    """The same, with each mailbox under its name alone: two that bear the same name are then one too few."""
    renamed = {key.partition(" ")[0]: box for key, box in content["mailboxes"].items()}
    assert len(renamed) == len(content["mailboxes"])
    return {**content, "mailboxes": renamed}


def beyond(content: Content, domains: Collection[str]) -> Content:
    """What stands outside the declared domains, and what in their zones is nobody's business here."""

    def foreign(name: str) -> bool:
        return name.rpartition("@")[2].lower() not in domains

    ours = {f"{domain}. {kind}" for domain in domains for kind in ("MX", "TXT")}
    names = ("autodiscover", "selector1._domainkey", "selector2._domainkey")
    ours |= {f"{name}.{domain}. CNAME" for domain in domains for name in names}
    return {
        "users": {name: user for name, user in content["users"].items() if foreign(name)},
        "deleted": {name: user for name, user in content["deleted"].items() if foreign(name)},
        "mailboxes": {key: box for key, box in content["mailboxes"].items() if foreign(box["of"])},
        "domains": {name: domain for name, domain in content["domains"].items() if name not in domains},
        "records": {key: values for key, values in content["records"].items() if key not in ours},
    }


def _plain(value: Any) -> Any:
    """Sets as sorted lists, without the addresses the storage invents."""
    if isinstance(value, list):
        return sorted((_plain(item) for item in value if not str(item).startswith("SPO:")), key=repr)
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in sorted(value.items())}
    return value


def _primary(box: Mailbox) -> str:
    return next((item[5:].lower() for item in box.addresses if item.startswith("SMTP:")), box.name)
