"""The tables [legacy.NAME.inventory.…] of reconcile.toml: where an old host's addresses are read from."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator, model_validator

from reconcile.config.settings.mistake import mistake
from reconcile.config.settings.tables.legacy.database import refuse_other_databases
from reconcile.config.settings.tables.table import Name, Port, Table


class InventoryCsv(Table):
    file: Path
    """A CSV file, relative to reconcile.toml. Its titles: adresse, identifiant, taille_octets, messages, type, cible,
    dernier_acces, filtres, reponse_automatique; or their English."""


class InventoryDoveadm(Table):
    url: str
    """The address of Dovecot's doveadm HTTP API, such as https://imap.mutualise.example:8080."""
    ca_file: Path | None = None
    """Certificate authority to trust instead of the usual ones."""
    key_file: Path | None = None
    """File holding doveadm_api_key; RECONCILE_LEGACY_<NAME OF THE TABLE>_DOVEADM_KEY comes first."""

    @field_validator("url")
    @classmethod
    def _an_address(cls, url: str) -> str:
        if not re.fullmatch(r"https?://[^/@\s]+(/doveadm/v1)?/?", url):
            # Not shown: it may hold a password.
            raise mistake("url", "the address is not like https://imap.mutualise.example:8080")
        return url


class InventorySql(Table):
    database: str = ""
    """postgresql://user@host/name, or database_file."""
    database_file: Path | None = None
    """A file of SQLite."""
    password_file: Path | None = None
    """File holding PostgreSQL's password; RECONCILE_LEGACY_<NAME OF THE TABLE>_SQL_PASSWORD comes first. With neither,
    ~/.pgpass and the like count."""
    mailboxes: str = ""
    """A query that lists mailboxes: columns address, login, size (bytes), messages, last_used, targets, filters,
    vacation; those it has."""
    aliases: str = ""
    """A query that lists aliases, forwards, lists and catch-alls (@domain): columns address, targets (between commas),
    and kind where the host knows it: alias, forward, list, catch_all."""

    @model_validator(mode="after")
    def _one_database_and_a_query(self) -> InventorySql:
        refuse_other_databases(self.database, self.database_file)
        if not (self.mailboxes or self.aliases):
            raise mistake("query", "a query is expected: mailboxes, aliases or both")
        return self


class InventoryOvh(Table):
    """Mailboxes at OVH (MX Plan). Its three keys come from the environment, RECONCILE_LEGACY_<NAME OF THE TABLE>_OVH_
    followed by APPLICATION_KEY, APPLICATION_SECRET and CONSUMER_KEY, or from files."""

    endpoint: Annotated[str, Field(pattern="^https://|^http://127[.]0[.]0[.]1:")] = "https://eu.api.ovh.com/1.0"
    """The API's address."""
    ca_file: Path | None = None
    """Certificate authority to trust instead of the usual ones."""
    application_key_file: Path | None = None
    """File holding the application key; the environment comes first."""
    application_secret_file: Path | None = None
    """File holding the application secret; the environment comes first."""
    consumer_key_file: Path | None = None
    """File holding the consumer key; the environment comes first."""


class InventoryCommand(Table):
    command: Annotated[tuple[Name, ...], Field(min_length=1)]
    """A program and its arguments; what it is told and must answer is in docs/inventory.md."""
    timeout_seconds: int = Field(600, ge=1)
    """Seconds after which it is stopped."""


class InventoryImap(Table):
    """Sizes, counts and last use by IMAP, as the master user of [legacy.NAME]: for a host that tells nothing else."""

    logins: tuple[Name, ...] = ()
    """More logins to weigh, besides those the federation files name."""


class InventoryManageSieve(Table):
    """Filters and automatic replies by ManageSieve, as the master user of [legacy.NAME], on the same host."""

    port: Port = 4190
    """Where it listens; it must offer STARTTLS, unless the host's tls is false."""


class InventorySources(Table):
    """Where the old host's addresses are read from. Several complete each other."""

    csv: InventoryCsv | None = None
    """A file somebody exported."""
    sql: InventorySql | None = None
    """The old host's database."""
    ovh: InventoryOvh | None = None
    """An account at OVH."""
    command: InventoryCommand | None = None
    """A program of your own."""
    doveadm: InventoryDoveadm | None = None
    """Dovecot's HTTP API."""
    imap: InventoryImap | None = None
    managesieve: InventoryManageSieve | None = None
    """The mailboxes themselves, opened by the master user."""
