"""The copier's temporary access to a mailbox: the right to open it, IMAP, and room for large messages."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from collections.abc import Callable
from typing import Self

from reconcile.language.phrase import Phrase
from reconcile.providers.base import Order
from reconcile.providers.microsoft.reading import observed_state
from reconcile.providers.microsoft.reading.records import Box
from reconcile.providers.microsoft.reading.sizes import bytes_in
from reconcile.providers.microsoft.wire.exchange import Row
from reconcile.providers.microsoft.wire.refusals import LostAnswer, Refused
from reconcile.providers.microsoft.writing import read_back
from reconcile.providers.microsoft.writing.access.access import (
    RECIPIENT_TIMEOUT,
    SHOWN_TIMEOUT,
    mailbox,
    recipient_unknown,
)
from reconcile.providers.microsoft.writing.boundary import check_inside
from reconcile.providers.microsoft.writing.in_steps import retrying, until
from reconcile.providers.microsoft.writing.services import Surfaces, disagrees
from reconcile.resources.resource import Live
from reconcile.steps import Steps

#: The largest message Exchange Online can be set to take; 36 MB is what a new mailbox takes, and old mail knows no
#: such limit (Set-Mailbox -MaxReceiveSize).
LARGEST_MESSAGE = "150MB"
#: Where a mailbox keeps what it was before the copy, so that it is put back even if the state is lost.
NOTE = "CustomAttribute12"
NOTE_PREFIX = "reconcile:before-copy:"


class CopyAccessWriter:
    """Kind *copy_access*: the copier's application may open one mailbox over IMAP, which takes large messages from then
    on; in the end both are as before."""

    def __init__(self, surfaces: Surfaces) -> None:
        self._surfaces = surfaces
        self._exchange = surfaces.exchange
        self._clock = surfaces.clock
        self._lock = threading.Lock()
        self._known = False

    def create(self, order: Order) -> Steps[Live]:
        box = yield from mailbox(self._surfaces, order.address)
        check_inside(order, box)
        self._register_application()
        if not self._granted(box) or not self._imap(box):
            yield from self._open(box)
        shown = until(self._clock, lambda _: (self._granted(box) and self._imap(box)) or None, SHOWN_TIMEOUT)
        if (yield from shown) is None:
            raise disagrees(order.address, Phrase("the copier's access"))
        return Live(order.address, {"granted": True}, box.guid)

    def update(self, order: Order) -> Steps[Live]:
        return self.create(order)

    def delete(self, order: Order) -> Steps[None]:
        box = self._surfaces.watch.box(order.address.key)
        if box is None:
            return
        check_inside(order, box)
        if self._granted(box):
            self._exchange.run(
                "Remove-MailboxPermission",
                Identity=box.guid,
                User=self._surfaces.settings.tenant.copier_principal,
                AccessRights=["FullAccess"],
                InheritanceType="All",
                Confirm=False,
            )
        self._put_back(box)
        ended = until(self._clock, lambda _: None if self._granted(box) else True, SHOWN_TIMEOUT)
        if (yield from ended) is None:
            raise disagrees(order.address, Phrase("the end of the copier's access"))

    # ---- what the mailbox was, and is again

    def _open(self, box: Box) -> Steps[None]:
        row, imap = self._row(box), self._imap(box)
        note = str(row.get(NOTE) or "")
        settings: dict[str, object] = {"MaxReceiveSize": LARGEST_MESSAGE}
        if not note:
            settings[NOTE] = Before(imap, bytes_in(str(row.get("MaxReceiveSize") or ""))).text
        if not note.startswith(NOTE_PREFIX):
            self._exchange.run("Set-Mailbox", Identity=box.guid, **settings)
        if not imap:
            self._exchange.run("Set-CASMailbox", Identity=box.guid, ImapEnabled=True)
        if not self._granted(box):
            yield from retrying(self._clock, lambda: self._grant(box), recipient_unknown, RECIPIENT_TIMEOUT, pause=30.0)

    def _grant(self, box: Box) -> None:
        self._exchange.run(
            "Add-MailboxPermission",
            Identity=box.guid,
            User=self._surfaces.settings.tenant.copier_principal,
            AccessRights=["FullAccess"],
            InheritanceType="All",
            AutoMapping=False,
            Confirm=False,
        )

    def _put_back(self, box: Box) -> None:
        before = Before.read(str(self._row(box).get(NOTE) or ""))
        if before is None:
            return
        if not before.imap:
            self._exchange.run("Set-CASMailbox", Identity=box.guid, ImapEnabled=False)
        size = {"MaxReceiveSize": f"{before.largest}B"} if before.largest else {}
        self._exchange.run("Set-Mailbox", Identity=box.guid, **size, **{NOTE: ""})

    def _row(self, box: Box) -> Row:
        found = self._exchange.one("Get-Mailbox", ("Guid", "MaxReceiveSize", NOTE), box.guid, _is(box))
        return found or {}

    def _imap(self, box: Box) -> bool:
        row = self._exchange.one("Get-CASMailbox", ("Guid", "ImapEnabled"), box.guid, _is(box))
        return row is None or row.get("ImapEnabled") is not False

    def _granted(self, box: Box) -> bool:
        """Asked for by the application's id: whatever Exchange shows it as, the answer holds its entries alone."""
        tenant = self._surfaces.settings.tenant
        try:
            rows = self._exchange.rows("Get-MailboxPermission", (), Identity=box.guid, User=tenant.copier_principal)
        except Refused as refused:
            if recipient_unknown(refused):
                return False
            raise
        return observed_state.copier_granted(rows, {tenant.copier_principal.lower(), tenant.client_id.lower()})

    # ---- the application

    def _register_application(self) -> None:
        """Exchange must know the application before it can be given a right; done once a run."""
        tenant = self._surfaces.settings.tenant
        with self._lock:
            if self._known or self._registered():
                self._known = True
                return
            with contextlib.suppress(LostAnswer):
                self._exchange.create(
                    "New-ServicePrincipal",
                    AppId=tenant.client_id,
                    ObjectId=tenant.copier_principal,
                    DisplayName="reconcile mail copy",
                )
            shown = read_back.until(self._clock, lambda: self._registered() or None, SHOWN_TIMEOUT)
            self._known = shown is not None

    def _registered(self) -> bool:
        principal = self._surfaces.settings.tenant.copier_principal.lower()

        def is_it(row: Row) -> bool:
            return str(row.get("ObjectId") or "").lower() == principal

        return self._exchange.one("Get-ServicePrincipal", (), principal, is_it) is not None


@dataclasses.dataclass(frozen=True, slots=True)
class Before:
    """What a mailbox was before its copy. ``largest``: its MaxReceiveSize in bytes, 0 when it was not shown."""

    imap: bool
    largest: int

    @property
    def text(self) -> str:
        return f"{NOTE_PREFIX}imap={'on' if self.imap else 'off'},size={self.largest}"

    @classmethod
    def read(cls, text: str) -> Self | None:
        """None when the text is not ours."""
        parts = dict(part.partition("=")[::2] for part in text.removeprefix(NOTE_PREFIX).split(","))
        size = parts.get("size", "")
        if not text.startswith(NOTE_PREFIX) or not size.isascii() or not size.isdigit():
            return None
        return cls(parts.get("imap") != "off", int(size))


def _is(box: Box) -> Callable[[Row], bool]:
    return lambda row: str(row.get("Guid") or "").lower() == box.guid
