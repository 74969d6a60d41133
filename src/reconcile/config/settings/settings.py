"""All of reconcile.toml: the network-wide facts, a module of ``tables`` for each table."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import Field, ValidationInfo, field_validator

from reconcile.config.settings.in_the_clear import postgres_is_secured, refuse_in_the_clear
from reconcile.config.settings.tables.batches import Batch, dates_once
from reconcile.config.settings.tables.board import BoardAccess
from reconcile.config.settings.tables.calendar import Calendar
from reconcile.config.settings.tables.copies import Copies
from reconcile.config.settings.tables.delivery import Delivery
from reconcile.config.settings.tables.destination import NewServer
from reconcile.config.settings.tables.dns import DnsServer
from reconcile.config.settings.tables.guards import Guards
from reconcile.config.settings.tables.legacy.legacy import LegacyServer
from reconcile.config.settings.tables.letters import Letters
from reconcile.config.settings.tables.network import Network
from reconcile.config.settings.tables.passwords import Passwords
from reconcile.config.settings.tables.sandbox import Sandbox
from reconcile.config.settings.tables.structures import StructureSources
from reconcile.config.settings.tables.table import Table
from reconcile.config.settings.tables.tenant.licences import Licences
from reconcile.config.settings.tables.tenant.prices import Prices
from reconcile.config.settings.tables.tenant.signature import Signature
from reconcile.config.settings.tables.tenant.tenant import Tenant
from reconcile.language.phrase import Phrase


class Settings(Table):
    """The tenant, the licences, the DNS and mail servers, the calendar, what is protected."""

    tenant: Tenant
    network: Network = Network.model_construct()
    board: BoardAccess | None = None
    licences: Licences = Licences.model_construct()
    dns: DnsServer
    legacy: dict[str, LegacyServer]
    """The old hosts, a table for each; federation files name one of them."""
    destination: NewServer = NewServer.model_construct(host="outlook.office365.com")
    copies: Copies = Copies.model_construct()
    calendar: Calendar = Calendar.model_construct()
    batches: tuple[Batch, ...] = ()
    """The migration dates, in order; without any, no federation's date is judged."""
    prices: Prices = Prices.model_construct()
    letters: Letters = Letters.model_construct()
    passwords: Passwords = Passwords.model_construct()
    delivery: Delivery = Delivery.model_construct()
    structures: StructureSources = StructureSources.model_construct()
    signature: Signature | None = None
    guards: Guards = Guards.model_construct()
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
            refuse_in_the_clear(Phrase("the state"), address.hostname or "it", "state_in_the_clear")
        return allowed

    @field_validator("batches")
    @classmethod
    def _each_date_once(cls, batches: tuple[Batch, ...]) -> tuple[Batch, ...]:
        return dates_once(batches)

    @field_validator("protected")
    @classmethod
    def _as_addresses_are_compared(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name.strip().lower().removeprefix("@") for name in names)
