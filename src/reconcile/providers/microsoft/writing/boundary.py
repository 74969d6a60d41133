"""The last look before a write: the object itself, as the tenant shows it, is inside the declared domains and ours."""

from __future__ import annotations

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.base import Order
from reconcile.providers.microsoft.reading.records import STAMP_PREFIX, Box, User, smtp_addresses


def check_inside(order: Order, *seen: User | Box | None) -> None:
    """Raise ``Problem`` GRD02 unless every address of what was just read may be written to.

    ``seen``: the account and the mailbox, as far as they exist. An identity comes from a file; addresses come from the
    tenant.
    """
    # Nobody signs in to a shared mailbox: Exchange makes up its sign-in, in the tenant's default domain.
    made_up = any(isinstance(one, Box) and one.shared for one in seen)
    names = {name for one in seen if one is not None for name in _names(one, sign_in=not made_up)}
    if names and (why := order.outside(names)):
        raise Problem(
            "GRD02",
            Phrase("{address}: refused, {why}.", address=order.address, why=why),
            "nothing was written; look at the object in the tenant",
        )


def check_ours(order: Order, user: User | None) -> None:
    """Raise ``Problem`` GRD07 when an account about to be deleted does not bear our mark."""
    if user is not None and not user.stamp.startswith(STAMP_PREFIX):
        raise Problem(
            "GRD07",
            Phrase(
                "{address}: refused, the account does not bear the mark of what this tool made or took over.",
                address=order.address,
            ),
            "delete it by hand if it must go, then: reconcile state rm",
        )


def _names(one: User | Box, *, sign_in: bool) -> set[str]:
    primary = {one.primary} if isinstance(one, Box) else set()
    upn = {one.upn} if sign_in else set()
    return {name for name in {*upn, *smtp_addresses(one.proxies), *primary} if name}
