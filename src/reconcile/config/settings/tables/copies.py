"""The table [copies]: where the list of copies is kept, and how fast they may go."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from reconcile.config.settings.in_the_clear import postgres_is_secured, refuse_in_the_clear
from reconcile.config.settings.mistake import mistake
from reconcile.config.settings.tables.table import Table
from reconcile.language.phrase import Phrase


class Copies(Table):
    """Where the list of copies and the ledgers are kept, and how fast copies may go, by all workers together."""

    database: str = ""
    """postgresql://user@host/database when workers on several hosts share it; else files in spfstate/copies."""
    database_password_file: Path | None = None
    """File holding its password; RECONCILE_COPIES_PASSWORD comes first. With neither, ~/.pgpass and the like count."""
    mailboxes: int = Field(64, ge=1)
    """Mailboxes copied at once: the new host's limit."""
    starts_per_minute: int = Field(0, ge=0)
    """Mailboxes begun in a minute, of one old host; 0 for no limit."""
    messages_per_second: float = Field(0, ge=0)
    """Messages copied in a second by one worker; 0 for no limit."""
    in_the_clear: bool = False
    """true to reach the database unencrypted over a network: an address without sslmode=verify-full, verify-ca or
    require."""

    @model_validator(mode="after")
    def _only_when_said(self) -> Copies:
        if self.database and not (self.in_the_clear or postgres_is_secured(self.database)):
            refuse_in_the_clear(Phrase("the list of copies"), urlsplit(self.database).hostname or "it", "in_the_clear")
        return self

    @field_validator("database")
    @classmethod
    def _postgres(cls, url: str) -> str:
        if url and not url.startswith(("postgresql://", "postgres://")):
            # Not shown: it may hold a password.
            raise mistake("database", "the address does not begin with postgresql://")
        return url
