"""What arrived in an old mailbox after the switch, and who sent it: somebody still delivers there."""

from __future__ import annotations

import dataclasses
import email.utils
import re

from reconcile.mailcopy.imap.grammar import number, quoted
from reconcile.mailcopy.imap.interruptions import FolderRefused
from reconcile.mailcopy.imap.messages.date import day
from reconcile.mailcopy.imap.messages.headers import read_headers
from reconcile.mailcopy.imap.messages.listing import dates
from reconcile.mailcopy.imap.session import Session
from reconcile.mailcopy.ledger.rows import FolderRow
from reconcile.mailcopy.survey.findings import Survey

#: SEARCH knows days alone, by the server's own calendar (RFC 3501 §6.4.4).
_MARGIN = 2 * 86_400

_FOUND = re.compile(rb"^\* SEARCH([ \d]*)\r$", re.IGNORECASE | re.MULTILINE)
_FOLD = re.compile(rb"\r\n(?=[ \t])")
_ADDRESS = re.compile(r"[^\s@<>\"',;:\\()\[\]]{1,64}@[a-z0-9.-]{1,255}")


@dataclasses.dataclass(frozen=True, slots=True)
class Late:
    """One message. ``folder`` as its server names it, octet by octet; ``sender``: the address of its
    From field, "" without one."""

    folder: str
    validity: int
    uid: int
    sender: str


def late_arrivals(source: Session, found: Survey, since: float) -> list[Late]:
    """Of the messages due, those that arrived at the moment ``since`` (seconds since 1970) or later, by INTERNALDATE.

    Raises ``ConnectionLost``.
    """
    due: dict[int, set[int]] = {folder.id: set(folder.uids) for folder in found.pending}
    for row, uid, _ in found.too_big:
        due.setdefault(row.id, set()).add(uid)
    rows = [row for row, _ in found.looked_at if row.id in due]
    recent = _since(source, rows, since - _MARGIN)
    return [one for row in rows for one in _late_in(source, row, due[row.id] & recent[row.id], since)]


def _since(source: Session, rows: list[FolderRow], moment: float) -> dict[int, set[int]]:
    """By folder, the messages of that day and later; one answer for all folders."""
    answers = [b""] * (2 * len(rows))

    def take(index: int, lines: bytes) -> None:
        answers[index] += lines

    search = b"UID SEARCH SINCE " + day(moment)
    source.commands.run([one for row in rows for one in (b"EXAMINE " + quoted(row.source), search)], take)
    uids = [{number(uid) for line in _FOUND.findall(answer) for uid in line.split()} for answer in answers[1::2]]
    return {row.id: found for row, found in zip(rows, uids, strict=True)}


def _late_in(source: Session, row: FolderRow, uids: set[int], since: float) -> list[Late]:
    if not uids:
        return []
    try:
        late = dates(source, row.source, min(uids), lambda uid, when: uid in uids and (when or 0) >= since)
    except FolderRefused:
        return []  # the copy says so
    headers = read_headers(source, row.source, list(late), b"FROM")
    folder = row.source.decode("latin-1")
    return [Late(folder, row.source_validity, uid, _sender(header)) for uid, (header, _) in headers.items()]


def _sender(header: bytes) -> str:
    """The first address of a From field; "" where there is none."""
    text = _FOLD.sub(b"", header).decode("utf-8", "replace").partition(":")[2].partition("\r\n")[0]
    addresses = (address.lower() for _, address in email.utils.getaddresses([text]))
    return next(filter(_ADDRESS.fullmatch, addresses), "")
