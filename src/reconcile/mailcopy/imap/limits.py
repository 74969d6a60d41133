"""How much of anything a mail server may say before it is no mailbox any more: far above what is real, within memory.

A server that means harm, or is broken, costs its own mailbox a failure and nothing else. docs/security.md lists these.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

#: A number of IMAP has 32 bits (RFC 3501 §9).
LARGEST_NUMBER = 0xFFFFFFFF
#: Bytes of one line, or of a literal that is not a message. Real ones have hundreds.
LINE = 1 << 20
#: Bytes of one message. Exchange Online takes 150 MB.
MESSAGE = 1 << 30
#: Bytes of the answers to a few short commands, and to those that list messages.
SHORT_ANSWERS, LISTS = 16 << 20, 1 << 30
#: Folders of one mailbox, and messages of one folder. Real ones have some thousand, and one million.
FOLDERS, MESSAGES = 10_000, 5_000_000
#: Seconds for an answer, and bytes a second that earn more time: less is a drip that would hold its mailbox for ever.
ANSWER_SECONDS, SLOWEST = 120.0, 1000
#: Seconds that each answered command of a burst earns the others.
ANSWERED_EARNS = 2.0
#: Seconds in which the pump must move that much or settle a message, at any time and once it was asked to stop.
PUMP_SECONDS, PUMP_SECONDS_STOPPING = 300.0, 20.0
#: Seconds after a stop in which a short command may still end.
GRACE = 5.0


class Excess(Problem):
    """A server's answer is beyond a bound. Trying again at once would only meet the same."""

    def __init__(self, beyond: str, name: str = "") -> None:
        super().__init__(
            "COPY18",
            Phrase("{name} answers beyond all bounds: {beyond}.", name=name or "?", beyond=beyond),
            "nothing was concluded from it; look at this mailbox on its server, then: reconcile copy retry",
        )
        self.beyond, self.name = beyond, name


@contextlib.contextmanager
def said_by(server: object) -> Iterator[None]:
    """Whoever reads an answer knows no more than the answer; whoever asked knows whose it is."""
    try:
        yield
    except Excess as excess:
        raise (excess if excess.name else Excess(excess.beyond, str(server))) from None
