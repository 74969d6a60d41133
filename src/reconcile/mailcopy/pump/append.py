"""APPENDs on one destination connection: LITERAL+ commands sent ahead of their answers, or MULTIAPPEND batches.

Sources: RFC 7888 (LITERAL+), RFC 3502 (MULTIAPPEND), RFC 4315 (APPENDUID).
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections import deque
from collections.abc import Callable

from reconcile.language.phrase import Phrase
from reconcile.mailcopy.imap.grammar import Flags, appended, command, readable
from reconcile.mailcopy.imap.interruptions import ConnectionLost
from reconcile.mailcopy.imap.limits import LINE, Excess, said_by
from reconcile.mailcopy.imap.messages.date import DateTime
from reconcile.mailcopy.pump.pending import PendingFolder

#: One MULTIAPPEND at most.
BATCH_MESSAGES, BATCH_BYTES = 100, 4 << 20


@dataclasses.dataclass(slots=True)
class Outgoing:
    """A message on its way. ``digest`` is the SHA-256 of its bytes once all have passed."""

    folder: PendingFolder
    uid: int
    size: int
    flagged: bool = False
    digest: bytes = b""


@dataclasses.dataclass(frozen=True, slots=True)
class AppendResult:
    """The server's answer to one command. ``uids`` are those it gave, empty when it refused with ``reason``, and when
    it ``took`` the message and tells no UIDs (no UIDPLUS)."""

    messages: list[Outgoing]
    validity: int
    uids: list[int]
    reason: str = ""
    took: bool = False


class Appender:
    """Turns messages into bytes to send (``unsent``) and received bytes into results. ``tells_uids``: the server says
    which UIDs it gave (UIDPLUS)."""

    def __init__(self, name: str, *, batches: bool, tells_uids: bool = True) -> None:
        self._name = name
        self._tells_uids = tells_uids
        self._batches = batches
        self.unsent = bytearray()
        self._tag = 0
        self._received = b""
        self._commands: deque[tuple[bytes, list[Outgoing]]] = deque()
        self._batch: list[Outgoing] = []  # the MULTIAPPEND still open, [] when none
        self._batch_bytes = 0
        self._body: Body | None = None  # the last one begun

    @property
    def idle(self) -> bool:
        return not self._commands and not self.unsent and not self._batch

    @property
    def backlog(self) -> int:
        """Bytes of messages that are not sent yet."""
        return len(self.unsent)

    @property
    def pending(self) -> list[Outgoing]:
        """Messages begun or sent and not answered."""
        return [message for _, messages in self._commands for message in messages]

    def begin(self, message: Outgoing, flags: Flags, date: DateTime, *, alone: bool) -> Body:
        """Open a message; its bytes go to the answer. ``date``: b"" for none. ``alone``: in a command of its own."""
        batched = self._batches and not alone
        if self._batch and not (batched and self._room_for(message)):
            self.finish_batch()
        if not self._batch:
            self._tag += 1
            messages = [message]
            self._commands.append((b"A%d" % self._tag, messages))
            self.unsent += b"A%d APPEND %b" % (self._tag, message.folder.destination)
            if batched:
                self._batch, self._batch_bytes = messages, 0
        else:
            self._batch.append(message)
        self._batch_bytes += message.size
        self.unsent += command(b" (%b)%b {%d+}" % (flags, b" " + date if date else b"", message.size))
        self._body = Body(message, self.unsent, b"" if batched else b"\r\n")
        return self._body

    def finish_batch(self) -> None:
        """End the MULTIAPPEND that is open, if one is."""
        if self._batch:
            self.unsent += b"\r\n"
            self._batch = []

    def received(self, block: bytes) -> list[AppendResult]:
        """The results in what the server sent. Raises ``ConnectionLost`` when it says BYE."""
        lines = (self._received + block).split(b"\r\n")
        self._received = lines.pop()
        if len(self._received) > LINE:
            raise Excess(Phrase("a line of more than {line:,} bytes", line=LINE), self._name)
        results = []
        for line in lines:
            tag, _, answer = line.partition(b" ")
            messages = self._pending(tag)
            if messages is not None:
                if messages is self._batch:
                    self._cut_short()
                self._refused_early(messages)
                results.append(self._result(messages, answer))
            elif answer[:3].upper() == b"BYE" or (tag == b"+" and not self._continued()):
                raise ConnectionLost(Phrase("{name} answered: {answer}", name=self._name, answer=readable(line)))
        return results

    def _continued(self) -> bool:
        """The server asks for a literal; whether it was announced as one to be asked for."""
        return False

    def _refused_early(self, messages: list[Outgoing]) -> None:
        """A command was answered, perhaps before its message was sent."""

    def _cut_short(self) -> None:
        """The server refused the batch before its end: nothing may join it, but what was begun must be completed,
        for the server reads on to the end of the command (RFC 7888 §4)."""
        self._batch = []
        if self._body is not None and not self._body.ended:
            self._body.tail = b"\r\n"
        else:
            self.unsent += b"\r\n"

    def _room_for(self, message: Outgoing) -> bool:
        return (
            self._batch[0].folder is message.folder
            and len(self._batch) < BATCH_MESSAGES
            and self._batch_bytes + message.size <= BATCH_BYTES
        )

    def _pending(self, tag: bytes) -> list[Outgoing] | None:
        """The command of that tag, which is nearly always the oldest: a server answers in order."""
        for index, (pending, messages) in enumerate(self._commands):
            if pending == tag:
                del self._commands[index]
                return messages
        return None

    def _result(self, messages: list[Outgoing], answer: bytes) -> AppendResult:
        if answer[:3].upper() != b"OK ":
            return AppendResult(messages, 0, [], readable(answer) or "refused without a reason")
        if not self._tells_uids:
            return AppendResult(messages, 0, [], took=True)
        with said_by(self._name):
            given = appended(answer, len(messages))
        if given is None or len(given[1]) != len(messages):
            raise ConnectionLost(
                Phrase(
                    "{name} took messages without giving their UIDs: {answer}",
                    name=self._name,
                    answer=readable(answer[:120]),
                )
            )
        return AppendResult(messages, given[0], given[1])


class Body:
    """The bytes of one message on their way out, digested as they pass. ``tail`` follows the last of them, and then
    ``after`` is called."""

    __slots__ = ("_after", "_digest", "_unsent", "ended", "message", "tail")

    def __init__(
        self, message: Outgoing, unsent: bytearray, tail: bytes, after: Callable[[], None] | None = None
    ) -> None:
        self._after = after
        self.tail = tail
        self.ended = False
        self.message = message
        self._unsent = unsent
        self._digest = hashlib.sha256()

    def chunk(self, part: memoryview) -> None:
        self._digest.update(part)
        self._unsent += part

    def end(self) -> None:
        self.ended = True
        self.message.digest = self._digest.digest()
        self._unsent += self.tail
        if self._after is not None:
            self._after()

    def redirect(self, unsent: bytearray | None) -> None:
        """Where the rest goes from now on, None for nowhere."""
        self._unsent = bytearray() if unsent is None else unsent
        if unsent is None:
            self.tail = b""
