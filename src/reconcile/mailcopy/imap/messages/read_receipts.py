"""Old unread mail that asks for a read receipt: whoever opens it in the new mailbox may send one, years late.

A copy alters no message, so such mail is counted and listed; only where the postmaster chose so is it marked as
answered (``$MDNSent``, RFC 3503 §3: no client then sends a receipt).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from reconcile.mailcopy.imap.grammar import number, quoted
from reconcile.mailcopy.imap.session import Session

MARK = b"$MDNSent"
#: The fields by which senders ask for one.
FIELDS = (b"Disposition-Notification-To", b"Return-Receipt-To", b"X-Confirm-Reading-To")
#: Bytes of a header looked at, at most.
HEADER_MOST = 1 << 16

_ASKS = re.compile(rb"^(?:%b):" % b"|".join(FIELDS), re.IGNORECASE | re.MULTILINE)
_FOUND = re.compile(rb"^\* SEARCH([ \d]*)\r$", re.IGNORECASE | re.MULTILINE)


class ReceiptRequestScanner:
    """Looks at the header of one message after the other as they pass."""

    def __init__(self) -> None:
        self.asks = False
        self._looking = False
        self._header = b""

    def begin(self, flags: bytes) -> None:
        """``flags``: of the message that begins. One that was read, or answered with a receipt, is of no interest."""
        self.asks = False
        self._header = b""
        self._looking = b"\\seen" not in flags.lower() and MARK.lower() not in flags.lower()

    def chunk(self, part: memoryview) -> None:
        if not self._looking:
            return
        self._header += bytes(part[:HEADER_MOST])
        end = self._header.find(b"\r\n\r\n")
        if end < 0 and len(self._header) < HEADER_MOST:
            self.asks = _ASKS.search(self._header) is not None  # the message may end here
            return
        self._looking = False
        self.asks = _ASKS.search(self._header, 0, end if end >= 0 else HEADER_MOST) is not None
        self._header = b""


def requesting_receipts(source: Session, folder: bytes, uids: Sequence[int]) -> frozenset[int]:
    """Which of the messages are unread and ask for a receipt, as the old server finds them."""
    if not uids:
        return frozenset()
    found: list[bytes] = []
    unread = b"UID SEARCH UID %d:%d UNSEEN UNKEYWORD %b " % (uids[0], uids[-1], MARK)
    queries = [unread + b'HEADER %b ""' % field for field in FIELDS]
    source.commands.run([b"EXAMINE " + quoted(folder), *queries], lambda _, lines: found.append(lines))
    return frozenset(number(uid) for row in _FOUND.findall(b"".join(found)) for uid in row.split())
