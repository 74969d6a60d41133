"""The old host: logins with passwords, one master user, mail in Maildir, aliases in a table, Sieve, doveadm by HTTP."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import hashlib
import re
import secrets
import sqlite3
import ssl
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.sandbox.imap.configuration import Settings
from reconcile.sandbox.imap.host import MailHost
from reconcile.sandbox.imap.maildir import INBOX, StoredMessage, write_maildir
from reconcile.sandbox.imap.old_front import OldFront
from reconcile.sandbox.imap.public_folders import PublicFolders

MASTER_USER = "copier"
SEPARATOR = "*"

#: Stock Maildir: folders nest with a dot. The special folders bear the names a French webmail gives them.
SPECIAL_FOLDERS = {
    "Éléments envoyés": "\\Sent",
    "Brouillons": "\\Drafts",
    "Corbeille": "\\Trash",
    "Indésirables": "\\Junk",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Accounts:
    """What there is of accounts besides their logins. ``addresses``: of logins that are none themselves. ``aliases``:
    address → where its messages go. ``known``: passwords that are not drawn, by login."""

    addresses: Mapping[str, str] = dataclasses.field(default_factory=dict)
    aliases: Mapping[str, Sequence[str]] = dataclasses.field(default_factory=dict)
    known: Mapping[str, str] = dataclasses.field(default_factory=dict)


NOTHING_MORE = Accounts()


class OldHost(MailHost):
    """The Dovecot people leave. ``passwords`` are the users' own, by login; ``master_password`` opens them all; the key
    in ``doveadm_key_file`` opens the doveadm API on ``doveadm_port``.

    The file ``accounts`` has what is given of them, with the day of each login's last use. ``odd``: it answers as the
    oddest of old hosts do (``old_front``). ``public``: folders that every login sees.
    Raises Problem SBX12 for a login that no host would accept, or a public folder.
    """

    def __init__(
        self,
        folder: Path,
        logins: Sequence[str],
        program: Path | None = None,
        accounts: Accounts = NOTHING_MORE,
        *,
        odd: bool = False,
        public: Sequence[str] = (),
    ) -> None:
        super().__init__("old", folder, program)
        self.owner = self._dovecot.owner
        self._odd = odd
        self._public = PublicFolders(public, self._dovecot.mail)
        self._namespaces = self._public.settings()
        self._front: OldFront | None = None
        self.master_password = secrets.token_urlsafe(18)
        self.accounts = folder / "accounts.sqlite"
        #: Logins that are refused, a line each: empty on the first day.
        self.refused = folder / "refused"
        self.refused.touch(mode=0o644)
        self.doveadm_key_file = folder / "doveadm-key"
        self.doveadm_key_file.touch(mode=0o600)
        self.doveadm_key_file.write_text(secrets.token_urlsafe(18))
        self.passwords: Mapping[str, str] = {
            _sane(login).lower(): accounts.known.get(login.lower()) or secrets.token_urlsafe(9) for login in logins
        }
        self._write_accounts(folder, accounts.addresses, accounts.aliases)

    def start(self) -> None:
        """Start listening. Raises Problem SBX10 or SBX11."""
        self._dovecot.start(self._settings(), self.doveadm_key_file.read_text())
        if self._odd:
            towards = ssl.create_default_context(cafile=str(self.ca_file))
            self._front = OldFront(self._dovecot.port, self._dovecot.certificates.as_server(), towards).start()

    def stop(self) -> None:
        if self._front is not None:
            self._front.stop()
        super().stop()

    @property
    def port(self) -> int:
        return self._front.port if self._front else super().port

    @property
    def doveadm_port(self) -> int:
        """Where its doveadm speaks HTTP over TLS; known once started."""
        return self._dovecot.doveadm_port

    def filter(self, login: str, name: str, script: str) -> None:
        """Give that login an active Sieve script, before anybody signs in."""
        home = self.maildir(login).parent
        scripts = home / "sieve"
        for folder in (home, scripts):
            folder.mkdir(mode=0o700, exist_ok=True)
            self.owner.take(folder)
        file = scripts / f"{name}.sieve"
        file.write_text(script, encoding="utf-8")
        self.owner.take(file)
        active = home / ".dovecot.sieve"
        active.symlink_to(Path("sieve") / file.name)
        self.owner.take(active)

    def maildir(self, login: str) -> Path:
        """Where that login's mail stands, to be filled before anybody signs in."""
        return self._dovecot.mail / login.lower() / "Maildir"

    def publish(self, name: str, messages: Iterable[StoredMessage]) -> int:
        """Fill a public folder, before anybody signs in, with all that these messages stand in; how many they are."""
        maildir, root = self._public.maildir(name)
        below = [
            dataclasses.replace(one, folder=root if one.folder == INBOX else (*root, *one.folder)) for one in messages
        ]
        return write_maildir(maildir, self.owner, below)

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
            "namespace inbox": {"inbox": True, "separator": self._public.separator, **folders},
            **self._namespaces,
            "sql_driver": "sqlite",
            "sqlite_path": f"{folder}/accounts.sqlite",
            "passdb refused": {"driver": "passwd-file", "deny": True, "passwd_file_path": str(self.refused)},
            # Its usual result: with "continue", whoever is refused above would be refused to the master user too.
            "passdb masters": {"driver": "passwd-file", "master": True, "passwd_file_path": f"{folder}/master-users"},
            "passdb sql": {"sql_query": f"SELECT password {account}"},
            "userdb sql": {
                "sql_query": f"SELECT '{self._dovecot.mail}/' || login AS home {account}",
                "sql_iterate_query": "SELECT login AS user FROM account",
            },
        }

    def _write_accounts(self, folder: Path, addresses: Mapping[str, str], aliases: Mapping[str, Sequence[str]]) -> None:
        master = folder / "master-users"
        master.write_text(f"{MASTER_USER}:{_digest(self.master_password)}\n", encoding="utf-8")
        with contextlib.closing(sqlite3.connect(self.accounts)) as accounts, accounts:
            columns = "login TEXT PRIMARY KEY, password TEXT NOT NULL, address TEXT, last_login INTEGER"
            accounts.execute(f"CREATE TABLE account ({columns})")
            rows = [
                (login, _digest(password), addresses.get(login, login), _last_login(login))
                for login, password in self.passwords.items()
            ]
            accounts.executemany("INSERT INTO account VALUES (?, ?, ?, ?)", rows)
            accounts.execute("CREATE TABLE alias (address TEXT PRIMARY KEY, targets TEXT NOT NULL)")
            lines = [(address, ", ".join(targets)) for address, targets in aliases.items()]
            accounts.executemany("INSERT INTO alias VALUES (?, ?)", lines)
        accounts.close()


def _sane(login: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._@+'&-]*", login):
        raise Problem(
            "SBX12",
            Phrase("The sandbox's old host cannot have a login {login!r}.", login=login),
            "letters, digits and . _ @ + ' & -",
        )
    return login


def _digest(password: str) -> str:
    """A random password of our own needs no slow digest."""
    return "{SHA256.HEX}" + hashlib.sha256(password.encode()).hexdigest()


def _last_login(login: str) -> int:
    """Some day of the last weeks before the first batch, the same for the same login; seconds since 1970."""
    days = int(hashlib.sha256(login.encode()).hexdigest()[:4], 16) % 40
    return int(dt.datetime(2025, 1, 3, 9, tzinfo=dt.UTC).timestamp()) - days * 86400
