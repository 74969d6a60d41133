"""Network-wide facts, from reconcile.toml: the tenant, the licences, the DNS and mail servers, what is protected."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from reconcile.config.batches import Batch, Prices, dates_once
from reconcile.config.in_the_clear import postgres_is_secured, refuse_in_the_clear
from reconcile.config.inventory_sources import InventorySources
from reconcile.config.settings_errors import told
from reconcile.config.table import Name, Port, Table
from reconcile.problem import Problem


def _country(text: str) -> str:
    if re.fullmatch("[A-Z]{2}", text) is None:
        raise PydanticCustomError(
            "country", "{text} is no country in two capital letters, like FR", {"text": repr(text)}
        )
    return text


Slug = Annotated[str, Field(pattern="^spf[0-9a-z-]+$")]
SkuPartNumbers = Annotated[tuple[Name, ...], Field(min_length=1)]


class Tenant(Table):
    """The Microsoft 365 tenant and the application that signs in to it."""

    id: Name
    """The tenant's directory id (a GUID)."""
    initial_domain: Name
    """The tenant's own domain, something.onmicrosoft.com; it is never touched."""
    client_id: Name
    """The app registration that signs in."""
    authority: str = "https://login.microsoftonline.com"
    """Where the application signs in; another one for a national cloud."""
    graph: str = "https://graph.microsoft.com"
    """Microsoft Graph's address."""
    exchange: str = "https://outlook.office365.com"
    """Exchange Online's address."""
    ca_file: Path | None = None
    """Certificate authority to trust instead of the usual ones (the sandbox's)."""
    copier_principal: Name
    """Object id of the enterprise application (service principal) that copies the mail."""
    usage_location: Annotated[str, AfterValidator(_country)] = "FR"
    """The country licences are used in, as two letters (ISO 3166)."""
    sign_in: Literal["secret", "certificate", "github", "gitlab", "device"] = "secret"
    """What the application proves itself with: a secret, a certificate, or the identity that a GitHub Actions or GitLab
    CI job is lent, which leaves no secret to keep. ``device``: whoever runs the command signs in, for each command."""
    certificate_file: Path | None = None
    """PEM file with the application's private key and its certificate, when it signs in with one."""
    client_secret_file: Path | None = None
    """File holding the client secret; the environment variable RECONCILE_CLIENT_SECRET comes first."""


class Licences(Table):
    """skuPartNumbers accepted for each licence, in order of preference (the tenant may hold the EEA ones)."""

    E1: SkuPartNumbers = ("STANDARDPACK", "Office_365_w/o_Teams_Bundle_E1", "Office_365_E1_(no_Teams)")
    """Subscriptions that count as E1."""
    E3: SkuPartNumbers = ("ENTERPRISEPACK", "O365_w/o_Teams_Bundle_E3", "Office_365_E3_(no_Teams)")
    """Subscriptions that count as E3."""
    disabled_plans: tuple[str, ...] = Field(default=(), examples=[["TEAMS1"]])
    """Service plans left out of each licence that is given, by their names; none: people have all of it."""

    @field_validator("disabled_plans")
    @classmethod
    def _mail_stays(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name.upper().startswith("EXCHANGE"):
                raise PydanticCustomError("disabled_plans", "without {name} nobody has a mailbox", {"name": name})
        return names


class HostedAccount(Table):
    """Zones of one account at a DNS host that takes no RFC 2136 updates.

    Its secrets come from the environment alone: RECONCILE_DNS_<NAME OF THE TABLE>_<OPTION>.
    """

    service: Literal["ovh", "gandi", "cloudflare", "azure", "powerdns"]
    """The DNS host."""
    zones: tuple[str, ...] = Field(min_length=1)
    """The zones of the account that are written there; every name below one of them belongs to it."""
    options: dict[str, str | int] = Field(default_factory=dict)
    """octoDNS's options for that service that are no secret, such as endpoint = "ovh-eu"."""
    server: str = ""
    """One of the host's name servers, which dns check and the checks before a switch ask; none: they are left out."""
    port: Port = 53
    """That name server's port."""
    in_the_clear: bool = False
    """true to let the API's key cross a network unencrypted: PowerDNS without scheme = "https"."""

    @model_validator(mode="after")
    def _only_when_said(self) -> HostedAccount:
        # octoDNS's own default for PowerDNS is http.
        secured = self.service != "powerdns" or self.options.get("scheme") == "https"
        if not (secured or self.in_the_clear):
            refuse_in_the_clear("the API's key", str(self.options.get("host", "")), "in_the_clear")
        return self


class ManualZones(Table):
    """Zones nobody lets us write: each change is said in full, and checked once somebody made it."""

    zones: tuple[str, ...] = Field(min_length=1)
    """The zones; every name below one of them belongs to it."""
    host: str
    """An authoritative server of the zones, to read them from."""
    port: Port = 53
    """That server's port."""


class DnsName(Table):
    """One name in a zone of the primary."""

    replace: bool = False
    """true to put our alias in the place of other records there (autodiscover's A); dns undo brings them back."""


class DnsServer(Table):
    """A primary that takes RFC 2136 updates, for every zone that no table below names."""

    host: str = ""
    """The primary; none when every zone is in a table below."""
    port: Port = 53
    """The primary's port."""
    key_name: str = ""
    """The TSIG key's name; for gss-tsig the server's Kerberos name, DNS@ and its host when unsaid."""
    key_algorithm: str = "hmac-sha256"
    """hmac-sha224 to hmac-sha512, or gss-tsig: then a Kerberos ticket signs, as Active Directory wants it."""
    key_file: Path | None = None
    """File holding the TSIG secret in base64; RECONCILE_DNS_KEY comes first."""
    resolvers: tuple[str, ...] = ()
    """Recursive resolvers, host or host:port, asked about names that are not ours; none: this machine's own."""
    tls_reports: str = ""
    """Where receivers report how TLS went, such as mailto:tls@spf.example: published for every domain (RFC 8460)."""
    names: dict[Name, DnsName] = Field(default_factory=dict)
    """What may be done at single names of the primary's zones, a table for each name."""
    hosted: dict[str, HostedAccount] = Field(default_factory=dict)
    """Zones at DNS hosts, a table for each account."""
    manual: dict[str, ManualZones] = Field(default_factory=dict)
    """Zones changed by hand, a table for each group."""


class ImapServer(Table):
    host: Name
    """The IMAP server."""
    port: Port = 993
    """Its port: TLS from the first byte."""
    tls: bool = True
    """false for a server on this machine, or a network nobody else is on."""
    ca_file: Path | None = None
    """Certificate authority to trust instead of the usual ones."""
    connections: int = Field(8, ge=1, le=64)
    """Connections per mailbox at most; as many are opened as the work is worth."""
    in_the_clear: bool = False
    """true to let passwords and mail cross a network unencrypted: tls = false, to a host that is not this machine."""

    @model_validator(mode="after")
    def _only_when_said(self) -> ImapServer:
        if not (self.tls or self.in_the_clear):
            refuse_in_the_clear("mail and its password", self.host, "in_the_clear")
        return self


class NewServer(ImapServer):
    """The host that receives the copies."""

    largest_message: int = Field(150, ge=1)
    """Megabytes of the largest message it takes. Larger ones are listed as refused without being sent; Exchange Online
    takes what Set-Mailbox -MaxReceiveSize allows, 150 at most."""
    read_receipts: Literal["list", "silence"] = "list"
    """Old unread mail that asks for a receipt: counted and listed only, or marked as answered ($MDNSent) so that nobody
    is sent a receipt years late. The mark is the one change made to a message's flags."""


class LegacyServer(ImapServer):
    """An old mail host, named by `legacy: {server: …}` in a federation file."""

    master_user: Name
    """A user who may open every mailbox; the login sent is ``mailbox + separator + master_user``."""
    separator: Name = "*"
    """What stands between a mailbox's login and the master user."""
    mailboxes: int = Field(64, ge=1)
    """Mailboxes of this host copied at once, by all workers together."""
    master_password_file: Path | None = None
    """File holding the master user's password; RECONCILE_LEGACY_PASSWORD comes first."""
    logins: dict[Slug, tuple[Name, ...]] = Field(default_factory=dict)
    """Each federation's logins that are no address of its own: spf55 = ["k0412"]. Its mailboxes are opened by these and
    by its addresses, no other."""
    spf_include: str = ""
    """What SPF records of its domains include for it, such as _spf.mutualise.example: taken out after the departure."""
    inventory: InventorySources = InventorySources()
    """What it holds is read from there (docs/inventory.md)."""

    @model_validator(mode="after")
    def _each_login_opens_one_mailbox(self) -> LegacyServer:
        owners: dict[str, str] = {}
        for slug, logins in self.logins.items():
            for login in logins:
                if self.separator in login:
                    raise PydanticCustomError("login", "{login} holds the separator", {"login": repr(login)})
                if owners.setdefault(login.lower(), slug) != slug:
                    words = "{login} is a login of two federations"
                    raise PydanticCustomError("login", words, {"login": repr(login)})
        return self


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
            refuse_in_the_clear("the list of copies", urlsplit(self.database).hostname or "it", "in_the_clear")
        return self

    @field_validator("database")
    @classmethod
    def _postgres(cls, url: str) -> str:
        if url and not url.startswith(("postgresql://", "postgres://")):
            # Not shown: it may hold a password.
            raise PydanticCustomError("database", "the address does not begin with postgresql://")
        return url


class Calendar(Table):
    """When things are due around a migration date, as civil time."""

    timezone: str = "Europe/Paris"
    """Where the days and times of the calendar are civil time."""
    lock: str = "16:00"
    """Time of day, on the eve of the migration date, by which their host closes the old mailboxes to their users; the
    gates must hold by then."""
    cutover: str = "18:00"
    """Time of day, on the eve, when mailboxes are created, the MX switches and copies start."""
    preparation_days: int = Field(default=7, ge=2, le=60)
    """Days before the migration date from which the TTL of what the switch changes is lowered."""
    authoritative_days: int = Field(default=2, ge=0, le=60)
    """Days after the switch from which the tenant refuses addresses of the domain that it does not know."""
    settled_days: int = Field(default=2, ge=0, le=60)
    """Days after it from which that TTL is raised again: until then going back takes minutes."""
    departure_days: int = Field(default=14, ge=0, le=400)
    """Days after it from which the old host no longer sends for the domain: its SPF include is taken out."""

    @field_validator("timezone")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ValueError, OSError, ZoneInfoNotFoundError):
            raise PydanticCustomError("timezone", "no time zone is called {name}", {"name": repr(name)}) from None
        return name

    @model_validator(mode="after")
    def _the_lock_comes_first(self) -> Calendar:
        if dt.time.fromisoformat(self.lock) > dt.time.fromisoformat(self.cutover):
            words = "the lock ({lock}) comes after the cutover ({cutover}), which copies what the lock holds still"
            raise PydanticCustomError("order", words, {"lock": self.lock, "cutover": self.cutover})
        return self

    @field_validator("lock", "cutover")
    @classmethod
    def _time(cls, text: str) -> str:
        try:
            dt.time.fromisoformat(text)
        except ValueError:
            raise PydanticCustomError("time", "{text} is no time of day, like 16:00", {"text": repr(text)}) from None
        return text


class Guards(Table):
    """How many deletions of what holds mail one plan may carry, in all and in one federation, as a number and as a
    share of what is recorded. Beyond either, the plan must be named by its digest to be applied."""

    deletes: int = 20
    """Deletions that one plan may carry."""
    deletes_percent: int = 5
    """And what share of all that is recorded, in percent."""
    federation_deletes: int = 5
    """Deletions that one plan may carry in one federation."""
    federation_deletes_percent: int = 20
    """And what share of what is recorded of it, in percent."""


class Sandbox(Table):
    control: str
    """Address of the sandbox's own control page (its clock); only the sandbox writes this."""


class Settings(Table):
    tenant: Tenant
    licences: Licences = Licences()
    dns: DnsServer
    legacy: dict[str, LegacyServer]
    """The old hosts, a table for each; federation files name one of them."""
    destination: NewServer = NewServer(host="outlook.office365.com")
    copies: Copies = Copies()
    calendar: Calendar = Calendar()
    batches: tuple[Batch, ...] = ()
    """The migration dates, in order; without any, no federation's date is judged."""
    prices: Prices = Prices()
    guards: Guards = Guards()
    protected: tuple[str, ...] = ()
    """Addresses and domains that are never touched, whatever a federation file says."""
    state: str = ""
    """Where state is kept, when not in the folder spfstate: s3://bucket/folder, az://container/folder,
    gs://bucket/folder, postgresql://host/database, or the https address of GitLab's or Gitea's Terraform states."""
    state_in_the_clear: bool = Field(default=False, validate_default=True)
    """true to let the state cross a network unencrypted: http://, or postgresql:// without sslmode."""
    seal_to: tuple[str, ...] = ()
    """Who may read the state: age or SSH public keys. Without any it is kept in the clear."""
    sandbox: Sandbox | None = None
    """Written by the sandbox alone."""

    @field_validator("state_in_the_clear")
    @classmethod
    def _only_when_said(cls, allowed: bool, info: ValidationInfo) -> bool:
        state = str(info.data.get("state", ""))
        address = urlsplit(state)
        secured = address.scheme != "http" and (address.scheme != "postgresql" or postgres_is_secured(state))
        if not (secured or allowed):
            refuse_in_the_clear("the state", address.hostname or "it", "state_in_the_clear")
        return allowed

    @field_validator("batches")
    @classmethod
    def _each_date_once(cls, batches: tuple[Batch, ...]) -> tuple[Batch, ...]:
        return dates_once(batches)

    @field_validator("protected")
    @classmethod
    def _as_addresses_are_compared(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name.strip().lower().removeprefix("@") for name in names)


def load_settings(paths: Sequence[Path], texts: Mapping[Path, str] | None = None) -> Settings:
    """Read settings files; each later one overrides the earlier, table by table. ``texts``: of those that are read from
    elsewhere.

    Paths named in a file are relative to it. Raises ``Problem`` CFG01 (unreadable) or CFG02 (invalid).
    """
    merged: dict[str, Any] = {}
    for path in paths:
        try:
            known = (texts or {}).get(path)
            tree = tomllib.loads(path.read_text(encoding="utf-8") if known is None else known)
        except OSError as error:
            hint = "run from the project's folder, or give --chdir"
            raise Problem("CFG01", f"Cannot read {path}: {error.strerror}.", hint, 3) from None
        except UnicodeDecodeError:
            raise Problem("CFG02", f"{path} is not in UTF-8.", "save it again as UTF-8", 3) from None
        except tomllib.TOMLDecodeError as error:
            raise Problem("CFG02", f"{path} is not valid TOML: {error}.", exit_code=3) from None
        merged = _overlay(merged, _anchored(tree, path.parent))
    try:
        return Settings.model_validate(merged)
    except ValidationError as error:
        message, hint = told(error, Settings, merged)
        raise Problem("CFG02", f"{paths[0]}: {message}", hint, exit_code=3) from None


def _overlay(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        # Sources complete each other: the sandbox's alone are those of its old host.
        nested = isinstance(value, dict) and isinstance(merged.get(key), dict) and key != "inventory"
        merged[key] = _overlay(merged[key], value) if nested else value
    return merged


def _anchored(tree: dict[str, Any], folder: Path) -> dict[str, Any]:
    """File names relative to the settings file that holds them."""
    anchored: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            anchored[key] = _anchored(value, folder)
        elif (key == "file" or key.endswith("_file")) and isinstance(value, str):
            anchored[key] = folder / value
        else:
            anchored[key] = value
    return anchored
