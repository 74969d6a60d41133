"""What the tables of the old and the new mail hosts have in common."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from reconcile.config.settings.in_the_clear import refuse_in_the_clear
from reconcile.config.settings.tables.table import Name, Port, Table
from reconcile.language.phrase import Phrase


class ImapServer(Table):
    """A mail host, and how it is reached."""

    host: Name
    """The IMAP server."""
    port: Port = 993
    """Its port; 143 when unsaid and tls is "starttls"."""
    tls: bool | Literal["starttls"] = True
    """true: TLS from the first byte; "starttls": asked for on the plain port before anything else is said; false for a
    server on this machine, or a network nobody else is on."""
    ca_file: Path | None = None
    """Certificate authority to trust instead of the usual ones."""
    connections: int = Field(8, ge=1, le=64)
    """Connections per mailbox at most; as many are opened as the work is worth."""
    in_the_clear: bool = False
    """true to let passwords and mail cross a network unencrypted: tls = false, to a host that is not this machine."""

    @model_validator(mode="before")
    @classmethod
    def _the_port_of_starttls(cls, written: object) -> object:
        if isinstance(written, Mapping) and written.get("tls") == "starttls" and "port" not in written:
            return {**written, "port": 143}
        return written

    @model_validator(mode="after")
    def _only_when_said(self) -> ImapServer:
        if not (self.tls or self.in_the_clear):
            refuse_in_the_clear(Phrase("mail and its password"), self.host, "in_the_clear")
        return self
