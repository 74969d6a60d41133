"""What the sandbox's overlay of reconcile.toml says: where its servers are, and what opens them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import pyrage
import pyrage.x25519

from reconcile.sandbox.dns.seed import HOST_DOMAIN
from reconcile.sandbox.dns.server import DnsServer
from reconcile.sandbox.folder import Values
from reconcile.sandbox.imap.new import NewHost
from reconcile.sandbox.imap.old import MASTER_USER, SEPARATOR, OldHost
from reconcile.sandbox.mail_host.old_smtp import OldHostWithSmtp
from reconcile.sandbox.tenant.server import TenantServer

KeepSecret = Callable[[str, str], str]
KEY_NAME, KEY_ALGORITHM = "reconcile-sandbox", "hmac-sha256"


@dataclasses.dataclass(frozen=True, slots=True)
class Parts:
    """The servers of one world, started. ``canaries``: mailboxes nobody uses, by which a lock is proved, with their
    passwords."""

    tenant: TenantServer
    dns: DnsServer
    dns_secret: str
    old: OldHost
    new: NewHost
    vault_key: pyrage.x25519.Identity
    canaries: Mapping[str, str]


def settings_tables(parts: Parts, servers: Sequence[str], edge: int | None, keep: KeepSecret) -> dict[str, Values]:
    """The overlay of reconcile.toml, by table.

    ``servers``: the names federation files give the old host. ``edge``: the port at which the tenant receives mail,
    None when it receives none. ``keep`` puts a secret in a file of its own, and answers its name.
    """
    tenant = parts.tenant
    old: Values = {
        "host": "127.0.0.1",
        "port": parts.old.port,
        "tls": True,
        "ca_file": str(parts.old.ca_file),
        "master_user": MASTER_USER,
        "separator": SEPARATOR,
        "master_password_file": keep("master-password", parts.old.master_password),
    }
    doveadm: Values = {
        "url": f"https://127.0.0.1:{parts.old.doveadm_port}",
        "ca_file": str(parts.old.ca_file),
        "key_file": str(parts.old.doveadm_key_file),
    }
    sql: Values = {
        "database_file": str(parts.old.accounts),
        "mailboxes": "SELECT address, login, last_login AS last_used FROM account",
        "aliases": "SELECT address, targets FROM alias",
    }
    relay: Values = {"host": f"smtp.{HOST_DOMAIN}", "tls": "opportunistic"}
    return {
        "tenant": {
            "id": tenant.tenant_id,
            "initial_domain": tenant.initial_domain,
            "client_id": tenant.client_id,
            "client_secret_file": keep("client-secret", tenant.client_secret),
            "authority": tenant.url,
            "graph": tenant.url,
            "exchange": tenant.url,
            "ca_file": str(tenant.ca_file),
            "copier_principal": tenant.copier_principal,
            **({"edge": _at(edge)} if edge else {}),
        },
        "dns": {
            "host": "127.0.0.1",
            "port": parts.dns.port,
            "key_name": KEY_NAME,
            "key_algorithm": KEY_ALGORITHM,
            "key_file": keep("dns-key", parts.dns_secret),
            "resolvers": [f"127.0.0.1:{parts.dns.port}"],
        },
        **{
            f"legacy.{name}{table}": values
            for name in servers
            for table, values in (
                ("", old),
                (".inventory.doveadm", doveadm),
                (".inventory.sql", sql),
                *([(".relay", relay)] if edge else []),
                *_lock_tables(parts, keep, doveadm),
            )
        },
        "passwords": {
            "seal_to": [str(parts.vault_key.to_public())],
            "identity_file": keep("vault-key", str(parts.vault_key)),
        },
        "delivery": {"way": "folder", "local_folder": "deliveries"},
        "destination": {
            "host": "127.0.0.1",
            "port": parts.new.port,
            "tls": True,
            "ca_file": str(parts.new.ca_file),
        },
        "sandbox": {"control": tenant.control},
    }


def _lock_tables(parts: Parts, keep: KeepSecret, doveadm: Values) -> list[tuple[str, Values]]:
    """How the old host is locked: as soon as it is whole, for half of the proof is that mail arrives."""
    old = parts.old
    if not isinstance(old, OldHostWithSmtp):
        return [(".lock", {"impossible": "the sandbox's old host has no SMTP: reconcile sandbox up --postfix"})]
    password = next(iter(parts.canaries.values()), "")
    lock: Values = {
        "canary": "canari@{domain}",
        "canary_password_file": keep("canary-password", password),
        "pop": _at(old.pop3_port),
        "submission": _at(old.postfix.ports.submission),
        "inbound": _at(old.postfix.ports.inbound),
    }
    return [(".lock", lock), (".lock.deny_file", {"file": str(old.refused)}), (".lock.doveadm", doveadm)]


def _at(port: int) -> str:
    return f"127.0.0.1:{port}"
