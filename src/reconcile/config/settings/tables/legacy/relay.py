"""The tables [legacy.NAME.relay]: where the tenant hands on mail for addresses it does not know yet."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import field_validator, model_validator

from reconcile.config.settings.mistake import mistake
from reconcile.config.settings.tables.table import Table
from reconcile.language.phrase import Phrase

_HOST = re.compile(r"(?=.{1,253}\Z)([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9-]{2,63}")


class Relay(Table):
    """Mail for addresses that a tenant does not know goes there, from a federation's switch until its domains are
    authoritative (docs/cutover.md)."""

    host: str
    """The server that receives mail for the old mailboxes: a name or an IPv4 address, never a name that is looked up as
    an MX, for after the switch that would be the tenant itself."""
    tls: Literal["opportunistic", "encrypted", "certificate", "name"] = "encrypted"
    """What Exchange asks of the server's TLS: nothing, any certificate, a public one, or a public one for `name`."""
    name: str = ""
    """The name its certificate must bear, with tls = "name"."""

    @field_validator("host")
    @classmethod
    def _one_server(cls, host: str) -> str:
        if not _HOST.fullmatch(host):
            raise mistake("relay", Phrase("{host} is neither a server's name nor its address", host=repr(host)))
        return host.lower()

    @model_validator(mode="after")
    def _a_name_to_compare(self) -> Relay:
        if (self.tls == "name") != bool(self.name):
            raise mistake("relay", 'name and tls = "name" go together')
        return self
