"""Reads the answers to ``UID FETCH … (UID FLAGS INTERNALDATE BODY.PEEK[])`` as they come, without holding a message.

RFC 3501 §7.4.2 lets a server give the items in any order and BODY[] as a literal, a quoted string or NIL.
"""

from __future__ import annotations

import re
from typing import IO, Protocol

from reconcile.language.phrase import Phrase
from reconcile.mailcopy.imap.grammar import number, unquoted
from reconcile.mailcopy.imap.limits import LINE, MESSAGE, Excess, said_by

_USUAL = re.compile(
    rb'\* \d+ FETCH \(UID (\d{1,10}) FLAGS \(([^)]*)\) INTERNALDATE "([^"]*)" BODY\[\] \{(\d{1,10})\}\r\n'
)
_LITERAL = re.compile(rb"\{(\d+)\}$")
_BODY_LITERAL = re.compile(rb"BODY\[\] \{\d+\}$", re.IGNORECASE)
_BODY_STRING = re.compile(rb'BODY\[\] (?:(NIL)|"((?:[^"\\]|\\.)*)")', re.IGNORECASE | re.DOTALL)
_FETCH = re.compile(rb"\* \d+ FETCH ", re.IGNORECASE)
_UID = re.compile(rb"[ (]UID (\d{1,10})\b", re.IGNORECASE)
_FLAGS = re.compile(rb"[ (]FLAGS \(([^)]*)\)", re.IGNORECASE)
_DATE = re.compile(rb'[ (]INTERNALDATE (?:NIL|"([^"]*)")', re.IGNORECASE)
#: Received at once at most. The buffer is kept: a fresh one each time would cost a page fault per 4 KB.
ROOM = 1 << 18
#: A body that comes before its flags or date waits in memory up to this size, then on disk.
SPOOL = 1 << 20


class Reader(Protocol):
    """Receives what arrives. ``begin``, any number of ``chunk``, ``end`` for each message; ``missing`` for NIL.
    ``date``: as the server gives it, b"" for none."""

    def begin(self, uid: int, flags: bytes, date: bytes, size: int) -> None: ...

    def chunk(self, part: memoryview) -> None: ...

    def end(self) -> None: ...

    def missing(self, uid: int) -> None: ...

    def answered(self, line: bytes) -> None:
        """Any other line: a tagged answer, an untagged remark."""


class FetchStream:
    """An incremental parser: receive into its ``room`` and say how much came, or ``feed`` it. Close it."""

    def __init__(self, reader: Reader, server: str = "") -> None:
        """``server``: whose answers they are."""
        self._reader = reader
        self._server = server
        self._buffer = bytearray(ROOM)
        self._end = 0  # what of the buffer holds bytes not yet read
        self._text = b""  # the current response so far, literals that are not the body left in place
        self._due = 0  # bytes of the body still to come
        self._streaming = False  # the body went, or goes, straight to the reader
        self._spool: IO[bytes] | None = None

    def close(self) -> None:
        """Let go of a body that was put aside, where the stream ends in the middle of it."""
        if self._spool is not None:
            self._spool.close()
            self._spool = None

    @property
    def room(self) -> memoryview:
        """Where the next bytes go; never empty."""
        return memoryview(self._buffer)[self._end :]

    def received(self, count: int) -> None:
        """So many bytes are in the room: read them."""
        end = self._end + count
        with memoryview(self._buffer) as view, said_by(self._server):
            used = self._consume(view, end)
            self._end = end - used
            if used and self._end:
                view[: self._end] = view[used:end]
        if self._end == len(self._buffer):  # one line fills it
            if self._end > 2 * LINE:
                raise Excess(Phrase("a line of more than {line:,} bytes", line=LINE), self._server)
            self._buffer = self._buffer + bytes(self._end)

    def feed(self, received: bytes) -> None:
        while received:
            with self.room as room:
                count = min(len(room), len(received))
                room[:count] = received[:count]
            self.received(count)
            received = received[count:]

    def _consume(self, view: memoryview, end: int) -> int:
        buffer, reader, position = self._buffer, self._reader, 0
        while True:
            if self._due:
                part = view[position : min(end, position + self._due)]
                if not part:
                    return position
                self._take(part)
                position += len(part)
                self._due -= len(part)
                if self._due:
                    return position
            if self._streaming and not self._text and buffer.startswith(b")\r\n", position, end):
                reader.end()
                self._streaming = False
                position += 3
            if not self._text and not self._streaming and (usual := _USUAL.match(buffer, position, end)):
                position = usual.end()
                self._due = _size(usual[4])
                self._streaming = True
                reader.begin(int(usual[1]), usual[2], usual[3], self._due)
                continue
            line_end = buffer.find(b"\r\n", position, end)
            if line_end < 0:
                return position
            line = bytes(view[position:line_end])
            literal = _LITERAL.search(line) if self._text or self._streaming or line.startswith(b"* ") else None
            if literal and not _BODY_LITERAL.search(line):
                # A literal that is not the body (nothing we ask for, but allowed): wait for all of it.
                length = number(literal[1])
                if length + len(self._text) > LINE:
                    raise Excess(Phrase("a literal of {length:,} bytes that is no message", length=length))
                if end < line_end + 2 + length:
                    return position
                line_end += 2 + length
                self._text += bytes(view[position:line_end])
                position = line_end
                continue
            position = line_end + 2
            if literal:
                self._open_body(self._text + line, _size(literal[1]))
            else:
                self._close_line(self._text + line)

    def _take(self, part: memoryview) -> None:
        if self._spool is None:
            self._reader.chunk(part)
        else:
            self._spool.write(part)

    def _open_body(self, text: bytes, size: int) -> None:
        """The body's literal begins: stream it when everything else is known, else put it aside."""
        self._due = size
        uid, flags, date = _UID.search(text), _FLAGS.search(text), _DATE.search(text)
        if uid and flags and date:
            self._streaming = True
            self._text = b""
            self._reader.begin(int(uid[1]), flags[1], date[1] or b"", size)
        else:
            import tempfile  # rarely needed, slow to import

            self.close()  # of an answer that gives two bodies the last counts
            self._spool = tempfile.SpooledTemporaryFile(SPOOL)  # noqa: SIM115 - closed when replayed
            self._text = text

    def _close_line(self, text: bytes) -> None:
        self._text = b""
        if self._streaming:
            self._streaming = False
            self._reader.end()
        elif self._spool is not None:
            spool, self._spool = self._spool, None
            with spool:
                self._replay(text, spool)
        elif _FETCH.match(text) and (body := _BODY_STRING.search(text)):
            self._short(text, body)
        else:
            self._reader.answered(text)

    def _replay(self, text: bytes, spool: IO[bytes]) -> None:
        if not (known := _known(text)):
            return
        self._reader.begin(*known, spool.tell())
        spool.seek(0)
        while part := spool.read(1 << 16):
            with memoryview(part) as view:
                self._reader.chunk(view)
        self._reader.end()

    def _short(self, text: bytes, body: re.Match[bytes]) -> None:
        """BODY[] as NIL (the message is gone) or as a quoted string."""
        if not (known := _known(text)):
            return
        if body[1] is not None:
            self._reader.missing(known[0])
            return
        content = unquoted(body[2])
        self._reader.begin(*known, len(content))
        if content:
            with memoryview(content) as view:
                self._reader.chunk(view)
        self._reader.end()


def _size(digits: bytes) -> int:
    """Of a message."""
    size = number(digits)
    if size > MESSAGE:
        raise Excess(Phrase("a message of {size:,} bytes", size=size))
    return size


def _known(text: bytes) -> tuple[int, bytes, bytes] | None:
    """UID, flags and date of an answer, b"" for those it lacks; None when it does not say whose answer it is, which
    then counts as not given."""
    uid, flags, date = _UID.search(text), _FLAGS.search(text), _DATE.search(text)
    if not uid:
        return None
    return int(uid[1]), flags[1] if flags else b"", (date[1] or b"") if date else b""
