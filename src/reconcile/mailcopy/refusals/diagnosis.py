"""Why a server may have refused a message, when it did not say: Exchange answers ``Command Argument Error. 11`` to all.

Limits reported for Exchange Online over IMAP: lines beyond some 10,000 bytes, NUL bytes, bare line ends; sizes by
Set-Mailbox (35 MB by default for a migration, 150 MB at most).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from reconcile.language.phrase import Phrase
from reconcile.mailcopy.imap.messages.bodies import read_bodies
from reconcile.mailcopy.imap.session import Session
from reconcile.mailcopy.pump.tally import Refusal

#: Bytes a line may have for Exchange; the longest RFC 5322 §2.1.1 allows is 998.
LONG_LINE = 10_000
#: Refused messages looked into, per folder.
MOST = 50

_UNEXPLAINED = ("command argument error", "server unavailable", "append failed", "bad command")


def gives_no_reason(refusal: Refusal) -> bool:
    """Whether a refusal leaves one guessing. One already looked into does not."""
    return "the message has" not in refusal.reason and any(text in refusal.reason.lower() for text in _UNEXPLAINED)


def anomalies(source: Session, folder: bytes, uids: Sequence[int]) -> dict[int, str]:
    """What is unusual about each message, for the report; "" when nothing is. Raises ``ConnectionLost``."""
    look = _Inspector()
    read_bodies(source, folder, uids[:MOST], look)
    return look.found


@dataclasses.dataclass(slots=True)
class _Facts:
    size: int = 0
    line: int = 0
    longest: int = 0
    nul: bool = False
    bare: bool = False
    last: int = 0


class _Inspector:
    """Looks at messages as they pass, holding none."""

    def __init__(self) -> None:
        self.found: dict[int, str] = {}
        self._uid = 0
        self._facts = _Facts()

    def begin(self, uid: int, flags: bytes, date: bytes, size: int) -> None:
        self._uid, self._facts = uid, _Facts(size)

    def chunk(self, part: memoryview) -> None:
        facts, text = self._facts, bytes(part)
        first, *rest = text.split(b"\n")
        lengths = [facts.line + len(first), *map(len, rest)]
        facts.longest = max(facts.longest, *lengths)
        facts.line = lengths[-1]
        facts.nul = facts.nul or b"\0" in text
        joined = bytes([facts.last]) + text if facts.last else text
        pairs = joined.count(b"\r\n")
        # A carriage return at the very end may be completed by the next part.
        open_end = joined.endswith(b"\r")
        facts.bare = facts.bare or joined.count(b"\n") > pairs or joined.count(b"\r") - open_end > pairs
        facts.last = 13 if open_end else 0

    def end(self) -> None:
        facts = self._facts
        said = []
        if facts.longest > LONG_LINE:
            said.append(Phrase("a line of {longest:,} bytes", longest=facts.longest))
        if facts.nul:
            said.append(Phrase("NUL bytes"))
        if facts.bare or facts.last:
            said.append(Phrase("line ends that are not CRLF"))
        if facts.size > 35_000_000:
            said.append(Phrase("{size:.0f} MB", size=facts.size / 1_000_000))
        self.found[self._uid] = Phrase.joined(", ", said) if said else ""
