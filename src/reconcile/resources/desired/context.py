"""What all resources of one federation are made from: its file, the settings, its calendar, its old host. Pure."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools

from reconcile.config.federation.federation import Federation, Route
from reconcile.config.federation.models import FederationFile, Mailbox
from reconcile.config.settings.settings import Settings
from reconcile.config.settings.tables.legacy.legacy import LegacyServer
from reconcile.resources.address import Address
from reconcile.resources.mail_records import MailDomain
from reconcile.resources.milestones import Milestones, milestones
from reconcile.resources.resource import Place


@dataclasses.dataclass(frozen=True)
class Context:
    """One federation at the moment ``now``."""

    federation: Federation
    settings: Settings
    now: dt.datetime

    @property
    def file(self) -> FederationFile:
        return self.federation.file

    @functools.cached_property
    def moments(self) -> Milestones:
        return milestones(self.file.migration.date, self.settings.calendar)

    @functools.cached_property
    def domains(self) -> tuple[MailDomain, ...]:
        return tuple(map(self._mail_domain, self.federation.domains))

    @functools.cached_property
    def boxes(self) -> tuple[Address, ...]:
        return tuple(self.address("mailbox", address) for address in self.file.mailboxes)

    @functools.cached_property
    def relays(self) -> bool:
        """Whether its domains are internal relays at this moment."""
        migration = self.file.migration
        moves = migration.date is not None or self.file.legacy is not None
        return migration.closed is None and moves and self.now < self.moments.authoritative

    @functools.cached_property
    def old_server(self) -> LegacyServer | None:
        legacy = self.file.legacy
        return self.settings.legacy.get(legacy.server) if legacy else None

    @functools.cached_property
    def locked(self) -> tuple[Address, ...]:
        """What must be locked before anything of the switch, as long as the migration is not over."""
        open_ = self.file.migration.closed is None
        moves = bool(self.old_logins) and self.old_server is not None and self.old_server.lockable
        return (self.address("lock", self.file.domain),) if open_ and moves else ()

    @functools.cached_property
    def old_logins(self) -> tuple[str, ...]:
        """The logins of the mailboxes that are copied: who uses the old host until the lock."""
        boxes = self.file.mailboxes.items()
        own = {mailbox.legacy_login or mailbox.was or address for address, mailbox in boxes if not mailbox.new}
        merged = {one.address for _, mailbox in boxes for one in mailbox.aliases if one.legacy_mail == "merge"}
        return tuple(sorted(own | merged))

    @functools.cached_property
    def probed(self) -> tuple[str, ...]:
        """The old mailbox that proves the way there: a shared one if there is any, for the message is seen."""
        boxes = self.file.mailboxes.items()
        old = [(box.licence != "shared", box.was or address) for address, box in boxes if not box.new]
        mine = [one for one in old if domain_of(one[1]) in self.federation.domains]
        return (min(mine, key=lambda one: one[0])[1],) if mine else ()

    def address(self, kind: str, key: str) -> Address:
        return Address(self.federation.slug, kind, key)

    def former(self, kind: str, mailbox: Mailbox) -> Address | None:
        return self.address(kind, mailbox.was) if mailbox.was else None

    def place(self, *routes: Route) -> Place:
        return Place.of(self.federation, *routes)

    def _mail_domain(self, domain: str) -> MailDomain:
        root = self.file.domain
        place = self.place(("domain",) if domain == root else ("subdomains", self.file.subdomains.index(domain)))
        verified = self.address("domain_verification", domain)
        return MailDomain(self.federation.slug, domain, verified, is_root=domain == root, place=place)


def domain_of(address: str) -> str:
    """The domain of a mail address."""
    return address.rpartition("@")[2]
