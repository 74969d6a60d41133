"""APPENDs on one destination connection: LITERAL+ commands sent ahead of their answers, or MULTIAPPEND batches.

Sources: RFC 7888 (LITERAL+), RFC 3502 (MULTIAPPEND), RFC 4315 (APPENDUID).
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections import deque

from reconcile.mailcopy.imap.grammar import appended, readable
from reconcile.mailcopy.imap.interruptions import ConnectionLost
from reconcile.mailcopy.pump.pending import Todo

#: One MULTIAPPEND at most.
BATCH_MESSAGES, BATCH_BYTES = 100, 4 << 20


@dataclasses.dataclass(slots=True)
class Letter:
    """A message on its way. ``digest`` is the SHA-256 of its bytes once all have passed."""

    folder: Todo
    uid: int
    size: int
    flagged: bool = False
    digest: bytes = b""


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """The server's answer to one command. ``uids`` are those it gave, empty when it refused with ``reason``."""

    letters: list[Letter]
    validity: int
    uids: list[int]
    reason: str = ""


class Outlet:
    """Turns messages into bytes to send (``unsent``) and received bytes into verdicts."""

    def __init__(self, name: str, *, batches: bool) -> None:
        self._name = name
        self._batches = batches
        self.unsent = bytearray()
        self._tag = 0
        self._received = b""
        self._commands: deque[tuple[bytes, list[Letter]]] = deque()
        self._batch: list[Letter] = []  # the MULTIAPPEND still open, [] when none
        self._batch_bytes = 0
        self._body: Body | None = None  # the last one begun

    @property
    def idle(self) -> bool:
        return not self._commands and not self.unsent and not self._batch

    @property
    def pending(self) -> list[Letter]:
        """Messages begun or sent and not answered."""
        return [letter for _, letters in self._commands for letter in letters]

    def begin(self, letter: Letter, flags: bytes, date: bytes, *, alone: bool) -> Body:
        """Open a message; its bytes go to the answer. ``alone``: in a command of its own."""
        batched = self._batches and not alone
        if self._batch and not (batched and self._room_for(letter)):
            self.finish_batch()
        if not self._batch:
            self._tag += 1
            letters = [letter]
            self._commands.append((b"A%d" % self._tag, letters))
            self.unsent += b"A%d APPEND %b" % (self._tag, letter.folder.destination)
            if batched:
                self._batch, self._batch_bytes = letters, 0
        else:
            self._batch.append(letter)
        self._batch_bytes += letter.size
        self.unsent += b' (%b) "%b" {%d+}\r\n' % (flags, date, letter.size)
        self._body = Body(letter, self.unsent, b"" if batched else b"\r\n")
        return self._body

    def finish_batch(self) -> None:
        """End the MULTIAPPEND that is open, if one is."""
        if self._batch:
            self.unsent += b"\r\n"
            self._batch = []

    def received(self, block: bytes) -> list[Verdict]:
        """Verdicts in what the server sent. Raises ``ConnectionLost`` when it says BYE."""
        lines = (self._received + block).split(b"\r\n")
        self._received = lines.pop()
        verdicts = []
        for line in lines:
            tag, _, answer = line.partition(b" ")
            letters = self._pending(tag)
            if letters is not None:
                if letters is self._batch:
                    self._cut_short()
                verdicts.append(self._verdict(letters, answer))
            elif answer[:3].upper() == b"BYE" or tag == b"+":
                raise ConnectionLost(f"{self._name} said: {readable(line)}")
        return verdicts

    def _cut_short(self) -> None:
        """The server refused the batch before its end: nothing may join it, but what was begun must be completed,
        for the server reads on to the end of the command (RFC 7888 §4)."""
        self._batch = []
        if self._body is not None and not self._body.ended:
            self._body.tail = b"\r\n"
        else:
            self.unsent += b"\r\n"

    def _room_for(self, letter: Letter) -> bool:
        return (
            self._batch[0].folder is letter.folder
            and len(self._batch) < BATCH_MESSAGES
            and self._batch_bytes + letter.size <= BATCH_BYTES
        )

    def _pending(self, tag: bytes) -> list[Letter] | None:
        """The command of that tag, which is nearly always the oldest: a server answers in order."""
        for index, (pending, letters) in enumerate(self._commands):
            if pending == tag:
                del self._commands[index]
                return letters
        return None

    def _verdict(self, letters: list[Letter], answer: bytes) -> Verdict:
        if answer[:3].upper() != b"OK ":
            return Verdict(letters, 0, [], readable(answer) or "refused without a word")
        given = appended(answer)
        if given is None or len(given[1]) != len(letters):
            raise ConnectionLost(f"{self._name} took messages without telling their UIDs: {readable(answer[:120])}")
        return Verdict(letters, given[0], given[1])


class Body:
    """The bytes of one message on their way out, digested as they pass. ``tail`` follows the last of them."""

    __slots__ = ("_digest", "_unsent", "ended", "letter", "tail")

    def __init__(self, letter: Letter, unsent: bytearray, tail: bytes) -> None:
        self.tail = tail
        self.ended = False
        self.letter = letter
        self._unsent = unsent
        self._digest = hashlib.sha256()

    def chunk(self, part: memoryview) -> None:
        self._digest.update(part)
        self._unsent += part

    def end(self) -> None:
        self.ended = True
        self.letter.digest = self._digest.digest()
        self._unsent += self.tail
