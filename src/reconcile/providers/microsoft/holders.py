"""Who has an address: what a postmaster must know when the tenant only says that it is taken."""

from __future__ import annotations

from collections.abc import Iterable

from reconcile.problem import Problem
from reconcile.providers.microsoft import records
from reconcile.providers.microsoft.deleted import DeletedAccounts
from reconcile.providers.microsoft.exchange import Row
from reconcile.providers.microsoft.records import smtp_addresses
from reconcile.providers.microsoft.refused import Refused, explained, holds_address
from reconcile.providers.microsoft.surfaces import Surfaces
from reconcile.resources.address import Address

#: RecipientTypeDetails in words.
_KINDS = {"UserMailbox": "the mailbox", "SharedMailbox": "the shared mailbox", "MailContact": "the contact"}


def conflict(
    surfaces: Surfaces, deleted: DeletedAccounts, refused: Refused, address: Address, wanted: Iterable[str]
) -> Problem:
    """The refusal explained; when an address of ``wanted`` is taken, with the name of who has it."""
    if not holds_address(refused):
        return explained(refused, address)
    try:
        held = {name: holder for name in wanted if (holder := _holder(surfaces, deleted, name, address.key))}
    except (Problem, Refused):
        held = {}
    if not held:
        return explained(refused, address)
    told = "; ".join(f"{name} is already an address of {holder}" for name, holder in sorted(held.items()))
    return Problem(
        "M365-10", f"{address.key}: {told}.", "free the address there, or take it out of the federation file"
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
