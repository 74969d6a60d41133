"""Which messages a folder holds, read in blocks and kept in a dozen bytes each."""

from __future__ import annotations

import dataclasses
import re
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence

from reconcile.language.phrase import Phrase
from reconcile.mailcopy.imap.grammar import number, quoted, readable
from reconcile.mailcopy.imap.interruptions import FolderRefused
from reconcile.mailcopy.imap.limits import LISTS, MESSAGES, Excess, said_by
from reconcile.mailcopy.imap.messages.date import moment
from reconcile.mailcopy.imap.session import Session

#: The largest size kept: what an array of integers takes, and far beyond any limit it is compared with.
MOST = 0xFFFFFFFF
#: How Dovecot and Cyrus answer; a row in another order is read item by item.
_USUAL = re.compile(rb"^\* \d+ FETCH \(UID (\d{1,10}) RFC822\.SIZE (\d{1,12})\)\r\n", re.MULTILINE)
_ROW = re.compile(rb"^\* \d+ FETCH \((.*)\)\r$", re.MULTILINE | re.IGNORECASE)
_UID = re.compile(rb"\bUID (\d{1,10})\b", re.IGNORECASE)
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d{1,12})\b", re.IGNORECASE)
_DATE = re.compile(rb'INTERNALDATE "([^"]*)"', re.IGNORECASE)
_NUMBER = {word: re.compile(word + rb" (\d+)", re.IGNORECASE) for word in (b"MESSAGES", b"UIDNEXT", b"UIDVALIDITY")}


@dataclasses.dataclass(frozen=True, slots=True)
class Status:
    """A folder's own figures (RFC 3501 §6.3.10)."""

    messages: int
    uid_next: int
    uid_validity: int


@dataclasses.dataclass(slots=True)
class Listing:
    """UIDs ascending and their sizes; ``error`` when the server does not open the folder."""

    uids: array[int] = dataclasses.field(default_factory=lambda: array("I"))
    sizes: array[int] = dataclasses.field(default_factory=lambda: array("I"))
    error: str = ""

    def without(self, done: array[int]) -> Listing:
        """The listing without the UIDs of ``done``; both ascend, so one walk is enough and nothing is built beside."""
        if not done:
            return self
        left = Listing()
        position, end = 0, len(done)
        for uid, size in zip(self.uids, self.sizes, strict=True):
            while position < end and done[position] < uid:
                position += 1
            if position == end or done[position] != uid:
                left.uids.append(uid)
                left.sizes.append(size)
        return left


def statuses(session: Session, folders: Sequence[bytes]) -> dict[bytes, Status | str]:
    """The status of each folder, or why the server does not give it."""
    said: list[bytes] = [b""] * len(folders)

    def take(index: int, lines: bytes) -> None:
        said[index] += lines

    asked = [b"STATUS %b (MESSAGES UIDNEXT UIDVALIDITY)" % quoted(name) for name in folders]
    answers = session.commands.run(asked, take)
    found: dict[bytes, Status | str] = {}
    for name, lines, answer in zip(folders, said, answers, strict=True):
        numbers = [pattern.findall(lines) for pattern in _NUMBER.values()]
        if answer.upper().startswith(b"OK") and all(numbers):
            with said_by(session.endpoint):
                found[name] = Status(*(number(values[-1]) for values in numbers))
        else:
            found[name] = readable(answer)
    return found


def list_folders(session: Session, spans: Mapping[bytes, bytes]) -> dict[bytes, Listing]:
    """UIDs and sizes of the messages of each folder that are in its span (a sequence set), in one burst."""
    listings = [Listing() for _ in spans]

    def take(index: int, lines: bytes) -> None:
        if index % 2:
            _add_rows(listings[index // 2], lines)

    asked = [
        command
        for name, span in spans.items()
        for command in (b"EXAMINE " + quoted(name), b"UID FETCH " + span + b" (UID RFC822.SIZE)")
    ]
    answers = session.commands.run(asked, take, most=LISTS)
    for listing, opened in zip(listings, answers[::2], strict=True):
        if not opened.upper().startswith(b"OK"):
            listing.error = readable(opened)
    for listing in listings:
        _ascending(listing)
    return dict(zip(spans, listings, strict=True))


def dates(
    session: Session, folder: bytes, first: int, wanted: Callable[[int, int | None], bool]
) -> dict[int, int | None]:
    """UID → INTERNALDATE (seconds since 1970, None for one that is none) of the folder's messages from UID ``first``
    on, of which only those are kept that ``wanted(uid, date)``: a folder may hold a million.

    Raises ``FolderRefused`` when the folder cannot be opened, and ``ConnectionLost``.
    """
    found: dict[int, int | None] = {}

    def take(_: int, lines: bytes) -> None:
        for row in _ROW.findall(lines):
            uid, date = _UID.search(row), _DATE.search(row)
            when = moment(date[1]) if date else None
            # "n:*" always answers the last message, even below n (RFC 3501 §6.4.8)
            if uid and (value := number(uid[1])) >= first and wanted(value, when):
                found[value] = when

    open_it = b"EXAMINE " + quoted(folder)
    answers = session.commands.run([open_it, b"UID FETCH %d:* (UID INTERNALDATE)" % first], take, most=LISTS)
    if not answers[0].upper().startswith(b"OK"):
        raise FolderRefused(
            Phrase("{endpoint} does not open it: {answer}", endpoint=session.endpoint, answer=readable(answers[0]))
        )
    return found


def _add_rows(listing: Listing, lines: bytes) -> None:
    usual = _USUAL.findall(lines)
    if usual and len(usual) == lines.count(b"\n"):
        uids, sizes = zip(*usual, strict=True)
        _extend(listing, map(int, uids), map(int, sizes))
        return
    for row in _ROW.findall(lines):
        uid, size = _UID.search(row), _SIZE.search(row)
        if uid and size:
            _extend(listing, [int(uid[1])], [int(size[1])])


def _extend(listing: Listing, uids: Iterable[int], sizes: Iterable[int]) -> None:
    try:
        listing.uids.extend(uids)
    except OverflowError:
        raise Excess(Phrase("a UID of more than 32 bits")) from None
    listing.sizes.extend(min(size, MOST) for size in sizes)
    if len(listing.uids) > MESSAGES:
        raise Excess(Phrase("more than {messages:,} messages in one folder", messages=MESSAGES))


def _ascending(listing: Listing) -> None:
    """Servers list in order of sequence numbers, which is that of UIDs; a server that does not is put right."""
    if any(a >= b for a, b in zip(listing.uids, listing.uids[1:], strict=False)):
        both: Mapping[int, int] = dict(zip(listing.uids, listing.sizes, strict=True))
        listing.uids = array("I", sorted(both))
        listing.sizes = array("I", (both[uid] for uid in listing.uids))
