"""APPENDs for a server without LITERAL+: each message waits until the server asks for it (RFC 3501 §7.5)."""

from __future__ import annotations

import dataclasses
from collections import deque

from reconcile.mailcopy.imap.grammar import Flags, command
from reconcile.mailcopy.imap.messages.date import DateTime
from reconcile.mailcopy.pump.append import Appender, Body, Outgoing


@dataclasses.dataclass(slots=True)
class _Waiting:
    """A command not yet sent whole: its first line, and the message that follows once the server asks for it."""

    line: bytes
    held: bytearray
    body: Body


class SynchronisingAppender(Appender):
    """One command at a time; the messages begun meanwhile wait in memory, as far as ``backlog`` lets them."""

    def __init__(self, name: str, *, tells_uids: bool) -> None:
        super().__init__(name, batches=False, tells_uids=tells_uids)
        self._queue: deque[_Waiting] = deque()
        self._asked: _Waiting | None = None  # sent, and waiting for "+" or for the end of its message

    @property
    def backlog(self) -> int:
        return len(self.unsent) + sum(len(waiting.held) for waiting in self._queue)

    def begin(self, message: Outgoing, flags: Flags, date: DateTime, *, alone: bool) -> Body:
        self._tag += 1
        self._commands.append((b"A%d" % self._tag, [message]))
        head = b"A%d APPEND %b (%b)%b" % (self._tag, message.folder.destination, flags, b" " + date if date else b"")
        held = bytearray()
        body = Body(message, held, b"\r\n", self._advance)
        self._queue.append(_Waiting(command(b"%b {%d}" % (head, message.size)), held, body))
        self._advance()
        return body

    def _continued(self) -> bool:
        if self._asked is None:
            return False
        self.unsent += self._asked.held
        self._asked.held.clear()
        self._asked.body.redirect(self.unsent)
        self._advance()
        return True

    def _refused_early(self, messages: list[Outgoing]) -> None:
        """A command answered before its message was asked for: the message is not sent."""
        if self._asked is not None and self._asked.body.message is messages[0]:
            self._asked.held.clear()
            self._asked.body.redirect(None)
            self._next()

    def _advance(self) -> None:
        """Send the next command's line, once the last one's message has gone."""
        if (self._asked is not None and self._asked.body.ended and not self._asked.held) or self._asked is None:
            self._next()

    def _next(self) -> None:
        if self._asked is not None:
            self._queue.popleft()
        self._asked = self._queue[0] if self._queue else None
        if self._asked is not None:
            self.unsent += self._asked.line
