"""What to do with a message refused without a reason: find the part to blame, and repair what loses nothing.

Three things lose nothing: flags set by STORE instead of with the message, the same moment written in UTC, and base64
in shorter lines, which decodes to the same bytes. Folding a long line of text would alter it, and is not done.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

from reconcile.language.phrase import Phrase
from reconcile.mailcopy.imap.grammar import SYSTEM_FLAGS, Flags, appended, flag_list, quoted, readable
from reconcile.mailcopy.imap.messages.date import DateTime, in_utc
from reconcile.mailcopy.imap.session import Endpoint, Session, connect

NO_FLAGS = flag_list(())
#: Where halves of refused messages are tried; made for it and removed after it.
SCRATCH = b"reconcile-diagnosis"
#: Refused trials on one connection (Exchange hangs up after ten errors), and in all.
ERRORS_EACH, ERRORS_ALL = 7, 60
#: Base64 lines are 76 characters (RFC 2045 §6.8); shorter ones are left as they are.
BASE64_LINE = 76

_BASE64 = re.compile(rb"[A-Za-z0-9+/]+={0,2}")
_ENCODED = re.compile(rb"^Content-Transfer-Encoding:\s*base64\s*$", re.IGNORECASE | re.MULTILINE)
_SIGNED = re.compile(rb"^Content-Type:\s*(?:multipart/signed|application/(?:x-)?pkcs7)", re.IGNORECASE | re.MULTILINE)


@dataclasses.dataclass(frozen=True, slots=True)
class Refused:
    """A message as it was sent; its date b"" for none."""

    flags: Flags
    date: DateTime
    body: bytes


@dataclasses.dataclass(frozen=True, slots=True)
class Repaired:
    """``uid``: what the message became. ``how``: what was done differently, for the report."""

    validity: int
    uid: int
    how: str


class RepairTrials:
    """Tries variants of messages on connections of its own. Close it. Raises what ``connect`` raises."""

    def __init__(self, destination: Endpoint) -> None:
        self._endpoint = destination
        self._session: Session | None = None
        self._here = self._all = 0
        self._scratch = False

    def close(self) -> None:
        if self._scratch:
            self._ready().commands.run([b"DELETE " + quoted(SCRATCH)])
        if self._session is not None:
            self._session.log_out()

    @property
    def exhausted(self) -> bool:
        """Enough errors were caused for one pass."""
        return self._all >= ERRORS_ALL

    def repair(self, folder: bytes, message: Refused, *, only_body: bool) -> Repaired | None:
        """Put the message into the folder in a way that loses nothing; None when there is none. ``only_body``: what is
        unusual about it is known, so flags and date are not to blame."""
        for variant, how in [*([] if only_body else _outside(message)), *_inside(message)]:
            if self.exhausted:
                return None
            given = self._append(folder, variant)
            if given is not None:
                self._set_flags(folder, given[1], message.flags)
                return Repaired(*given, how)
        return None

    def blame(self, message: Refused) -> str:
        """The line because of which the message is refused, found by halving; "" when it is not one line."""
        lines = message.body.split(b"\r\n")
        low, high = 0, len(lines)  # so many lines are taken, so many are not
        while high - low > 1:
            if self.exhausted:
                return ""
            middle = (low + high) // 2
            if self._tried(b"\r\n".join(lines[:middle]) + b"\r\n", message.date):
                low = middle
            else:
                high = middle
        return Phrase("line {number} is to blame: {line}", number=high, line=readable(lines[high - 1][:60]))

    def _tried(self, body: bytes, date: DateTime) -> bool:
        if not self._scratch:
            self._ready().commands.run([b"CREATE " + quoted(SCRATCH)])
            self._scratch = True
        return self._append(SCRATCH, Refused(NO_FLAGS, date, body)) is not None

    def _append(self, folder: bytes, message: Refused) -> tuple[int, int] | None:
        head = b"APPEND %b (%b)%b" % (quoted(folder), message.flags, b" " + message.date if message.date else b"")
        answer = self._ready().commands.run([(head, message.body)])[0]
        if given := appended(answer, 1):
            return given[0], given[1][0]
        self._here += 1
        self._all += 1
        return None

    def _set_flags(self, folder: bytes, uid: int, flags: Flags) -> None:
        wanted = [flag for flag in flags.split() if not flag.startswith(b"\\") or flag.lower() in SYSTEM_FLAGS]
        if wanted:
            session = self._ready()
            stores = [b"UID STORE %d +FLAGS.SILENT (%b)" % (uid, flag) for flag in wanted]
            session.commands.run([b"SELECT " + quoted(folder), *stores, *session.unselecting])

    def _ready(self) -> Session:
        """A connection on which few errors have happened."""
        if self._session is not None and self._here >= ERRORS_EACH:
            self._session.log_out()
            self._session = None
        if self._session is None:
            self._session, self._here = connect(self._endpoint), 0
        return self._session


def shortened(body: bytes) -> bytes:
    """The message with its base64 in lines of 76; the very same where there is nothing to shorten, or a signature over
    the lines as they are."""
    if _SIGNED.search(body):
        return body
    lines, header, encoded = [], bytearray(), False
    in_header = True
    for line in body.split(b"\r\n"):
        if in_header:
            header += line + b"\r\n"
            if not line:
                in_header, encoded = False, _ENCODED.search(header.replace(b"\r\n", b"\n")) is not None
                header.clear()
        elif line.startswith(b"--"):
            in_header, encoded = True, False
        elif encoded and len(line) > BASE64_LINE and _BASE64.fullmatch(line):
            lines += [line[start : start + BASE64_LINE] for start in range(0, len(line), BASE64_LINE)]
            continue
        lines.append(line)
    return b"\r\n".join(lines)


def _outside(message: Refused) -> Iterator[tuple[Refused, str]]:
    if message.flags.strip():
        yield dataclasses.replace(message, flags=NO_FLAGS), Phrase("its flags were set afterwards")
    if message.date and not message.date.endswith(b'+0000"'):
        yield Refused(NO_FLAGS, in_utc(message.date), message.body), Phrase("its date was written in UTC")


def _inside(message: Refused) -> Iterator[tuple[Refused, str]]:
    body = shortened(message.body)
    if body != message.body:
        yield Refused(NO_FLAGS, message.date, body), Phrase("its base64 was put in shorter lines")
