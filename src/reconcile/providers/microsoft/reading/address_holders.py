"""Which object of the tenant has which address: what must be known before something else is to have it."""

from __future__ import annotations

import dataclasses
import functools
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TypeVar

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.microsoft.reading.records import Recipient, User, smtp_addresses
from reconcile.providers.microsoft.reading.tenant import Tenant
from reconcile.providers.microsoft.wire.refusals import Refused

T = TypeVar("T")

#: How a message names each RecipientTypeDetails.
KINDS = MappingProxyType(
    {
        "UserMailbox": Phrase("the mailbox"),
        "SharedMailbox": Phrase("the shared mailbox"),
        "GuestMailUser": Phrase("the guest"),
        "MailUser": Phrase("the mail user"),
        "MailContact": Phrase("the contact"),
        "GroupMailbox": Phrase("the Microsoft 365 group"),
        "MailUniversalDistributionGroup": Phrase("the group"),
        "MailUniversalSecurityGroup": Phrase("the group"),
        "DynamicDistributionGroup": Phrase("the dynamic group"),
        "PublicFolder": Phrase("the public folder"),
    }
)
ACCOUNT = Phrase("the account")


@dataclasses.dataclass(frozen=True, slots=True)
class AddressHolder:
    """An object and all its addresses. ``identity``: its object id. ``stamp``: our mark of ownership, "" without one.

    ``account``: a member's account or a mailbox, which a plan adopts when its file describes it. ``deleted``: in the
    last thirty days; the tenant keeps its mail. ``sign_in``: the name such an account signed in by.
    """

    identity: str
    described: str
    addresses: frozenset[str]
    stamp: str = ""
    account: bool = False
    deleted: bool = False
    sign_in: str = ""

    @property
    def keeps_all(self) -> bool:
        """Whether every address is taken: a deleted account gives up all but the name it signed in by."""
        return not (self.deleted and self.sign_in)

    @property
    def hint(self) -> str:
        """What to do about it."""
        if self.deleted:
            return "restore it or delete it for good in the admin centre, then make a new plan"
        if self.account:
            return "take the address away from it, or describe it as a mailbox of the federation file"
        return "delete it or change its address in the admin centre, or take the address out of the federation file"


class AddressHolders:
    """Every object with an address: accounts, guests, contacts, groups, and accounts and groups deleted in the last
    thirty days; those of a few domains, and whoever has one of the ``addresses``, where only those are read.

    What cannot be listed holds nothing here: the tenant itself refuses an address that is taken.
    """

    def __init__(self, tenant: Tenant, addresses: Collection[str] = ()) -> None:
        self._tenant = tenant
        self._known = tuple(_all(tenant, addresses))
        self._by_address = _by_address(self._known)

    @property
    def all(self) -> tuple[AddressHolder, ...]:
        return (*self._known, *self._deleted_groups)

    def of(self, address: str, but: Collection[str]) -> AddressHolder | None:
        """Who has the address, but for the objects of those ids; one that was not deleted before one that was."""
        # Only for an address that nobody else has is there a deleted group to ask for: most plans ask for none.
        known = self._by_address.get(address) or self._groups_by_address.get(address, [])
        return min((one for one in known if one.identity not in but), key=lambda one: one.deleted, default=None)

    @functools.cached_property
    def _deleted_groups(self) -> tuple[AddressHolder, ...]:
        return tuple(map(deleted_group, _listed(self._tenant.deleted_groups)))

    @functools.cached_property
    def _groups_by_address(self) -> Mapping[str, list[AddressHolder]]:
        return _by_address(self._deleted_groups)


def deleted_group(group: Recipient) -> AddressHolder:
    """A Microsoft 365 group that was deleted: it has its addresses until it is purged."""
    described = Phrase("the deleted Microsoft 365 group {address}", address=group.primary)
    return AddressHolder(group.user_id or group.guid, described, smtp_addresses(group.proxies), deleted=True)


def conflict(key: str, address: str, holder: AddressHolder) -> Problem:
    """The mailbox ``key`` cannot have ``address`` because of its holder."""
    if holder.deleted:
        had = (
            Phrase("still has {address}", address=address)
            if holder.keeps_all
            else Phrase("had {address} and the tenant keeps its mail", address=address)
        )
        return Problem(
            "M365-27", Phrase("{key}: {described} {had}.", key=key, described=holder.described, had=had), holder.hint
        )
    return Problem(
        "M365-10",
        Phrase(
            "{key}: {address} is already an address of {described}.",
            key=key,
            address=address,
            described=holder.described,
        ),
        holder.hint,
    )


def _by_address(holders: Iterable[AddressHolder]) -> Mapping[str, list[AddressHolder]]:
    found: defaultdict[str, list[AddressHolder]] = defaultdict(list)
    for holder in holders:
        for address in holder.addresses:
            found[address].append(holder)
    return found


def _all(tenant: Tenant, addresses: Collection[str]) -> Iterator[AddressHolder]:
    recipients = {one.user_id or one.guid: one for one in _listed(tenant.recipient_list)}
    deleted = {one.id: one for one in _listed(tenant.deleted)}
    for user in _listed(lambda: list(tenant.accounts(addresses))):
        known = recipients.pop(user.id, None)
        if user.id not in deleted:  # lists go on showing for minutes what was deleted
            yield _account(user, known)
    for identity, one in recipients.items():
        if identity not in deleted:
            described = Phrase("{kind} {address}", kind=KINDS.get(one.kind, one.kind), address=one.primary)
            mailbox = one.kind in ("UserMailbox", "SharedMailbox")
            yield AddressHolder(identity, described, smtp_addresses(one.proxies), account=mailbox)
    for user in deleted.values():
        name = former_name(user)
        held = smtp_addresses(user.proxies) | {name}
        yield AddressHolder(
            user.id, Phrase("the deleted account {name}", name=name), held, user.stamp, deleted=True, sign_in=name
        )


def _listed(read: Callable[[], Sequence[T]]) -> Sequence[T]:
    try:
        return read()
    except (Problem, Refused):
        return ()


def _account(user: User, known: Recipient | None) -> AddressHolder:
    held = user.addresses | (smtp_addresses(known.proxies) if known else frozenset())
    kind = known.kind if known else ""
    if known and kind == "MailUser":
        return AddressHolder(
            user.id, Phrase("{kind} {address}", kind=KINDS[kind], address=known.primary), held, user.stamp
        )
    what = KINDS["GuestMailUser"] if user.guest else KINDS[kind] if kind == "SharedMailbox" else ACCOUNT
    described = Phrase("{kind} {address}", kind=what, address=user.upn)
    return AddressHolder(user.id, described, held, user.stamp, account=not user.guest)


def former_name(deleted: User) -> str:
    """A deleted account's sign-in name has its object id, without dashes, put before it (Graph: deletedItems)."""
    return deleted.upn.removeprefix(deleted.id.replace("-", "").lower())
