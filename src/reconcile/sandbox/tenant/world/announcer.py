"""Tells the mail host of each change that concerns it, once."""

from __future__ import annotations

from reconcile.sandbox.tenant.world import addresses
from reconcile.sandbox.tenant.world.listener import MailboxListener
from reconcile.sandbox.tenant.world.objects import Mailbox


class Announcer:
    """Remembers what the listener knows. Without a listener there is nobody to tell."""

    def __init__(self, listener: MailboxListener | None) -> None:
        self._listener = listener
        self._told: dict[str, tuple[tuple[str, ...], bool]] = {}

    def exists(self, box: Mailbox, upn: str, opened: bool) -> None:
        """The box is connected; ``opened`` says whether the copier holds full access to it."""
        names = dict.fromkeys([upn.lower(), *addresses.smtp_of(box.addresses)])
        facts = (tuple(names), opened and bool(box.protocols.get("ImapEnabled", True)))
        if self._listener is not None and self._told.get(box.guid) != facts:
            self._told[box.guid] = facts
            self._listener.mailbox_exists(box.guid, *facts)

    def gone(self, box: Mailbox) -> None:
        self._told.pop(box.guid, None)
        if self._listener is not None:
            self._listener.mailbox_gone(box.guid)
