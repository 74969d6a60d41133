"""Who is notified of the mailboxes the tenant holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class MailboxListener(Protocol):
    """The IMAP host learns here which boxes exist and whether the copying application may open them."""

    def mailbox_exists(self, guid: str, addresses: Sequence[str], open_to_copier: bool) -> None:
        """Called on every change of these facts; ``addresses`` are lower-case, the sign-in name first. Idempotent."""

    def mailbox_gone(self, guid: str) -> None:
        """The box was deleted or lost its licence; what it held is kept by the host."""
