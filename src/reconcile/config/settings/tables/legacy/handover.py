"""The tables [legacy.NAME.handover…]: how an old host sends a federation's domains on by their MX, and how that is
proved."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from reconcile.config.settings.mistake import mistake
from reconcile.config.settings.tables.legacy.database import refuse_other_databases
from reconcile.config.settings.tables.legacy.lock import Place
from reconcile.config.settings.tables.table import Name, Table
from reconcile.language.phrase import Phrase


class HandoverPostfix(Table):
    """Postfix tables as this machine reaches them, one domain or address a line."""

    virtual_domains_file: Path
    """That of virtual_mailbox_domains: a domain handed over leaves it."""
    relay_domains_file: Path
    """That of relay_domains: the domain is written there, and sent on by its MX."""
    aliases_file: Path
    """That of virtual_alias_maps: the domain's redirections and catch-all leave it, kept in spfstate/handovers."""
    reload: Annotated[tuple[Name, ...], Field(min_length=1)]
    """A program and its arguments after which Postfix sees the tables: postmap where they are compiled, then reload."""
    timeout_seconds: int = Field(60, ge=1)
    """Seconds after which it is stopped."""


class HandoverRows(Table):
    """Some rows of a domain in the old host's database. ``:domain`` is bound to the domain in each statement; each
    column of ``keep`` to its value in the two others, which are said once for each row."""

    keep: Name
    """A query that gives the rows of :domain that are not handed over; its first column names each."""
    hand_over: Name
    """The statement that takes one of them out, or changes it: DELETE FROM alias WHERE address = :address."""
    take_back: Name
    """The one that puts it back: INSERT INTO alias (address, targets) VALUES (:address, :targets)."""


class HandoverSql(Table):
    """The database that the old host's Postfix looks its domains and aliases up in."""

    database: str = ""
    """postgresql://user@host/name, or database_file."""
    database_file: Path | None = None
    """A file of SQLite."""
    password_file: Path | None = None
    """File holding PostgreSQL's password; RECONCILE_LEGACY_<NAME OF THE TABLE>_HANDOVER_SQL_PASSWORD comes first."""
    rows: Annotated[dict[str, HandoverRows], Field(min_length=1)]
    """What is changed, by a name of yours, in this order: the domain's row, then its aliases and its catch-all, kept in
    spfstate/handovers."""
    reload: tuple[Name, ...] = ()
    """A program and its arguments after which the host sees it; none where it looks into the database each time."""
    timeout_seconds: int = Field(60, ge=1)
    """Seconds after which it is stopped."""

    @model_validator(mode="after")
    def _one_database(self) -> HandoverSql:
        refuse_other_databases(self.database, self.database_file)
        for name, rows in self.rows.items():
            if not re.search(r"(?<!:):domain\b", rows.keep):
                raise mistake("domain", Phrase("keep of rows.{name} does not say :domain", name=name))
        return self


class HandoverCommand(Table):
    command: Annotated[tuple[Name, ...], Field(min_length=1)]
    """A program and its arguments; what it is told and must answer is in docs/handover.md."""
    timeout_seconds: int = Field(60, ge=1)
    """Seconds after which it is stopped."""


class HandoverByHand(Table):
    """Somebody hands over and takes back by hand, told what; it counts once it is proved."""

    hand_over: Annotated[tuple[Name, ...], Field(min_length=1)]
    """What to do, line by line; {domain} stands for each domain."""
    take_back: Annotated[tuple[Name, ...], Field(min_length=1)]
    """How it is taken back, likewise."""


class Handover(Table):
    """How the old host hands over: one of postfix, sql, command and by_hand (docs/handover.md)."""

    postfix: HandoverPostfix | None = None
    """Its Postfix tables."""
    sql: HandoverSql | None = None
    """Its database: rows taken out or changed."""
    command: HandoverCommand | None = None
    """A program of your own."""
    by_hand: HandoverByHand | None = None
    """Nobody but a person can."""
    sender: Name
    """The login, and address, of a mailbox of a third domain of this host, which moves last or never: it sends the
    probes and receives the reports on them."""
    sender_password_file: Path | None = None
    """File holding its password; RECONCILE_LEGACY_<NAME OF THE TABLE>_HANDOVER_PASSWORD comes first."""
    submission: Place
    """Where it sends: host:587 with STARTTLS, or host:465."""
    tenant_servers: Annotated[tuple[Name, ...], Field(min_length=1)] = (".outlook.com", ".mx.microsoft")
    """How the names of the servers end that the domains' MX leads to."""
    patience_seconds: float = Field(300, gt=0)
    """How long a report on a probe may take."""

    @model_validator(mode="after")
    def _one_way(self) -> Handover:
        if sum(way is not None for way in (self.postfix, self.sql, self.command, self.by_hand)) != 1:
            raise mistake("handover", "one of postfix, sql, command, by_hand is expected")
        if "@" not in self.sender:
            raise mistake("handover", "sender is a mailbox's login and address: it holds an @")
        if not self.submission:
            raise mistake("handover", "submission is missing: where the probes are sent")
        return self
