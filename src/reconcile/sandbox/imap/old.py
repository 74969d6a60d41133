"""The old host: logins with passwords, one master user, mail in Maildir."""

from __future__ import annotations

import hashlib
import re
import secrets
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

from reconcile.problem import Problem
from reconcile.sandbox.imap.configuration import Settings
from reconcile.sandbox.imap.host import MailHost

MASTER_USER = "copier"
SEPARATOR = "*"

#: Stock Maildir: folders nest with a dot. The special folders bear the names a French webmail gives them.
SPECIAL_FOLDERS = {
    "Éléments envoyés": "\\Sent",
    "Brouillons": "\\Drafts",
    "Corbeille": "\\Trash",
    "Indésirables": "\\Junk",
}


class OldHost(MailHost):
    """The Dovecot people leave. ``passwords`` are the users' own, by login; ``master_password`` opens them all.

    Raises Problem SBX12 for a login that no host would accept.
    """

    def __init__(self, folder: Path, logins: Sequence[str], program: Path | None = None) -> None:
        super().__init__("old", folder, program)
        self.owner = self._dovecot.owner
        self.master_password = secrets.token_urlsafe(18)
        self.passwords: Mapping[str, str] = {_sane(login).lower(): secrets.token_urlsafe(9) for login in logins}
        self._write_accounts(folder)

    def start(self) -> None:
        """Open the doors. Raises Problem SBX10 or SBX11."""
        self._dovecot.start(self._settings())

    def maildir(self, login: str) -> Path:
        """Where that login's mail stands, to be filled before anybody signs in."""
        return self._dovecot.mail / login.lower() / "Maildir"

    def _settings(self) -> Settings:
        folder = self._dovecot.folder
        account = "FROM account WHERE login = '%{user | lower}'"
        folders = {
            f'mailbox "{name}"': {"special_use": use, "auto": "subscribe"} for name, use in SPECIAL_FOLDERS.items()
        }
        return {
            "auth_mechanisms": "plain login",
            "auth_master_user_separator": SEPARATOR,
            "mail_driver": "maildir",
            "mail_path": "~/Maildir",
            "mail_max_userip_connections": 20,
            "namespace inbox": {"inbox": True, **folders},
            "sql_driver": "sqlite",
            "sqlite_path": f"{folder}/accounts.sqlite",
            "passdb masters": {
                "driver": "passwd-file",
                "master": True,
                "passwd_file_path": f"{folder}/master-users",
                "result_success": "continue",
            },
            "passdb sql": {"sql_query": f"SELECT password {account}"},
            "userdb sql": {"sql_query": f"SELECT '{self._dovecot.mail}/' || login AS home {account}"},
        }

    def _write_accounts(self, folder: Path) -> None:
        master = folder / "master-users"
        master.write_text(f"{MASTER_USER}:{_digest(self.master_password)}\n", encoding="utf-8")
        with sqlite3.connect(folder / "accounts.sqlite") as accounts:
            accounts.execute("CREATE TABLE account (login TEXT PRIMARY KEY, password TEXT NOT NULL)")
            rows = [(login, _digest(password)) for login, password in self.passwords.items()]
            accounts.executemany("INSERT INTO account VALUES (?, ?)", rows)
        accounts.close()


def _sane(login: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._@+'&-]*", login):
        raise Problem(
            "SBX12", f"The sandbox's old host cannot have a login {login!r}.", "letters, digits and . _ @ + ' & -"
        )
    return login


def _digest(password: str) -> str:
    """A random password of our own needs no slow digest."""
    return "{SHA256.HEX}" + hashlib.sha256(password.encode()).hexdigest()
