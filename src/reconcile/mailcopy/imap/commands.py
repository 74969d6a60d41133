"""Many small commands in one burst: one round trip instead of one each."""

from __future__ import annotations

import base64
import socket
from collections.abc import Callable, Sequence
from typing import TypeVar

from reconcile.language.phrase import Phrase
from reconcile.mailcopy.imap.grammar import command, readable
from reconcile.mailcopy.imap.interruptions import ConnectionLost, raise_if_throttled
from reconcile.mailcopy.imap.limits import LINE, SHORT_ANSWERS, Excess, said_by
from reconcile.mailcopy.imap.reading import Patience, never, receive_into, send_all

A = TypeVar("A")
#: Commands sent ahead of their answers: a server may stop reading while its answers are not read.
AHEAD = 50
#: A command: its line, or what stands before a literal at its end, and the literal (LITERAL+, RFC 7888).
Command = bytes | tuple[bytes, bytes]


class Commands:
    """Pipelined commands on a socket that has nothing outstanding. ``stop()``: give up soon."""

    def __init__(self, connection: socket.socket, name: str, stop: Callable[[], bool] = never) -> None:
        self._socket = connection
        self._name = name
        self._last = 0
        self._rest = b""
        self._room = bytearray(1 << 18)
        self._patience = Patience(name, stop)

    def run(
        self,
        commands: Sequence[Command],
        take: Callable[[int, bytes], None] | None = None,
        *,
        most: int = SHORT_ANSWERS,
    ) -> list[bytes]:
        """Send the commands, in order, and return their tagged answers without the tag (``OK …``).

        ``take(index, lines)`` is given the untagged lines of command ``index`` as they come, whole, in blocks; lines
        end with CRLF. ``most``: bytes of all answers together. Raises ``ConnectionLost``, ``Throttled`` for an answer
        that means "later", ``Excess``, and ValueError for a command that is not one line.
        """
        first = self._last + 1
        self._last += len(commands)
        answers: list[bytes] = []
        sent = 0
        self._patience.begin()
        while len(answers) < len(commands):
            burst = commands[sent : len(answers) + AHEAD]
            if burst:
                self._send(b"".join(_written(first + sent + n, one) for n, one in enumerate(burst)))
                sent += len(burst)
            block = self._lines()
            most -= len(block)
            if most < 0:
                raise Excess(Phrase("an answer without an end"), self._name)
            while block and len(answers) < len(commands):
                tag = b"C%d " % (first + len(answers))
                # 1 is find's -1: the block holds no tagged answer yet
                start = 0 if block.startswith(tag) else block.find(b"\r\n" + tag) + 2
                untagged, block = (block, b"") if start == 1 else (block[:start], block[start:])
                if untagged and take:
                    with said_by(self._name):
                        take(len(answers), untagged)
                if block:
                    line, _, block = block.partition(b"\r\n")
                    answers.append(line[len(tag) :])
                    self._patience.answered()
                    if line[len(tag) : len(tag) + 3].upper() != b"OK ":
                        raise_if_throttled(self._name, readable(line[len(tag) :]))
            self._rest = block + self._rest
        return answers

    @property
    def unread(self) -> bool:
        """Whether something came that no command has asked for."""
        return bool(self._rest)

    def greeting(self) -> bytes:
        """The line a server begins with. Raises ``ConnectionLost``."""
        self._patience.begin()
        line, _, rest = self._lines().partition(b"\r\n")
        self._rest = rest + self._rest
        return line

    def authenticate(self, mechanism: bytes, response: bytes) -> tuple[bytes, bytes]:
        """One SASL exchange of one response: the tagged answer, and the untagged lines before it."""
        # A server that refuses says why first, and wants a blank line.
        return self._conversation(b"AUTHENTICATE " + mechanism, [base64.b64encode(response), b""])

    def with_literals(self, words: Sequence[bytes]) -> tuple[bytes, bytes]:
        """A command whose arguments are synchronising literals (RFC 3501 §4.3); what ``authenticate`` returns.

        Raises ValueError for an argument with a line end.
        """
        first, *others = words
        sizes = [b" {%d}" % len(other) for other in others] + [b""]
        return self._conversation(first + sizes[0], [word + size for word, size in zip(others, sizes[1:], strict=True)])

    def _conversation(self, first: bytes, replies: list[bytes]) -> tuple[bytes, bytes]:
        """A command that the server asks to continue: the tagged answer, and the untagged lines before it."""
        self._last += 1
        tag, said = b"C%d " % self._last, b""
        self._patience.begin()
        self._send(command(tag + first))
        while len(said) < LINE:
            line, _, rest = self._lines().partition(b"\r\n")
            self._rest = rest + self._rest
            if line.startswith(tag):
                return line[len(tag) :], said
            if line.startswith(b"+") and replies:
                self._send(command(replies.pop(0)))
            else:
                said += line + b"\r\n"
        raise Excess(Phrase("an answer without an end"), self._name)

    def leave(self) -> None:
        """Say goodbye without waiting for the answer. Raises ``ConnectionLost``."""
        self._send(command(b"Z LOGOUT"))

    def receive_into(self, room: memoryview) -> int:
        """Bytes of what somebody else reads; how many came."""
        return self._named(lambda: receive_into(self._socket, room, self._patience))

    def ask(self, text: bytes) -> None:
        """Send one command, tag and all, whose answer somebody else reads."""
        self._patience.begin()
        self._send(command(text))

    def _send(self, text: bytes) -> None:
        self._named(lambda: send_all(self._socket, text))

    def _lines(self) -> bytes:
        """At least one whole line."""
        if (end := self._rest.rfind(b"\r\n")) < 0:
            parts = [self._rest]
            length = len(self._rest)
            while end < 0:
                count = self._named(lambda: receive_into(self._socket, self._room, self._patience))
                part = bytes(self._room[:count])
                if parts[-1][-1:] == b"\r":
                    part, parts[-1] = parts[-1][-1:] + part, parts[-1][:-1]
                end = part.rfind(b"\r\n")
                parts.append(part)
                length += count
                if end < 0 and length > LINE:
                    raise Excess(Phrase("a line of more than {line:,} bytes", line=LINE), self._name)
            end += sum(map(len, parts[:-1]))
            self._rest = b"".join(parts)
        block, self._rest = self._rest[: end + 2], self._rest[end + 2 :]
        return block

    def _named(self, doing: Callable[[], A]) -> A:
        try:
            return doing()
        except ConnectionLost as lost:
            raise ConnectionLost(Phrase("{name}: {lost}", name=self._name, lost=lost)) from None


def _written(number: int, one: Command) -> bytes:
    if isinstance(one, bytes):
        return command(b"C%d %b" % (number, one))
    head, literal = one
    return command(b"C%d %b {%d+}" % (number, head, len(literal))) + literal + b"\r\n"
