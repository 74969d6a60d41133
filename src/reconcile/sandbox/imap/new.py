"""The new host, in Exchange Online's manner: tokens only, and only mailboxes the tenant has provisioned and opened."""

from __future__ import annotations

import contextlib
import dataclasses
import sqlite3
import ssl
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from reconcile.sandbox.imap.configuration import Settings
from reconcile.sandbox.imap.exchange_behaviour import ExchangeBehaviour
from reconcile.sandbox.imap.exchange_front import ExchangeFront
from reconcile.sandbox.imap.host import MailHost
from reconcile.sandbox.processes import free_port

AUDIENCE = "https://outlook.office365.com"

#: Exchange Online's own line: no MULTIAPPEND, CONDSTORE, QRESYNC, SPECIAL-USE or QUOTA.
CAPABILITY = "IMAP4 IMAP4rev1 SASL-IR UIDPLUS MOVE ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+"

DEFAULT_FOLDERS = {
    "Sent Items": "\\Sent",
    "Drafts": "\\Drafts",
    "Deleted Items": "\\Trash",
    "Junk Email": "\\Junk",
    "Archive": "\\Archive",
    "Outbox": "",
}


@dataclasses.dataclass(frozen=True, slots=True)
class TokenIssuer:
    """Whose tokens are believed: the tenant's issuer and key, the application and its service principal's object id."""

    issuer: str
    signing_key_id: str
    public_key_pem: bytes
    client_id: str
    principal: str


class NewHost(MailHost):
    """The Dovecot people move to, behind a front that behaves as Exchange; ``behaviour.json`` in its folder may
    change each switch from the next connection on. It learns of mailboxes from the tenant (a ``MailboxListener``),
    started or not.
    """

    def __init__(
        self,
        folder: Path,
        program: Path | None = None,
        usual: ExchangeBehaviour | None = None,
        *,
        receives: bool = False,
    ) -> None:
        """``receives``: it also takes mail for a box, named by its GUID, by LMTP on ``lmtp_port``."""
        super().__init__("new", folder, program)
        self.lmtp_port = free_port() if receives else 0
        self._behaviour = folder / "behaviour.json"
        self._front: ExchangeFront | None = None
        self._usual = usual
        self._boxes = folder / "boxes.sqlite"
        self._one_writer = threading.Lock()
        with self._writing() as boxes:
            boxes.execute("CREATE TABLE address (address TEXT PRIMARY KEY, guid TEXT NOT NULL, open INTEGER NOT NULL)")

    def start(self, trusted: TokenIssuer) -> None:
        """Start listening, for that issuer's tokens. Raises Problem SBX10 or SBX11."""
        folder = self._dovecot.folder
        key = folder / "keys" / trusted.client_id / "RS256" / trusted.signing_key_id
        key.parent.mkdir(parents=True, exist_ok=True)
        key.write_bytes(trusted.public_key_pem)
        self._dovecot.start({"oauth2": self._token_gate(trusted), **self._settings()})
        self._front = ExchangeFront(
            self._dovecot.port,
            lambda: ExchangeBehaviour.read(self._behaviour, self._usual),
            tls=self._dovecot.certificates.as_server(),
            target_tls=ssl.create_default_context(cafile=str(self.ca_file)),
        ).start()

    def stop(self) -> None:
        if self._front is not None:
            self._front.stop()
        super().stop()

    @property
    def port(self) -> int:
        return self._front.port if self._front else 0

    def mailbox_exists(self, guid: str, addresses: Sequence[str], open_to_copier: bool) -> None:
        """All its addresses open the same box, kept under the guid, from the next sign-in on."""
        with self._writing() as boxes:
            boxes.execute("DELETE FROM address WHERE guid = ?", (guid.lower(),))
            rows = [(address.lower(), guid.lower(), open_to_copier) for address in addresses]
            boxes.executemany("INSERT OR REPLACE INTO address VALUES (?, ?, ?)", rows)

    def mailbox_gone(self, guid: str) -> None:
        """Nobody signs in any more; the mail stays on disk for the day the mailbox is restored."""
        with self._writing() as boxes:
            boxes.execute("DELETE FROM address WHERE guid = ?", (guid.lower(),))

    def mailboxes(self) -> int:
        """How many boxes can be named at this moment."""
        with self._writing() as boxes:
            (count,) = boxes.execute("SELECT count(DISTINCT guid) FROM address").fetchone()
        return int(count)

    def _settings(self) -> Settings:
        # Two gates, both to be passed: first the token, then the box named in user=, which must be open. 2.4 lets in
        # whom no passdb knows once his token is good, so that boxes that are not open are denied by name.
        box = "FROM address WHERE address = '%{user | lower}' AND open"
        receiving: Settings = {
            "protocols": "imap lmtp",
            "service lmtp": {"inet_listener lmtp": {"port": self.lmtp_port}},
        }
        return {
            **(receiving if self.lmtp_port else {}),
            "auth_mechanisms": "xoauth2 oauthbearer",
            "imap_capability": CAPABILITY,
            "mail_driver": "sdbox",
            "mail_path": "~/sdbox",
            "mail_max_userip_connections": 100,
            "namespace inbox": {"inbox": True, "separator": "/", **_folders()},
            "sql_driver": "sqlite",
            "sqlite_path": str(self._boxes),
            "passdb closed": {
                "driver": "sql",
                "deny": True,
                "sql_query": f"SELECT NULL AS password, 'Y' AS nopassword WHERE NOT EXISTS (SELECT 1 {box})",
            },
            "passdb sql": {"sql_query": f"SELECT NULL AS password, 'Y' AS nopassword, guid AS user {box}"},
            "userdb sql": {"sql_query": f"SELECT '{self._dovecot.mail}/%{{user | lower}}' AS home"},
        }

    def _token_gate(self, trusted: TokenIssuer) -> Settings:
        """An application's token names no user: its object id is compared, where it may use IMAP, and the user's name
        with itself."""
        return {
            "introspection_mode": "local",
            "oauth2_local_validation": {"dict fs": {"fs posix": {"prefix": f"{self._dovecot.folder}/keys/"}}},
            "issuers": trusted.issuer,
            "client_id": AUDIENCE,
            "client_secret": "unused",
            "username_attribute": "oid",
            "username_validation_format": "%{event:user}",
            "active_attribute": "sandbox_imap",
            "active_value": trusted.principal,
        }

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._one_writer, contextlib.closing(sqlite3.connect(self._boxes)) as boxes:
            boxes.execute("PRAGMA synchronous = OFF")
            with boxes:
                yield boxes


def _folders() -> Settings:
    return {
        f'mailbox "{name}"': {"auto": "subscribe", **({"special_use": use} if use else {})}
        for name, use in DEFAULT_FOLDERS.items()
    }
