"""The table [destination]: the host that receives the copies."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from reconcile.config.settings.tables.imap import ImapServer


class NewServer(ImapServer):
    """The host that receives the copies."""

    largest_message: int = Field(150, ge=1)
    """Megabytes of the largest message it takes. Larger ones are listed as refused without being sent; Exchange Online
    takes what Set-Mailbox -MaxReceiveSize allows, 150 at most."""
    read_receipts: Literal["list", "silence"] = "list"
    """Old unread mail that asks for a receipt: counted and listed only, or marked as answered ($MDNSent) so that nobody
    is sent a receipt years late. The mark is the one change made to a message's flags."""
