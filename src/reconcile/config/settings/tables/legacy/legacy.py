"""The tables [legacy.NAME]: the old mail hosts, how their mailboxes are opened, and whose they are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from reconcile.config.settings.mistake import mistake
from reconcile.config.settings.tables.imap import ImapServer
from reconcile.config.settings.tables.legacy.handover import Handover
from reconcile.config.settings.tables.legacy.inventory_sources import InventorySources
from reconcile.config.settings.tables.legacy.lock import Lock
from reconcile.config.settings.tables.legacy.relay import Relay
from reconcile.config.settings.tables.table import Name
from reconcile.language.phrase import Phrase

Slug = Annotated[str, Field(pattern="^spf[0-9a-z-]+$")]


class LegacyServer(ImapServer):
    """An old mail host, named by `legacy: {server: …}` in a federation file."""

    master_user: str = ""
    """A user who may open every mailbox; the login sent is ``mailbox + separator + master_user``. None: each mailbox is
    opened by its own password, from mailbox_passwords_file."""
    separator: Name = "*"
    """What stands between a mailbox's login and the master user."""
    mailboxes: int = Field(64, ge=1)
    """Mailboxes of this host copied at once, by all workers together."""
    master_password_file: Path | None = None
    """File holding the master user's password; RECONCILE_LEGACY_PASSWORD comes first."""
    mailbox_passwords_file: Path | None = None
    """CSV file with a login and its password on each line, for a host without a master user. One that ends in .age is
    sealed (``age -R``) to a key of [passwords] seal_to, and is opened with the vault's identity."""
    logins: dict[Slug, tuple[Name, ...]] = Field(default_factory=dict)
    """Each federation's logins that are no address of its own: spf55 = ["k0412"]. Its mailboxes are opened by these and
    by its addresses, no other."""
    public_folders: dict[Slug, tuple[Name, ...]] = Field(default_factory=dict)
    """The public folders that a federation may have copied, each with all below it: spf55 = ["Partages/Meuse"]. A login
    may see those of others, too."""
    spf_include: str = ""
    """What SPF records of its domains include for it, such as _spf.mutualise.example: taken out after the departure."""
    relay: Relay | None = None
    """Where the tenant sends, for a while after the switch, mail for addresses it does not know."""
    inventory: InventorySources = InventorySources.model_construct()
    """What it holds is read from there (docs/inventory.md)."""
    lock: Lock | None = None
    """How it refuses the users of a federation that moves (docs/lock.md); without it, none may be locked."""
    handover: Handover | None = None
    """How it is made to send a federation's mail on, once its domains are authoritative in the tenant
    (docs/handover.md); without it, mail from the host itself goes on arriving in the old mailboxes."""

    @property
    def lockable(self) -> bool:
        """Whether its federations' old mailboxes are locked before they move."""
        return self.lock is not None and not self.lock.impossible

    @model_validator(mode="after")
    def _opened_in_one_way(self) -> LegacyServer:
        if bool(self.master_user) == bool(self.mailbox_passwords_file):
            raise mistake("opened", "either master_user or mailbox_passwords_file is expected")
        return self

    @model_validator(mode="after")
    def _each_login_opens_one_mailbox(self) -> LegacyServer:
        owners: dict[str, str] = {}
        for slug, logins in self.logins.items():
            for login in logins:
                if self.separator in login:
                    raise mistake("login", Phrase("{login} holds the separator", login=repr(login)))
                if owners.setdefault(login.lower(), slug) != slug:
                    raise mistake("login", Phrase("{login} is a login of two federations", login=repr(login)))
        return self
