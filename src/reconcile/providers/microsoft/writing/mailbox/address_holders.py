"""Who has an address: what a postmaster must know when the tenant only says that it is taken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.microsoft.reading import records
from reconcile.providers.microsoft.reading.address_holders import ACCOUNT, KINDS, deleted_group
from reconcile.providers.microsoft.reading.lists import list_deleted_groups
from reconcile.providers.microsoft.reading.records import Recipient, User, smtp_addresses
from reconcile.providers.microsoft.wire.exchange import Row
from reconcile.providers.microsoft.writing.mailbox.deleted import DeletedAccounts
from reconcile.providers.microsoft.writing.services import Surfaces
from reconcile.resources.address import Address

#: What a mailbox of ours may be.
OURS = ("UserMailbox", "SharedMailbox")


def held(surfaces: Surfaces, deleted: DeletedAccounts, address: Address, wanted: Iterable[str]) -> Mapping[str, str]:
    """Which of the addresses wanted for ``address`` are another object's, and whose, described.

    Empty when nobody has them any more: an address given up stays reserved for up to an hour (Microsoft, "Proxy address
    conflict when adding an email address").
    """
    return {name: holder for name in wanted if (holder := _holder(surfaces, deleted, name, address.key))}


def taken(address: Address, holders: Mapping[str, str]) -> Problem:
    """The sentence that says who has what."""
    conflicts = Phrase.joined(
        "; ",
        (
            Phrase("{address} is already an address of {holder}", address=name, holder=holder)
            for name, holder in sorted(holders.items())
        ),
    )
    return Problem(
        "M365-10",
        Phrase("{key}: {conflicts}.", key=address.key, conflicts=conflicts),
        "free the address there, or take it out of the federation file",
    )


def _holder(surfaces: Surfaces, deleted: DeletedAccounts, name: str, key: str) -> str | None:
    def is_it(row: Row) -> bool:
        return name in smtp_addresses(records.recipient(row).proxies)

    row = surfaces.exchange.one("Get-Recipient", records.RECIPIENT_SELECT, name, is_it)
    if row is not None:
        found = records.recipient(row)
        if found.kind in OURS and found.primary == key:
            return None
        return _described(KINDS.get(found.kind, found.kind), _shown_as(surfaces, found))
    user = surfaces.watch.user(name) or _account_with(surfaces, name)
    if user is not None:
        return None if user.upn == key else _described(KINDS["GuestMailUser"] if user.guest else ACCOUNT, user.upn)
    return deleted.holder(name) or _deleted_group(surfaces, name)


def _described(kind: str, address: str) -> Phrase:
    return Phrase("{kind} {address}", kind=kind, address=address)


def _deleted_group(surfaces: Surfaces, name: str) -> str | None:
    found = map(deleted_group, list_deleted_groups(surfaces.exchange))
    return next((group.described for group in found if name in group.addresses), None)


def _shown_as(surfaces: Surfaces, found: Recipient) -> str:
    """A guest by the name the admin centre shows, whatever address it has; others by their address."""
    guest = surfaces.watch.user(found.user_id) if found.kind == "GuestMailUser" and found.user_id else None
    return guest.upn if guest else found.primary


def _account_with(surfaces: Surfaces, address: str) -> User | None:
    """An account that Exchange does not show and that has the address in the directory."""
    rows = surfaces.graph.rows("/users", records.USER_SELECT, top=999)
    return next((user for user in map(records.user, rows) if address in user.addresses), None)
