"""The tables [legacy.NAME.lock…] of reconcile.toml: how an old host refuses a federation's users, and how that is
proved."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from reconcile.config.settings.mistake import mistake
from reconcile.config.settings.tables.legacy.database import refuse_other_databases
from reconcile.config.settings.tables.legacy.inventory_sources import InventoryDoveadm
from reconcile.config.settings.tables.table import Name, Table
from reconcile.language.phrase import Phrase


def _place(text: str) -> str:
    if text and not re.fullmatch(r"[^\s:/@]+:[0-9]{1,5}|\[[0-9a-fA-F:]+\]:[0-9]{1,5}", text):
        raise mistake("place", "a host and its port are expected, such as mx.mutualise.example:25")
    return text


Place = Annotated[str, AfterValidator(_place)]


class LockDenyFile(Table):
    file: Path
    """The passwd-file of a passdb with deny = yes, as this machine reaches it: logins to refuse are written there."""


class LockSql(Table):
    """Statements on the database the old host looks its users up in. ``:login`` is bound to the login, ``:secret`` to
    what no password opens; each column of ``keep`` to the value it had before the lock."""

    database: str = ""
    """postgresql://user@host/name, or database_file."""
    database_file: Path | None = None
    """A file of SQLite."""
    password_file: Path | None = None
    """File holding PostgreSQL's password; RECONCILE_LEGACY_<NAME OF THE TABLE>_LOCK_SQL_PASSWORD comes first."""
    locked: Name
    """A query that gives a row when :login is locked."""
    keep: Name
    """A query that gives what the lock changes for :login: one row; it is sealed before anything is changed."""
    lock: Name
    """The statement that locks :login: UPDATE account SET password = :secret WHERE login = :login."""
    unlock: Name
    """The one that puts back what keep gave: UPDATE account SET password = :password WHERE login = :login."""

    @model_validator(mode="after")
    def _one_database(self) -> LockSql:
        refuse_other_databases(self.database, self.database_file)
        for name in ("locked", "keep", "lock", "unlock"):
            if not re.search(r"(?<!:):login\b", getattr(self, name)):
                raise mistake("login", Phrase("{name} does not say :login", name=name))
        return self


class LockCommand(Table):
    command: Annotated[tuple[Name, ...], Field(min_length=1)]
    """A program and its arguments; what it is told and must answer is in docs/lock.md."""
    timeout_seconds: int = Field(60, ge=1)
    """Seconds after which it is stopped."""


class LockByHand(Table):
    """Somebody locks and unlocks by hand, told what; it counts once it is proved."""

    lock: Annotated[tuple[Name, ...], Field(min_length=1)]
    """What to do, line by line; {login} stands for each login."""
    unlock: Annotated[tuple[Name, ...], Field(min_length=1)]
    """How it is taken back, likewise."""


class Lock(Table):
    """How the old host is locked: one of deny_file, sql, command and by_hand, or impossible with the reason."""

    impossible: str = ""
    """Why this host cannot be locked: its federations move with their old mailboxes open."""
    deny_file: LockDenyFile | None = None
    """Dovecot's list of refused users."""
    sql: LockSql | None = None
    """The old host's database: a column that refuses, or another password."""
    command: LockCommand | None = None
    """A program of your own."""
    by_hand: LockByHand | None = None
    """Nobody but a person can."""
    doveadm: InventoryDoveadm | None = None
    """Dovecot's HTTP API: forgets cached passwords and ends open sessions."""
    canary: str = ""
    """The login, and address, of a mailbox of each federation that nobody uses: canari@{domain}. It is locked with the
    others; by it the lock is proved."""
    canary_password_file: Path | None = None
    """File holding the canaries' password; RECONCILE_LEGACY_<NAME OF THE TABLE>_CANARY_PASSWORD comes first."""
    pop: Place | None = None
    """Where users read by POP3, over TLS: host:995; "" when they cannot."""
    submission: Place | None = None
    """Where users send: host:587 with STARTTLS, or host:465; "" when they cannot."""
    inbound: Place | None = None
    """Where the host receives: host:25."""
    patience_seconds: float = Field(60, gt=0)
    """How long a lock may take to be felt before it counts as not there."""
    parallel: int = Field(8, ge=1)
    """Federations locked at once on this host."""

    @model_validator(mode="after")
    def _whole(self) -> Lock:
        ways = [name for name in ("deny_file", "sql", "command", "by_hand") if getattr(self, name) is not None]
        if self.impossible:
            if ways:
                raise mistake("lock", Phrase("impossible, and {way}: one of the two", way=ways[0]))
            return self
        if len(ways) != 1:
            raise mistake("lock", "one of deny_file, sql, command, by_hand, or impossible, is expected")
        if "{domain}" not in self.canary and "{code}" not in self.canary:
            raise mistake("lock", "canary is a mailbox of each federation: it holds {domain} or {code}")
        for name in ("pop", "submission", "inbound"):
            if getattr(self, name) is None:
                raise mistake("lock", Phrase("{name} is missing: where, or nothing", name=name))
        if not self.inbound:
            raise mistake("lock", "inbound is missing: that mail still arrives is half of the proof")
        return self

    def canary_of(self, domain: str, code: str) -> str:
        """The canary of one federation: its login, and the address it receives at."""
        return self.canary.replace("{domain}", domain).replace("{code}", code).lower()
