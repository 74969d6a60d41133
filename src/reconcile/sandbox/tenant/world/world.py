"""What the tenant holds: directory objects and mailboxes, two stores that take time to agree."""

from __future__ import annotations

import datetime as dt
import random
import threading
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from reconcile.sandbox.tenant.behaviour.chance import Chance
from reconcile.sandbox.tenant.behaviour.delays import Delays
from reconcile.sandbox.tenant.behaviour.profiles import Profile
from reconcile.sandbox.tenant.behaviour.virtual_clock import VirtualClock
from reconcile.sandbox.tenant.world import addresses
from reconcile.sandbox.tenant.world.address_book import AddressBook
from reconcile.sandbox.tenant.world.announcer import Announcer
from reconcile.sandbox.tenant.world.listener import MailboxListener
from reconcile.sandbox.tenant.world.objects import Domain, Elsewhere, Mailbox, OtherRecipient, Principal, User
from reconcile.sandbox.tenant.world.skus import Sku

INITIAL_DOMAIN = "entraide.onmicrosoft.com"
NATIONAL_DOMAIN = "national.example"


class World:
    """The tenant's content. Whoever calls holds ``lock``; every change goes through here so that the two stores,
    the address book and the listener agree."""

    def __init__(
        self,
        clock: VirtualClock,
        seed: random.Random,
        skus: Mapping[str, Sku],
        profile: Profile,
        listener: MailboxListener | None,
    ) -> None:
        self.lock = threading.RLock()
        self.clock = clock
        self.profile = profile
        self.began = clock.now()
        self.chance = Chance(seed.getrandbits(64), lambda: self.profile)
        self.skus = dict(skus)
        self._seed = seed
        self._announcer = Announcer(listener)
        self.tenant_id = self.new_id()
        self.copier_principal = self.new_id()
        self.initial_domain = INITIAL_DOMAIN
        #: Domains that another tenant holds.
        self.elsewhere: dict[str, Elsewhere] = {}
        #: Of the organization: whether mail that claims to be ours is refused, and the connectors there are.
        self.reject_direct_send = False
        self.inbound_connectors: list[dict[str, Any]] = []
        self.outbound_connectors: list[dict[str, Any]] = []
        #: Mail flow rules, in their order.
        self.transport_rules: list[dict[str, Any]] = []
        #: Service principals known to Exchange: by object id.
        self.principals: dict[str, Principal] = {}
        #: Users who hold an administrator's role.
        self.administrators: set[str] = set()
        self.users: dict[str, User] = {}
        self.deleted: dict[str, User] = {}
        self.mailboxes: dict[str, Mailbox] = {}
        #: Guests, contacts and groups with a mail address, by object id.
        self.others: dict[str, OtherRecipient] = {}
        #: Microsoft 365 groups deleted in the last thirty days: they keep their addresses, unlike deleted accounts.
        self.deleted_groups: dict[str, OtherRecipient] = {}
        #: What is in the mailboxes that letters are sent from, by user id.
        self.messages: dict[str, list[Any]] = {}
        self._guids: dict[str, str] = {}
        self.domains: dict[str, Domain] = {}
        #: From when each mail address leads to a mailbox.
        self.known_since: dict[str, dt.datetime] = {}
        #: What message trace shows, the oldest first.
        self.trace: list[dict[str, object]] = []
        self.book = AddressBook(clock, lambda: self.delays.released_address)
        self._seats_shown: dict[str, tuple[int, dt.datetime]] = {}

    @property
    def delays(self) -> Delays:
        return self.profile.delays

    # Finding

    def new_id(self) -> str:
        return str(uuid.UUID(int=self._seed.getrandbits(128), version=4))

    def user_named(self, key: str) -> User | None:
        """The living user with that object id or sign-in name."""
        return self.users.get(self.book.named(key) or key.lower())

    def mailbox_of(self, user_id: str) -> Mailbox | None:
        """The connected mailbox of that user."""
        box = self.mailboxes.get(user_id)
        return box if box is not None and box.disconnected is None else None

    def mailbox_with(self, guid: str) -> Mailbox | None:
        """The connected mailbox with that GUID, lower-case."""
        return self.mailbox_of(self._guids.get(guid, ""))

    def connected(self) -> list[Mailbox]:
        return [box for box in self.mailboxes.values() if box.disconnected is None]

    def is_accepted(self, domain: str) -> bool:
        known = self.domains.get(domain)
        return known is not None and known.accepted_as is not None

    def default_domain(self) -> str:
        return next(domain.name for domain in self.domains.values() if domain.default)

    def seats_taken(self, sku_id: str) -> int:
        return sum(sku_id in user.licences for user in self.users.values())

    def seats_shown(self, sku_id: str) -> int:
        """The seats taken as of the last count, which is made from time to time."""
        now = self.clock.now()
        count, until = self._seats_shown.get(sku_id, (0, now))
        if until <= now:
            count = self.seats_taken(sku_id)
            self._seats_shown[sku_id] = (count, now + dt.timedelta(seconds=self.delays.seat_count))
        return count

    # Addresses

    def set_addresses(self, user_id: str, items: Sequence[str]) -> None:
        """Give the object these addresses, in the directory and in Exchange. Raises AddressTakenError."""
        self.book.claim(user_id, items)
        user, box = self.users[user_id], self.mailboxes.get(user_id)
        user.values["proxyAddresses"] = list(items)
        user.values["mail"] = addresses.primary_of(items) or None
        if box is not None:
            box.addresses = list(items)
            for address in addresses.smtp_of(items):
                self.known_since.setdefault(address.lower(), self.clock.now())
            self.tell(box)

    def set_sign_in(self, user: User, upn: str) -> None:
        """Change the sign-in name. A mailbox whose primary was the old name follows it and keeps the old as alias."""
        former, box = user.upn, self.mailboxes.get(user.id)
        self.book.name(user.id, upn, former)
        user.values["userPrincipalName"] = upn
        if box is None:
            return
        items = [f"SIP:{upn}" if addresses.kind_of(item) == "SIP" else item for item in box.addresses]
        if addresses.primary_of(items).lower() == former.lower():
            items = addresses.with_primary(items, upn)
        else:
            items = addresses.with_added(items, [f"smtp:{upn}"])
        self.set_addresses(user.id, items)

    # Users

    def add_user(self, values: dict[str, Any], *, found_after: float = 0.0) -> User:
        now = self.clock.now()
        found = now + dt.timedelta(seconds=found_after)
        user = User(self.new_id(), values, now, found, found + dt.timedelta(seconds=self.delays.listing))
        self.users[user.id] = user
        self.book.name(user.id, user.upn)
        return user

    def delete_user(self, user: User) -> None:
        """Soft delete: licences are released, the mailbox is disconnected, both kept for thirty days."""
        del self.users[user.id]
        self.book.unname(user.upn)
        self.book.claim(user.id, ())
        user.deleted = self.clock.now()
        user.values["userPrincipalName"] = user.id.replace("-", "") + user.upn
        self.deleted[user.id] = user
        self.others.pop(user.id, None)
        self.disconnect(user.id)

    def restore_user(self, user: User, upn: str, items: Sequence[str]) -> None:
        """Bring a deleted user back under ``upn`` with ``items``, which must be free."""
        del self.deleted[user.id]
        user.deleted = None
        user.values["userPrincipalName"] = upn
        self.users[user.id] = user
        self.book.name(user.id, upn)
        # A seat that was given away meanwhile is not given back.
        user.licences = {
            sku_id: plans
            for sku_id, plans in user.licences.items()
            if self.seats_taken(sku_id) <= self.skus[sku_id].enabled
        }
        box = self.mailboxes.get(user.id)
        self.set_addresses(user.id, items)
        if box is not None and box.shared:
            box.disconnected = None
            self.tell(box)

    def purge_user(self, user: User) -> None:
        del self.deleted[user.id]
        self.mailboxes.pop(user.id, None)

    # Guests, contacts and groups

    def other_named(self, key: str) -> OtherRecipient | None:
        """The one with that address, id, GUID or name, lower-case."""
        by_address = self.others.get(self.book.holder(key) or key)
        return by_address or next((one for one in self.others.values() if key in (one.guid, one.name.lower())), None)

    # Mailboxes

    def has_exchange(self, user: User) -> bool:
        """Whether a licence of the user's gives a mailbox."""
        for sku_id, disabled in user.licences.items():
            plan = self.skus[sku_id].exchange_plan
            if plan is not None and plan.id not in disabled:
                return True
        return False

    def add_mailbox(self, user: User, name: str, alias: str, items: list[str], *, shared: bool) -> Mailbox:
        """A mailbox for the user; ``items`` must be free. Raises AddressTakenError."""
        self.book.claim(user.id, items)
        box = Mailbox(self.new_id(), user.id, name, alias, shared, items, self.clock.now())
        if self.profile.imap_off:
            box.protocols["ImapEnabled"] = False
        self.mailboxes[user.id] = box
        self._guids[box.guid] = user.id
        self.set_addresses(user.id, items)
        return box

    def shared_addresses(self, primary: str, alias: str) -> list[str]:
        own = f"{alias}@{self.initial_domain}"
        return addresses.with_added([f"SMTP:{primary}"], [f"smtp:{own}", self.storage_address()])

    def storage_address(self) -> str:
        return f"SPO:SPO_{self.new_id()}@SPO_{self.tenant_id}"

    def disconnect(self, user_id: str) -> None:
        """Close the mailbox to everybody and keep it."""
        box = self.mailboxes.get(user_id)
        if box is None or box.disconnected is not None:
            return
        box.disconnected = self.clock.now()
        for other in self.mailboxes.values():
            other.on_behalf = [trustee for trustee in other.on_behalf if trustee != user_id]
        self._announcer.gone(box)

    def tell(self, box: Mailbox) -> None:
        """Let the listener know what became of a connected box."""
        if box.disconnected is None:
            opened = any(
                entry.trustee == self.copier_principal and "FullAccess" in entry.rights and not entry.deny
                for entry in box.access
            )
            self._announcer.exists(box, self.users[box.user_id].upn, opened)
