"""IMAPClient within the bounds of ``bounded_mail``; a module of its own, for IMAPClient takes a while to load."""

from __future__ import annotations

import imaplib

from imapclient import IMAPClient

from reconcile.bounded_mail import Bounds, Place, imap


class BoundedImapClient(IMAPClient):  # type: ignore[misc]  # it has no types
    """TLS has begun where ``place`` asks for it. Raises what IMAPClient raises, and ``BeyondBounds``."""

    def __init__(self, place: Place, bounds: Bounds) -> None:
        self._place, self._bounds = place, bounds
        super().__init__(place.host, place.port, ssl=False)

    def _create_IMAP4(self) -> imaplib.IMAP4:  # noqa: N802 (the library's name)
        return imap(self._place, self._bounds)
