"""The things a tenant holds."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any


@dataclasses.dataclass(slots=True)
class User:
    """A user of the directory. ``values`` holds Graph's properties as Graph shows them; absent means null or empty."""

    id: str
    values: dict[str, Any]
    created: dt.datetime
    #: From when a GET by id, and from when lists and filters, find it.
    found_from: dt.datetime
    listed_from: dt.datetime
    #: skuId → disabled plans.
    licences: dict[str, list[str]] = dataclasses.field(default_factory=dict)
    deleted: dt.datetime | None = None
    #: The passwords it was given, the last one in force; in memory alone.
    passwords: list[str] = dataclasses.field(default_factory=list, repr=False)
    #: From when on sessions count.
    sessions_from: dt.datetime | None = None
    #: Whether something unseen keeps the mailbox from coming.
    conflicted: bool = False

    @property
    def upn(self) -> str:
        return str(self.values["userPrincipalName"])


@dataclasses.dataclass(slots=True)
class Permission:
    """An entry of a mailbox's access list; ``trustee`` is an object id, or a name for what has none."""

    trustee: str
    rights: list[str]
    inherited: bool = False
    deny: bool = False
    inheritance: str = "All"


@dataclasses.dataclass(slots=True)
class Mailbox:
    """A mailbox. ``user_id`` is the directory object behind it (ExternalDirectoryObjectId)."""

    guid: str
    user_id: str
    name: str
    alias: str
    shared: bool
    addresses: list[str]
    created: dt.datetime
    on_behalf: list[str] = dataclasses.field(default_factory=list)
    access: list[Permission] = dataclasses.field(default_factory=list)
    send_as: list[str] = dataclasses.field(default_factory=list)
    #: Output properties that were set, by their name.
    settings: dict[str, Any] = dataclasses.field(default_factory=dict)
    protocols: dict[str, Any] = dataclasses.field(default_factory=dict)
    #: Bytes of mail in it.
    stored: int = 0
    #: When it lost its user or its licence; such a box is kept and opened to nobody.
    disconnected: dt.datetime | None = None


@dataclasses.dataclass(slots=True)
class OtherRecipient:
    """What has a mail address and is no mailbox. ``kind`` is its RecipientTypeDetails; a guest is a user as well."""

    id: str
    guid: str
    kind: str
    name: str
    addresses: list[str]
    deleted: dt.datetime | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Principal:
    """An application as Exchange knows it."""

    app_id: str
    name: str


@dataclasses.dataclass(slots=True)
class Domain:
    """A domain, from its addition to its use for mail."""

    name: str
    verified: bool = False
    initial: bool = False
    default: bool = False
    root: bool = True
    services: list[str] = dataclasses.field(default_factory=list)
    #: From when every replica lets users be named in it.
    usable_from: dt.datetime | None = None
    #: From when its service records can be read.
    records_from: dt.datetime | None = None
    #: None until Exchange accepts the domain.
    accepted_as: str | None = None
    match_subdomains: bool = False
    #: Of an authoritative domain whose edge is stuck: the moment of the list of recipients it goes by.
    edge_made: dt.datetime | None = None
    #: Until when the verifier remembers that the TXT was missing.
    unseen_until: dt.datetime | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Elsewhere:
    """A domain of another tenant. ``viral``: nobody administers that one; its ``people`` signed up by themselves, and
    come along with the domain. ``forced``: it has services that only a forced takeover overrides."""

    tenant_id: str
    viral: bool = False
    forced: bool = False
    people: tuple[str, ...] = ()
