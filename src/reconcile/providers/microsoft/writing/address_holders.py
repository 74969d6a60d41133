"""Who has an address: what a postmaster must know when the tenant only says that it is taken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconcile.problem import Problem
from reconcile.providers.microsoft.reading import records
from reconcile.providers.microsoft.reading.records import smtp_addresses
from reconcile.providers.microsoft.wire.exchange import Row
from reconcile.providers.microsoft.writing.deleted import DeletedAccounts
from reconcile.providers.microsoft.writing.services import Surfaces
from reconcile.resources.address import Address

#: How a message names each RecipientTypeDetails.
_KINDS = {"UserMailbox": "the mailbox", "SharedMailbox": "the shared mailbox", "MailContact": "the contact"}


def held(surfaces: Surfaces, deleted: DeletedAccounts, address: Address, wanted: Iterable[str]) -> Mapping[str, str]:
    """Which of the addresses wanted for ``address`` are another object's, and whose, described.

    Empty when nobody has them any more: an address given up stays reserved for up to an hour (Microsoft, "Proxy address
    conflict when adding an email address").
    """
    return {name: holder for name in wanted if (holder := _holder(surfaces, deleted, name, address.key))}


def taken(address: Address, holders: Mapping[str, str]) -> Problem:
    """The sentence that says who has what."""
    conflicts = "; ".join(f"{name} is already an address of {holder}" for name, holder in sorted(holders.items()))
    return Problem(
        "M365-10", f"{address.key}: {conflicts}.", "free the address there, or take it out of the federation file"
    )


def _holder(surfaces: Surfaces, deleted: DeletedAccounts, name: str, key: str) -> str | None:
    def is_it(row: Row) -> bool:
        return name in smtp_addresses(records.recipient(row).proxies)

    row = surfaces.exchange.one("Get-Recipient", records.RECIPIENT_SELECT, name, is_it)
    if row is not None:
        found = records.recipient(row)
        kind = _KINDS.get(str(row.get("RecipientTypeDetails")), str(row.get("RecipientTypeDetails")))
        return None if found.primary == key else f"{kind} {found.primary}"
    user = surfaces.watch.user(name)
    if user is not None:
        return None if name == key else f"the account {user.upn}"
    return deleted.holder(name)
