"""How Exchange Online differs from other IMAP servers, one switch for each difference.

Sources: answers and limits reported for Exchange Online over IMAP, "Message rate limits" and "Managed store limits" at
learn.microsoft.com.
"""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Self

GREETING = b"* OK The Microsoft Exchange IMAP4 service is ready. [sandbox]\r\n"
#: The keywords a mailbox has room for; others are dropped silently.
KEYWORDS = frozenset({b"$mdnsent"})

#: The default folders' names in French.
FRENCH = {
    "Sent Items": "Éléments envoyés",
    "Drafts": "Brouillons",
    "Deleted Items": "Éléments supprimés",
    "Junk Email": "Courrier indésirable",
}

_NULL_OR_BARE = re.compile(rb"\0|(?<!\r)\n|\r(?!\n)")
_FIELD = re.compile(rb"(?m)^(?:X-(?!MS-)[^:\r\n]*):[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*", re.IGNORECASE)


@dataclasses.dataclass(frozen=True, slots=True)
class ExchangeBehaviour:
    """The switches. A figure of 0 switches a limit off; sizes are in bytes, times in seconds."""

    #: Connections to one mailbox; the next one is "authenticated but not connected".
    connections: int = 16
    #: The largest message taken.
    largest: int = 150_000_000
    #: The longest line taken; what goes beyond is refused with the answer that says nothing.
    longest_line: int = 10_239
    #: Errors after which the connection is closed.
    errors: int = 10
    #: APPENDs after which a session ends, its token being over.
    session_lasts: int = 0
    #: APPENDs to one mailbox after which it is throttled for ``backoff``.
    throttle_after: int = 0
    backoff: float = 2.0
    #: Time each APPEND takes; a connection carries out one after the other.
    append_takes: float = 0.0
    #: Headers are written anew: some fields dropped, others unfolded and moved.
    rewrites: bool = False
    #: NUL bytes and bare line ends are refused with the answer that says nothing.
    strict: bool = False
    #: A message that holds this text is refused with the answer that says nothing, as is any keyword in an APPEND.
    forbids: str = ""
    refuses_keywords: bool = False
    #: The sign-in to a mailbox at which its default folders get their French names, as Outlook gives them at the
    #: first of a person whose language that is.
    renamed_at_sign_in: int = 0
    #: Keywords are not kept.
    drops_keywords: bool = True
    #: The flag that comes with an APPEND is not shown; it takes a STORE.
    hides_flagged: bool = True

    @classmethod
    def read(cls, path: Path, usual: Self | None = None) -> Self:
        """The switches named in a JSON file, the others as usual; all as usual without the file."""
        usual = usual or cls()
        named = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        return dataclasses.replace(usual, **named)

    def refusal(self, message: bytes, flags: bytes) -> bytes | None:
        """What a message that is not taken is answered."""
        if self.refuses_keywords and any(not flag.startswith(b"\\") for flag in flags.split()):
            return b"BAD Command Argument Error. 11"
        if self.largest and len(message) > self.largest:
            return b"NO Maximum size of appendable message has been exceeded."
        if self.longest_line and any(len(line) > self.longest_line for line in message.split(b"\r\n")):
            return b"BAD Command Argument Error. 11"
        if self.forbids and self.forbids.encode() in message:
            return b"BAD Command Argument Error. 11"
        if self.strict and _NULL_OR_BARE.search(message):
            return b"BAD Command Argument Error. 11"
        return None

    def kept(self, flags: bytes) -> bytes:
        """Of the flags of an APPEND, those that are kept."""
        words = flags.split()
        if self.hides_flagged:
            words = [word for word in words if word.lower() != b"\\flagged"]
        if self.drops_keywords:
            words = [word for word in words if word.startswith(b"\\") or word.lower() in KEYWORDS]
        return b" ".join(words)

    def stored(self, message: bytes) -> bytes:
        """What becomes of a message that is taken."""
        return _rewritten(message) if self.rewrites else message


def _rewritten(message: bytes) -> bytes:
    """Received and X- fields go, the rest is unfolded, Exchange's own come on top. The body stays."""
    header, blank, body = message.partition(b"\r\n\r\n")
    if not blank or b":" not in header.partition(b"\r\n")[0]:
        return b"X-MS-Exchange-Organization-SCL: 1\r\n\r\n" + message
    kept = re.sub(rb"\r\n[ \t]+", b" ", _FIELD.sub(b"", header + b"\r\n"))
    return b"X-MS-Exchange-Organization-SCL: 1\r\n" + kept + b"X-MS-Has-Attach: no\r\n\r\n" + body
