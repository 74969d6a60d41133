"""What a set of federations asks of the world: YAML in, desired resources out. Pure.

The order between resources is written here, once: domain → verification and relay → lock → mailboxes → access → MX of
all the federation's domains. The MX waits for the turn of every mailbox, and the relay covers those that are late;
unknown addresses are refused once the MX is switched and no mailbox is missing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from reconcile.config.federation.federation import Federation, Route
from reconcile.config.federation.models import Delegate, Mailbox, Structure
from reconcile.config.settings.settings import Settings
from reconcile.config.settings.tables.legacy.legacy import LegacyServer
from reconcile.resources.address import Address
from reconcile.resources.mail_records import MailDomain, Switch, before_the_switch, mail_records
from reconcile.resources.milestones import Milestones, milestones
from reconcile.resources.resource import IDENTITY, Desired, Origin, Reference, Value

#: Panels write their tables anew at night: a handover is proved once more after so long.
_PROVED_AGAIN = dt.timedelta(days=1)


def compile_federations(federations: Iterable[Federation], settings: Settings, now: dt.datetime) -> tuple[Desired, ...]:
    """Every resource the federations describe, prerequisites named. The federations must have passed validation.

    ``now`` decides what a record's TTL should be (short around the switch, the usual one once it is settled) and
    whether a domain's unknown addresses are relayed or refused.
    """
    return tuple(
        resource for federation in federations for resource in _Compiler(federation, settings, now).resources()
    )


class _Compiler:
    """One federation's resources; holds what all of them share."""

    def __init__(self, federation: Federation, settings: Settings, now: dt.datetime) -> None:
        self._federation = federation
        self._file = federation.file
        self._settings = settings
        self._now = now
        self._moments: Milestones = milestones(federation.file.migration.date, settings.calendar)
        self._domains = tuple(map(self._mail_domain, federation.domains))

    def resources(self) -> Iterator[Desired]:
        switch = self._switch()
        for domain in self._domains:
            yield from self._domain(domain, switch)
        yield from self._connector()
        yield from self._locks()
        yield from self._handover()
        for address, mailbox in self._file.mailboxes.items():
            yield from self._mailbox(address, mailbox)
            yield from self._copies(address, mailbox)
        yield from self._credentials()

    # ---- domains and their records

    def _mail_domain(self, domain: str) -> MailDomain:
        root = self._file.domain
        origin = self._origin(("domain",) if domain == root else ("subdomains", self._file.subdomains.index(domain)))
        verified = self._address("domain_verification", domain)
        return MailDomain(self._federation.slug, domain, verified, is_root=domain == root, origin=origin)

    def _switch(self) -> Switch:
        """What all its domains wait for, so that they are switched together."""
        ready = [needed for domain in self._domains for needed in before_the_switch(domain)]
        if self._relays:
            ready += [self._address("mail_flow", domain.name) for domain in self._domains]
            ready += [one.address for one in self._connector()]
        ready += self._locked
        boxes = self._boxes
        rights = [
            self._address("access", address) for address, box in self._file.mailboxes.items() if box.licence == "shared"
        ]
        return Switch(
            self._moments,
            self._now,
            self._old_include,
            self._settings.dns.tls_reports,
            tuple(ready),
            (*boxes, *rights),
            len(boxes) // 2,
        )

    def _domain(self, domain: MailDomain, switch: Switch) -> Iterator[Desired]:
        root, name, origin = self._file.domain, domain.name, domain.origin
        added = self._address("domain", name)
        token = self._address("dns", f"{name}/TXT/verification")
        # A subdomain becomes verified with its root and needs no token of its own (Graph: domain).
        parents = () if domain.is_root else (self._address("domain_verification", root),)
        yield Desired(added, {"root": root}, parents, origin=origin)
        if domain.is_root:
            yield Desired(token, {"contains": Reference(added, "verification_txt")}, (added,), origin=origin)
        proof = (added, token) if domain.is_root else (added, *parents)
        fields: dict[str, Value] = {"verified": True, "services": ("Email",), "accepted": True}
        yield Desired(domain.verified, fields, proof, origin=origin)
        yield from mail_records(domain, switch)
        yield self._mail_flow(name, domain.verified, origin)

    @property
    def _boxes(self) -> tuple[Address, ...]:
        return tuple(self._address("mailbox", address) for address in self._file.mailboxes)

    @property
    def _relays(self) -> bool:
        """Whether its domains are internal relays at this moment."""
        migration = self._file.migration
        moves = migration.date is not None or self._file.legacy is not None
        return migration.closed is None and moves and self._now < self._moments.authoritative

    def _mail_flow(self, domain: str, verified: Address, origin: Origin | None) -> Desired:
        """An internal relay from its verification on, so that colleagues' mail to whoever is not in the tenant yet goes
        on to the old host; authoritative some days after the switch, if no mailbox is missing, and at once where the
        migration is closed. A domain with neither a date nor an old host lives in the tenant already."""
        address = self._address("mail_flow", domain)
        if self._file.migration.closed is not None:
            return Desired(address, {"type": "Authoritative"}, (verified,), origin=origin)
        if self._relays:
            return Desired(address, {"type": "InternalRelay"}, (verified,), origin=origin)
        switched = tuple(self._address("dns", f"{one.name}/MX") for one in self._domains)
        needs = (*switched, *self._boxes)
        return Desired(address, {"type": "Authoritative"}, needs, self._moments.authoritative, origin)

    def _connector(self) -> Iterator[Desired]:
        """The way to the old host for mail to addresses that the tenant does not know: from the preparation on, so that
        it is proved before the day, until every domain is authoritative."""
        legacy, server = self._file.legacy, self._old_server
        if legacy is None or server is None or server.relay is None or self._file.migration.closed is not None:
            return
        address, origin = self._address("connector", self._file.domain), self._domains[0].origin
        flows = tuple(self._address("mail_flow", domain.name) for domain in self._domains)
        if not self._relays:
            yield Desired(address, {"domains": ()}, flows, self._moments.authoritative, origin)
            return
        relay = server.relay
        fields: dict[str, Value] = {
            "server": legacy.server,
            "host": relay.host,
            "tls": f"{relay.tls} {relay.name}".strip().lower(),
            "enabled": True,
            "domains": tuple(sorted(domain.name for domain in self._domains)),
            "proved_by": self._probed,
        }
        yield Desired(address, fields, flows, self._moments.preparation, origin)

    @property
    def _probed(self) -> tuple[str, ...]:
        """The old mailbox that proves the way there: a shared one if there is any, for the message is seen."""
        boxes = self._file.mailboxes.items()
        old = [(box.licence != "shared", box.was or address) for address, box in boxes if not box.new]
        mine = [one for one in old if _domain_of(one[1]) in self._federation.domains]
        return (min(mine, key=lambda one: one[0])[1],) if mine else ()

    @property
    def _old_include(self) -> str:
        return self._old_server.spf_include if self._old_server else ""

    @property
    def _old_server(self) -> LegacyServer | None:
        legacy = self._file.legacy
        return self._settings.legacy.get(legacy.server) if legacy else None

    # ---- the old host

    @property
    def _locked(self) -> tuple[Address, ...]:
        """What must be locked before anything of the switch, as long as the migration is not over."""
        open_ = self._file.migration.closed is None
        moves = bool(self._old_logins) and self._old_server is not None and self._old_server.lockable
        return (self._address("lock", self._file.domain),) if open_ and moves else ()

    @property
    def _old_logins(self) -> tuple[str, ...]:
        """The logins of the mailboxes that are copied: who uses the old host until the lock."""
        boxes = self._file.mailboxes.items()
        own = {mailbox.legacy_login or mailbox.was or address for address, mailbox in boxes if not mailbox.new}
        merged = {one.address for _, mailbox in boxes for one in mailbox.aliases if one.legacy_mail == "merge"}
        return tuple(sorted(own | merged))

    def _locks(self) -> Iterator[Desired]:
        """One for the federation and its old host; kept until the host is no longer its affair."""
        legacy, server = self._file.legacy, self._old_server
        if legacy is None or server is None or not server.lockable or not self._old_logins:
            return
        lock = self._address("lock", self._file.domain)
        fields: dict[str, Value] = {"host": legacy.server, "logins": self._old_logins, "proved": True}
        verified = tuple(domain.verified for domain in self._domains)
        yield Desired(lock, fields, verified, self._moments.lock, self._origin(("legacy",)))

    def _handover(self) -> Iterator[Desired]:
        """Once every domain refuses who is unknown, never before: two relays that point at each other are a loop. It is
        proved by then, and again a day later."""
        legacy, server = self._file.legacy, self._old_server
        if legacy is None or server is None or server.handover is None or self._file.migration.date is None:
            return
        address, due = self._address("handover", self._file.domain), self._moments.authoritative
        fields: dict[str, Value] = {
            "host": legacy.server,
            "domains": tuple(sorted(domain.name for domain in self._domains)),
            "known": self._probed,
            "proved": "once" if self._now < due + _PROVED_AGAIN else "again",
        }
        flows = tuple(self._address("mail_flow", domain.name) for domain in self._domains)
        yield Desired(address, fields, flows, due, self._origin(("legacy",)))

    # ---- mailboxes

    def _mailbox(self, address: str, mailbox: Mailbox) -> Iterator[Desired]:
        origin = self._origin(("mailboxes", address))
        domains = dict.fromkeys(_domain_of(name) for name in (address, *_aliases(mailbox)))
        needs = (*(self._address("domain_verification", domain) for domain in domains), *self._locked)
        box = self._address("mailbox", address)
        fields = self._shared(address, mailbox) if mailbox.licence == "shared" else self._personal(mailbox)
        fields["primary"] = address
        former = self._former("mailbox", mailbox)
        yield Desired(box, fields, needs, self._moments.cutover, origin, former)
        if mailbox.licence == "shared":
            rights: dict[str, Value] = {
                "full_access": _holders(mailbox.delegates, "read"),
                "send_as": _holders(mailbox.delegates, "send_as"),
                "send_on_behalf": _holders(mailbox.delegates, "send_on_behalf"),
            }
            people = tuple(self._address("mailbox", delegate.who) for delegate in mailbox.delegates)
            access = self._address("access", address)
            former = self._former("access", mailbox)
            yield Desired(access, rights, (box, *people), self._moments.cutover, origin, former)

    def _personal(self, mailbox: Mailbox) -> dict[str, Value]:
        directory = mailbox.directory
        fields = self._common(mailbox)
        fields["usage_location"] = self._settings.tenant.usage_location
        for name in ("first_name", "last_name", "job_title"):
            if name in directory.model_fields_set:
                fields[name] = getattr(directory, name)
        names = [name for name in (directory.first_name, directory.last_name) if name]
        fields["display_name"] = mailbox.display_name or " ".join(names)
        return fields

    def _shared(self, address: str, mailbox: Mailbox) -> dict[str, Value]:
        fields = self._common(mailbox)
        generic = address.partition("@")[0].replace(".", " ").replace("-", " ").capitalize()
        fields["display_name"] = mailbox.display_name or f"{generic} – {self._file.name}"
        # Nobody signs in to a shared mailbox, and what is sent in its name stays in its Sent Items.
        fields["sign_in"] = False
        fields["sent_copies"] = True
        return fields

    def _common(self, mailbox: Mailbox) -> dict[str, Value]:
        directory = mailbox.directory
        fields: dict[str, Value] = {
            "licence": mailbox.licence,
            # The file lists every address of the federation, so no alias means none, not "unmanaged".
            "aliases": _aliases(mailbox),
            "protected": mailbox.protected,
        }
        if "phone" in directory.model_fields_set:
            fields["phone"] = directory.phone
        site = directory.atrium_id if directory.atrium_id is not None else self._file.atrium_id
        if site is not None:
            fields["atrium_id"] = str(site)
            fields |= _place(self._federation.places.get(site))
        if "hidden" in mailbox.model_fields_set:
            fields["hidden"] = mailbox.hidden
        return fields

    # ---- first passwords

    def _credentials(self) -> Iterator[Desired]:
        """Everybody who signs in, to the account named beforehand, once the mail of every domain was switched: nothing
        is handed over, and so announced, before."""
        people = tuple(sorted(address for address, box in self._file.mailboxes.items() if box.licence != "shared"))
        contact = self._file.contact
        if not people or contact is None or not contact.poptransfert:
            return  # SPF508 and GAT07 say so
        switched = tuple(self._address("dns", f"{domain}/MX") for domain in self._federation.domains)
        fields: dict[str, Value] = {"account": contact.poptransfert, "people": people}
        address = self._address("credentials", self._file.domain)
        origin = self._origin(("contact",)) or self._origin(("domain",))
        # Behind the turn of each of their mailboxes, and spared any of them: who has one does not wait for the others.
        boxes = tuple(self._address("mailbox", one) for one in people)
        due = self._moments.cutover
        yield Desired(address, fields, switched, due, origin, behind=boxes, spare=len(boxes))

    # ---- copies

    def _copies(self, address: str, mailbox: Mailbox) -> Iterator[Desired]:
        if self._file.legacy is None or self._file.migration.closed is not None:
            return
        merged = [(place, alias.address) for place, alias in enumerate(mailbox.aliases) if alias.legacy_mail == "merge"]
        if mailbox.new and not merged:
            return
        box = self._address("mailbox", address)
        opened = self._address("copy_access", address)
        route: Route = ("mailboxes", address)
        former = self._former("copy_access", mailbox)
        yield Desired(opened, {"granted": True}, (box,), self._moments.cutover, self._origin(route), former)
        if not mailbox.new:
            # The copy is that of the old mailbox, which a renaming in the new world does not rename.
            old = mailbox.was or address
            ends = (mailbox.legacy_login or old, address)
            yield self._copy(old, *ends, "", opened, route, mailbox.public_folder or "")
        for place, alias in merged:
            # The mail of a box that becomes an alias goes into a folder of its target, under its own name.
            yield self._copy(alias, alias, address, alias, opened, ("mailboxes", address, "aliases", place))

    def _copy(
        self,
        key: str,
        login: str,
        destination: str,
        folder: str,
        opened: Address,
        route: Route,
        public_folder: str = "",
    ) -> Desired:
        legacy = self._file.legacy
        fields: dict[str, Value | Reference] = {
            "source": legacy.server if legacy else "",
            "login": login,
            "destination": destination,
            "folder": folder,
            "public_folder": public_folder,
            # A mailbox made anew is another one: its mail is copied again, though the list says that it was.
            "mailbox": Reference(self._address("mailbox", destination), IDENTITY),
        }
        after = (self._address("mailbox", destination), opened, *self._locked)
        return Desired(self._address("copy", key), fields, after, self._moments.cutover, self._origin(route))

    # ---- names and places

    def _address(self, kind: str, key: str) -> Address:
        return Address(self._federation.slug, kind, key)

    def _former(self, kind: str, mailbox: Mailbox) -> Address | None:
        return self._address(kind, mailbox.was) if mailbox.was else None

    def _origin(self, route: Route) -> Origin | None:
        mark = self._federation.marks.get(route)
        return Origin(self._federation.path, mark.key_line, mark.key_column) if mark else None


def _place(structure: Structure | None) -> dict[str, Value]:
    """What the address book says of where an address is; only what the file says of its structure."""
    if structure is None:
        return {}
    written = structure.model_fields_set - {"atrium_id"}
    return {"office" if name == "name" else name: getattr(structure, name) for name in _PLACE if name in written}


_PLACE = ("name", "street", "postal_code", "city", "website", "networks")


def _domain_of(address: str) -> str:
    return address.rpartition("@")[2]


def _aliases(mailbox: Mailbox) -> tuple[str, ...]:
    """Every address more of a mailbox; the one it had before among them, so that it still receives there."""
    names = {alias.address for alias in mailbox.aliases} | ({mailbox.was} if mailbox.was else set())
    return tuple(sorted(names))


def _holders(delegates: Iterable[Delegate], right: str) -> tuple[str, ...]:
    return tuple(sorted(delegate.who for delegate in delegates if right in delegate.rights))


def declared_domains(federations: Iterable[Federation]) -> dict[str, str]:
    """Every declared mail domain → its federation's slug: the boundary nothing is written beyond."""
    return {domain: federation.slug for federation in federations for domain in federation.domains}


def due_now(due: dt.datetime | None, now: dt.datetime) -> bool:
    """Whether a step whose moment is ``due`` may be carried out at ``now``."""
    return due is None or due <= now
