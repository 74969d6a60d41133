"""Some header fields of many messages, read in blocks: to recognise a message, or to know when it arrived."""

from __future__ import annotations

import re
from collections.abc import Sequence

from reconcile.mailcopy.imap.grammar import quoted, uid_set
from reconcile.mailcopy.imap.limits import LISTS
from reconcile.mailcopy.imap.messages.date import date_of_header, moment
from reconcile.mailcopy.imap.session import Session

#: Messages asked for in one command.
AT_ONCE = 200

_OPEN = re.compile(
    rb"\* \d+ FETCH \(([^{]*?)BODY\[HEADER\.FIELDS \([^)]*\)\] (?:\{(\d{1,7})\}\r\n|\"\"|NIL)", re.IGNORECASE
)
_UID = re.compile(rb"\bUID (\d{1,10})\b", re.IGNORECASE)
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d{1,12})\b", re.IGNORECASE)


def read_headers(session: Session, folder: bytes, uids: Sequence[int], fields: bytes) -> dict[int, tuple[bytes, int]]:
    """UID → the lines of the named header fields, and the message's size in bytes, of those that are still there.

    ``fields`` are separated by blanks. Raises ``ConnectionLost``.
    """
    ordered = sorted(uids)
    parts = [uid_set(ordered[start : start + AT_ONCE]) for start in range(0, len(ordered), AT_ONCE)]
    answers: list[list[bytes]] = [[] for _ in range(len(parts) + 1)]
    fetches = [b"UID FETCH %b (UID RFC822.SIZE BODY.PEEK[HEADER.FIELDS (%b)])" % (part, fields) for part in parts]
    if parts:
        asked = [b"EXAMINE " + quoted(folder), *fetches]
        session.commands.run(asked, lambda n, lines: answers[n].append(lines), most=LISTS)
    found: dict[int, tuple[bytes, int]] = {}
    for answer in answers[1:]:
        found |= _read(b"".join(answer))
    return found


def header_dates(session: Session, folder: bytes, uids: Sequence[int], now: float) -> dict[int, int | None]:
    """UID → seconds since 1970 by the message's header; None where that says nothing. Raises ``ConnectionLost``."""
    found = read_headers(session, folder, uids, b"RECEIVED DATE")
    return {uid: moment((date_of_header(header, now) or b"").strip(b'"')) for uid, (header, _) in found.items()}


def _read(answer: bytes) -> dict[int, tuple[bytes, int]]:
    found: dict[int, tuple[bytes, int]] = {}
    position = 0
    while row := _OPEN.search(answer, position):
        end = row.end() + int(row[2] or 0)
        closing = answer.find(b"\r\n", end)
        items = row[1] + b" " + answer[end:closing]
        uid, size = _UID.search(items), _SIZE.search(items)
        if uid:
            found[int(uid[1])] = (answer[row.end() : end], int(size[1]) if size else 0)
        position = max(closing, row.end())
    return found
