"""One mailbox, another licence: E1, E3 or shared, in the order that never leaves mail without a home."""

from __future__ import annotations

import re

from reconcile.problem import Problem
from reconcile.providers.base import Order
from reconcile.providers.microsoft.reading.licences import ROOM
from reconcile.providers.microsoft.reading.records import Box, User
from reconcile.providers.microsoft.writing.accounts import Accounts
from reconcile.providers.microsoft.writing.read_back import AGREEING, until
from reconcile.providers.microsoft.writing.seats import Seats
from reconcile.providers.microsoft.writing.services import Surfaces, disagrees

#: Seconds for Exchange to convert a mailbox.
PATIENCE = 900.0


class Conversion:
    def __init__(self, surfaces: Surfaces, accounts: Accounts, seats: Seats) -> None:
        self._surfaces = surfaces
        self._exchange = surfaces.exchange
        self._accounts = accounts
        self._seats = seats

    def carry_out(self, order: Order, user: User, box: Box) -> None:
        """Bring the mailbox to the order's licence. Raises ``Problem`` M365-28 when it holds too much mail for it."""
        wanted = str(order.fields["licence"])
        held = "shared" if box.shared else self._seats.skus().licence(user.skus)
        if ROOM[wanted] < ROOM.get(str(held), ROOM["E3"]):
            self._check_room(order, box, wanted)
        if wanted == "shared":
            # The licence stays until the conversion is done: without one there is no mailbox to convert.
            self._become("Shared", order, user, box)
            self._seats.give(user, None)
            return
        if box.shared:
            self._accounts.open(user)
        self._seats.give(user, wanted)
        self._become("Regular", order, user, box)

    def _become(self, kind: str, order: Order, user: User, box: Box) -> None:
        shared = kind == "Shared"
        if box.shared == shared:
            return
        self._exchange.run("Set-Mailbox", Identity=box.guid, Type=kind)

        def done() -> bool | None:
            now = self._surfaces.watch.box(user.id)
            return True if now and now.shared == shared else None

        if until(self._surfaces.clock, done, PATIENCE, agreeing=AGREEING) is None:
            raise disagrees(order.address, "its conversion")

    def _check_room(self, order: Order, box: Box, wanted: str) -> None:
        row = self._exchange.one("Get-MailboxStatistics", (), box.guid, lambda row: "TotalItemSize" in row)
        stored = _bytes(str((row or {}).get("TotalItemSize") or ""))
        if stored >= ROOM[wanted]:
            offer = "a shared mailbox" if wanted == "shared" else f"licence {wanted}"
            raise Problem(
                "M365-28",
                f"{order.address.key}: it holds {stored / 1024**3:.1f} GB of mail and {offer} gives "
                f"{ROOM[wanted] // 1024**3} GB.",
                "keep its licence, or have mail deleted or archived first",
            )


def _bytes(size: str) -> int:
    """``63 GB (67,645,734,912 bytes)`` in bytes; 0 when nothing is told."""
    found = re.search(r"\(([\d,.\s]+) bytes\)", size)
    return int(re.sub(r"\D", "", found[1])) if found else 0
