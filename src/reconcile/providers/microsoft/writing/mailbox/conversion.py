"""One mailbox, another licence: E1, E3 or shared, in the order that never leaves mail without a home."""

from __future__ import annotations

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.base import Order
from reconcile.providers.microsoft.reading.licences import QUOTA
from reconcile.providers.microsoft.reading.records import Box, User
from reconcile.providers.microsoft.reading.sizes import bytes_in
from reconcile.providers.microsoft.writing.in_steps import AGREEING, until
from reconcile.providers.microsoft.writing.mailbox.accounts import Accounts
from reconcile.providers.microsoft.writing.mailbox.seats import Seats
from reconcile.providers.microsoft.writing.services import Surfaces, disagrees
from reconcile.steps import Steps

#: Seconds for Exchange to convert a mailbox.
TIMEOUT = 900.0


class Conversion:
    def __init__(self, surfaces: Surfaces, accounts: Accounts, seats: Seats) -> None:
        self._surfaces = surfaces
        self._exchange = surfaces.exchange
        self._accounts = accounts
        self._seats = seats

    def convert(self, order: Order, user: User, box: Box) -> Steps[None]:
        """Bring the mailbox to the order's licence. Raises ``Problem`` M365-28 when it holds too much mail for it."""
        wanted = str(order.fields["licence"])
        held = "shared" if box.shared else self._seats.skus().licence(user.skus)
        if QUOTA[wanted] < QUOTA.get(str(held), QUOTA["E3"]):
            self._check_quota(order, box, wanted)
        if wanted == "shared":
            # The licence stays until the conversion is done: without one there is no mailbox to convert.
            yield from self._set_type("Shared", order, user, box)
            yield from self._seats.give(user, None)
            return
        if box.shared:
            yield from self._accounts.open(user, order)
        yield from self._seats.give(user, wanted)
        yield from self._set_type("Regular", order, user, box)

    def _set_type(self, kind: str, order: Order, user: User, box: Box) -> Steps[None]:
        shared = kind == "Shared"
        if box.shared == shared:
            return
        self._exchange.run("Set-Mailbox", Identity=box.guid, Type=kind)

        def done(since: float | None) -> bool | None:
            now = self._surfaces.watch.box(user.id, since)
            return True if now and now.shared == shared else None

        if (yield from until(self._surfaces.clock, done, TIMEOUT, agreeing=AGREEING)) is None:
            raise disagrees(order.address, Phrase("its conversion"))

    def _check_quota(self, order: Order, box: Box, wanted: str) -> None:
        row = self._exchange.one("Get-MailboxStatistics", (), box.guid, lambda row: "TotalItemSize" in row)
        stored = bytes_in(str((row or {}).get("TotalItemSize") or ""))
        if stored >= QUOTA[wanted]:
            offer = "a shared mailbox" if wanted == "shared" else Phrase("licence {wanted}", wanted=wanted)
            raise Problem(
                "M365-28",
                Phrase(
                    "{key}: it holds {stored:.1f} GB of mail and {offer} gives {quota} GB.",
                    key=order.address.key,
                    stored=stored / 1024**3,
                    offer=offer,
                    quota=QUOTA[wanted] // 1024**3,
                ),
                "keep its licence, or have mail deleted or archived first",
            )
