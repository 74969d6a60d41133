"""What a postmaster may write in a federation file. The JSON Schema and the typed values both come from here."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from reconcile.config.federation.addresses import Domain, EmailAddress
from reconcile.config.federation.atrium import AtriumId
from reconcile.config.federation.scalars import Amount, Code, Date, Flag, Licence, Line, SchemaVersion, refuse
from reconcile.config.federation.section import Section
from reconcile.config.federation.structure import Structure

Right = Literal["read", "send_as", "send_on_behalf"]


class Directory(Section):
    """What the address book and the signature show."""

    last_name: Annotated[Line, Field(max_length=64)] | None = None
    """Family name; required for a personal mailbox."""
    first_name: Annotated[Line, Field(max_length=64)] | None = None
    """Given name; required for a personal mailbox."""
    job_title: Annotated[Line, Field(max_length=128)] | None = None
    """What the person does, as the signature says it."""
    phone: Annotated[Line, Field(max_length=64, examples=["03 53 01 00 01"])] | None = None
    """Phone number, in quotes; null when there is none to show."""
    atrium_id: AtriumId | None = None
    """The structure this address belongs to in Atrium: the number, or PopStructure's whole code. Without it, the
    federation's own."""


def _short_form(key: str, section: type[Section]) -> BeforeValidator:
    """A section that may be written as one address, the value of ``key``."""
    return BeforeValidator(
        lambda written: {key: written} if isinstance(written, str) else written,
        json_schema_input_type=EmailAddress | section,
    )


class Alias(Section):
    """An address whose messages arrive in the mailbox above it."""

    address: EmailAddress
    """The alias, in the same domain as its mailbox."""
    legacy_mail: Literal["merge", "drop"] | None = None
    """What becomes of the old messages when the alias has a mailbox of its own today: merge them into this one, or
    leave them behind."""


def _each_right_once(rights: tuple[Right, ...]) -> tuple[Right, ...]:
    if not rights:
        refuse("SPF105", "the list of rights is empty", "delete the line for the usual rights: read and send_as")
    return tuple(dict.fromkeys(rights))


class Delegate(Section):
    """Somebody who works in a shared mailbox."""

    who: EmailAddress
    """The person's own E1 or E3 address."""
    rights: Annotated[tuple[Right, ...], AfterValidator(_each_right_once)] = ("read", "send_as")
    """read opens the mailbox; send_as sends in its name; send_on_behalf sends in its name and says who wrote."""


class Mailbox(Section):
    """One mailbox of the new system."""

    licence: Licence
    """E1: in the browser, 50 GB. E3: with Outlook installed, 100 GB. shared (Partagée): used by the delegates, no
    licence, 50 GB. An alias is not a mailbox: write it under its mailbox's aliases."""
    legacy_login: Annotated[Line, Field(min_length=1, max_length=255)] | None = None
    """The login on the old host, when it is not the address."""
    public_folder: Annotated[Line, Field(min_length=1, max_length=255)] | None = None
    """A public folder of the old host that is this mailbox's old mail, with what is below it; legacy_login is then one
    that sees it."""
    new: Flag = False
    """true for an address that does not exist on the old host: nothing to copy."""
    aliases: tuple[Annotated[Alias, _short_form("address", Alias)], ...] = ()
    """Other addresses whose messages arrive here: an address, or {address, legacy_mail}."""
    display_name: Annotated[Line, Field(min_length=1, max_length=256)] | None = None
    """The name the address book shows; for a person it is made of the directory's names."""
    delegates: tuple[Annotated[Delegate, _short_form("who", Delegate)], ...] = ()
    """Who works in this shared mailbox: an address, or {who, rights}."""
    single_user: Flag = False
    """true for a generic address that one person keeps as their own sign-in: an exemption, advised against."""
    hidden: Flag = False
    """true to leave the address out of the address book."""
    was: EmailAddress | None = None
    """The address this mailbox had before, in any domain of the federation: it is renamed, keeps its mail, and receives
    at both."""
    protected: Flag = False
    """true: deleting this mailbox is refused, even once it has been taken out of this file."""
    directory: Directory = Directory.model_construct()
    """Names, job title, phone and structure."""


class NotMigrated(Section):
    """An old address that is given up: after the switch its messages are refused."""

    address: EmailAddress
    """The old address."""
    why: Line | None = None
    """The reason, for whoever asks later."""


class Contact(Section):
    """Whom the postmaster calls, and who receives the passwords."""

    name: Annotated[Line, Field(min_length=1)]
    """The person's name."""
    phone: Annotated[Line, Field(max_length=64)] | None = None
    """A phone, in quotes, that answers on the eve of the migration."""
    email: EmailAddress
    """An address outside the federation's domain: it must work while the domain is being switched."""
    poptransfert: Line | None = None
    """The PopTransfert account that receives the passwords."""
    age_recipient: Line | None = None
    """An age public key, when the passwords are to be encrypted to it."""


class SurchargeTold(Section):
    """The surcharge for E3 licences above the quota, as it was announced."""

    date: Date
    """When it was announced."""
    monthly: Amount
    """The amount, in euros a month."""


class Migration(Section):
    """The federation's calendar."""

    dates: tuple[Date, ...] = ()
    """The dates the federation asks for, the preferred first."""
    date: Date | None = None
    """The date kept by the postmaster: day J. Everything else is computed from it."""
    rehearsed: Date | None = None
    """When the trial of the domain's transfer succeeded."""
    surcharge_told: SurchargeTold | None = None
    """The surcharge as announced before the switch."""
    confirmed: Date | None = None
    """When both sides agreed on the date (J-5)."""
    closed: Date | None = None
    """When the migration was over and its exceptions signed off: from then on no old host is needed."""


class Legacy(Section):
    """Where the old mailboxes are."""

    server: Annotated[Line, Field(min_length=1)]
    """A [legacy.NAME] table of reconcile.toml."""


#: The rules and gates that a line of the file may set aside. Not among them: a confirmed date, without which nothing
#: irreversible happens.
Waivable = Literal[
    "SPF501",
    "SPF502",
    "SPF590",
    "GAT02",
    "GAT03",
    "GAT05",
    "GAT06",
    "GAT07",
    "GAT08",
    "GAT09",
    "GAT10",
    "GAT11",
    "GAT30",
    "GAT47",
    "GAT51",
    "GAT52",
]


class FederationFile(Section):
    """One federation file, as written."""

    schema_version: Annotated[SchemaVersion, Field(alias="schema")] = 1
    """The version of this file's shape."""
    code: Code
    """The department's number or the region's code, in quotes: "55", "2A", "971". The file is named after it."""
    name: Annotated[Line, Field(min_length=1)]
    """The federation's full name."""
    kind: Literal["federation", "region"] = "federation"
    """A département federation or a region."""
    domain: Domain
    """The federation's mail domain."""
    subdomains: tuple[Domain, ...] = ()
    """Domains under it, of towns for instance; they migrate the same day."""
    atrium_id: AtriumId | None = None
    """The structure of every address that names no other: the federation's seat."""
    structures: tuple[Structure, ...] = ()
    """The places its addresses belong to, with what the address book and signatures say of each."""
    contact: Contact | None = None
    """Whom the postmaster calls."""
    migration: Migration = Migration.model_construct()
    """The calendar."""
    overrides: dict[Waivable, Annotated[Line, Field(min_length=1)]] = Field(default={})
    """Rules and gates that do not hold and are set aside, each with the reason, such as SPF502: the date was full."""
    legacy: Legacy | None = None
    """The old host."""
    external_members: tuple[EmailAddress, ...] = ()
    """People and groups of other domains who may be delegates of its shared mailboxes, such as national staff."""
    mailboxes: dict[EmailAddress, Mailbox]
    """Every mailbox of the new system, by address."""
    not_migrated: tuple[Annotated[NotMigrated, _short_form("address", NotMigrated)], ...] = ()
    """The old addresses that are given up: an address, or {address, why}."""
