"""Reads whole messages as streams, outside the pump: for digests, and to look into one that was refused."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Sequence
from typing import Protocol

from reconcile.language.phrase import Phrase
from reconcile.mailcopy.imap.grammar import quoted, readable, uid_set
from reconcile.mailcopy.imap.interruptions import FolderRefused
from reconcile.mailcopy.imap.messages.fetch_stream import FetchStream
from reconcile.mailcopy.imap.session import Session

#: Messages asked for in one command.
AT_ONCE = 100


class BodyReader(Protocol):
    """Receives each message: ``begin``, any number of ``chunk``, ``end``."""

    def begin(self, uid: int, flags: bytes, date: bytes, size: int) -> None: ...

    def chunk(self, part: memoryview) -> None: ...

    def end(self) -> None: ...


def read_bodies(session: Session, folder: bytes, uids: Sequence[int], reader: BodyReader) -> None:
    """Hand the reader every message of ``uids`` that is still there. Raises ``ConnectionLost``, ``FolderRefused``."""
    opened = session.commands.run([b"EXAMINE " + quoted(folder)])
    if not opened[0].upper().startswith(b"OK"):
        raise FolderRefused(
            Phrase("{endpoint} does not open it: {answer}", endpoint=session.endpoint, answer=readable(opened[0]))
        )
    ordered = sorted(uids)
    for start in range(0, len(ordered), AT_ONCE):
        until = _Until(b"D%d" % start, reader)
        part = uid_set(ordered[start : start + AT_ONCE])
        session.commands.ask(b"%b UID FETCH %b (UID FLAGS INTERNALDATE BODY.PEEK[])" % (until.tag, part))
        with contextlib.closing(FetchStream(until, str(session.endpoint))) as stream:
            while not until.reached:
                with stream.room as room:
                    count = session.commands.receive_into(room)
                stream.received(count)


def digests(session: Session, folder: bytes, uids: Sequence[int]) -> dict[int, bytes]:
    """UID → SHA-256 of the message's bytes. Messages that are gone are left out. Raises ``ConnectionLost``."""
    reader = _Digests()
    if uids:
        read_bodies(session, folder, uids, reader)
    return reader.found


def normal_digests(session: Session, folder: bytes, uids: Sequence[int]) -> dict[int, bytes]:
    """The same of the bytes without what servers change on their own: CR, NUL (and 0x80, which stands for it on the
    wire), and line ends at the very end."""
    reader = _NormalDigests()
    if uids:
        read_bodies(session, folder, uids, reader)
    return reader.found


class _Until:
    """Passes on what the stream reads, until the command's own answer."""

    def __init__(self, tag: bytes, reader: BodyReader) -> None:
        self.tag = tag
        self.reached = False
        self.begin, self.chunk, self.end = reader.begin, reader.chunk, reader.end

    def missing(self, uid: int) -> None:
        return

    def answered(self, line: bytes) -> None:
        self.reached = self.reached or line.startswith(self.tag + b" ")


class _Digests:
    def __init__(self) -> None:
        self.found: dict[int, bytes] = {}
        self._uid = 0
        self._digest = hashlib.sha256()

    def begin(self, uid: int, flags: bytes, date: bytes, size: int) -> None:
        self._uid, self._digest = uid, hashlib.sha256()

    def chunk(self, part: memoryview) -> None:
        self._digest.update(part)

    def end(self) -> None:
        self.found[self._uid] = self._digest.digest()


class _NormalDigests(_Digests):
    def begin(self, uid: int, flags: bytes, date: bytes, size: int) -> None:
        super().begin(uid, flags, date, size)
        self._line_ends = 0

    def chunk(self, part: memoryview) -> None:
        text = bytes(part).translate(None, b"\r\0\x80")
        kept = text.rstrip(b"\n")
        if kept:
            self._digest.update(b"\n" * self._line_ends + kept)
            self._line_ends = 0
        self._line_ends += len(text) - len(kept)
