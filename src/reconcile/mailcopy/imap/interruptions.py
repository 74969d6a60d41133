"""Connections that break, and servers that mean "later", distinguished from refusals that are final.

Sources: answers reported for Exchange Online over IMAP ("Request is throttled. Suggested Backoff Time: 299609
milliseconds", "User is authenticated but not connected"), "Exchange Online limits" and "Message rate limits" at
learn.microsoft.com; [LIMIT] and [UNAVAILABLE] are RFC 5530 §3.
"""

from __future__ import annotations

import re

from reconcile.language.phrase import Phrase

#: Seconds to wait when a server says "too much" without saying how long.
DEFAULT_WAIT = 30.0

_BACKOFF = re.compile(r"Backoff Time:?\s*(\d{1,10})\s*milliseconds", re.IGNORECASE)
_LATER = (
    "request is throttled",
    "authenticated but not connected",
    "too many simultaneous connections",
    "maximum number of connections",
    "server is too busy",
    "[unavailable]",
    "[inuse]",
)


class ConnectionLost(Exception):
    """A connection that worked went away; what was in flight is settled by looking, on a new one."""


class Stopped(Exception):
    """A server was still being waited for when a stop was asked for: the mailbox is left as it stands."""


class FolderRefused(Exception):
    """A server does not open one folder, for the reason given: the others are copied."""


class Throttled(ConnectionLost):
    """The server asks to be left alone for ``seconds``."""

    def __init__(self, text: str, seconds: float) -> None:
        super().__init__(text)
        self.seconds = seconds


def asks_to_wait(answer: str) -> float | None:
    """Seconds after which a refused command may be tried again; None when the refusal is about the command itself."""
    if stated := _BACKOFF.search(answer):
        return int(stated[1]) / 1000
    lower = answer.lower()
    return DEFAULT_WAIT if any(phrase in lower for phrase in _LATER) else None


def is_breakdown(answer: str) -> bool:
    """Whether the server failed over a command rather than refused it ([SERVERBUG], RFC 5530 §3): another try, on a
    new connection, may well succeed."""
    return "[SERVERBUG]" in answer.upper()


def raise_if_throttled(name: str, answer: str) -> None:
    """Raise ``Throttled`` for an answer that means "later"."""
    seconds = asks_to_wait(answer)
    if seconds is not None:
        raise Throttled(Phrase("{name}: {answer}", name=name, answer=answer), seconds)
