"""What a postmaster may write in a federation file. The JSON Schema and the typed values both come from here."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Domain = str
EmailAddress = str


class Section(BaseModel):
    """A mapping of a federation file: frozen, no key but those described."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Directory(Section):
    last_name: str | None = None
    first_name: str | None = None
    job_title: str | None = None
    phone: str | None = None
    atrium_id: int | None = None


class Alias(Section):
    address: EmailAddress
    legacy_mail: Literal["merge", "drop"] | None = None


class Delegate(Section):
    who: EmailAddress
    rights: tuple[Literal["read", "send_as", "send_on_behalf"], ...] = ("read", "send_as")


class Mailbox(Section):
    licence: Literal["E1", "E3", "shared"]
    legacy_login: str | None = None
    new: bool = False
    aliases: tuple[Alias, ...] = ()
    display_name: str | None = None
    delegates: tuple[Delegate, ...] = ()
    single_user: bool = False
    hidden: bool = False
    directory: Directory = Directory()


class NotMigrated(Section):
    address: EmailAddress
    why: str | None = None


class Contact(Section):
    name: str
    phone: str | None = None
    email: EmailAddress
    poptransfert: str | None = None
    age_recipient: str | None = None


class SurchargeTold(Section):
    date: dt.date
    monthly: Decimal


class Migration(Section):
    dates: tuple[dt.date, ...] = ()
    date: dt.date | None = None
    rehearsed: dt.date | None = None
    surcharge_told: SurchargeTold | None = None
    confirmed: dt.date | None = None


class Legacy(Section):
    server: str


class FederationFile(Section):
    """One federation file, as written."""

    schema_version: Annotated[int, Field(alias="schema", ge=1, le=1)] = 1
    code: str
    name: str
    kind: Literal["federation", "region"] = "federation"
    domain: Domain
    subdomains: tuple[Domain, ...] = ()
    atrium_id: int | None = None
    contact: Contact | None = None
    migration: Migration = Migration()
    legacy: Legacy | None = None
    mailboxes: dict[EmailAddress, Mailbox]
    not_migrated: tuple[NotMigrated, ...] = ()
