"""Many small commands in one burst: one round trip instead of one each."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence

from reconcile.mailcopy.imap.grammar import readable
from reconcile.mailcopy.imap.interruptions import ConnectionLost, raise_if_throttled

#: Commands sent ahead of their answers: a server may stop reading while its answers are not read.
AHEAD = 50


class Commands:
    """Pipelined commands on a blocking socket that is logged in and has nothing outstanding."""

    def __init__(self, connection: socket.socket, name: str) -> None:
        self._socket = connection
        self._name = name
        self._last = 0
        self._rest = b""

    def run(self, commands: Sequence[bytes], take: Callable[[int, bytes], None] | None = None) -> list[bytes]:
        """Send the commands, in order, and return their tagged answers without the tag (``OK …``).

        ``take(index, lines)`` is given the untagged lines of command ``index`` as they come, whole, in blocks; lines
        end with CRLF. Raises ``ConnectionLost``, and ``Throttled`` for an answer that means "later".
        """
        first = self._last + 1
        self._last += len(commands)
        answers: list[bytes] = []
        sent = 0
        while len(answers) < len(commands):
            burst = commands[sent : len(answers) + AHEAD]
            if burst:
                self._send(b"".join(b"C%d %b\r\n" % (first + sent + n, text) for n, text in enumerate(burst)))
                sent += len(burst)
            block = self._lines()
            while block and len(answers) < len(commands):
                tag = b"C%d " % (first + len(answers))
                # 1 is find's -1: the block holds no tagged answer yet
                start = 0 if block.startswith(tag) else block.find(b"\r\n" + tag) + 2
                untagged, block = (block, b"") if start == 1 else (block[:start], block[start:])
                if untagged and take:
                    take(len(answers), untagged)
                if block:
                    line, _, block = block.partition(b"\r\n")
                    answers.append(line[len(tag) :])
                    if line[len(tag) : len(tag) + 3].upper() != b"OK ":
                        raise_if_throttled(self._name, readable(line[len(tag) :]))
            self._rest = block + self._rest
        return answers

    def _send(self, text: bytes) -> None:
        try:
            self._socket.sendall(text)
        except OSError as error:
            raise ConnectionLost(f"{self._name}: {error}") from None

    def _lines(self) -> bytes:
        """At least one whole line."""
        while (end := self._rest.rfind(b"\r\n")) < 0:
            try:
                received = self._socket.recv(1 << 18)
            except OSError as error:
                raise ConnectionLost(f"{self._name}: {error}") from None
            if not received:
                raise ConnectionLost(f"{self._name} closed the connection")
            self._rest += received
        block, self._rest = self._rest[: end + 2], self._rest[end + 2 :]
        return block
