"""A mail server on loopback that answers as it is told to, with what no real one would say."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Self

from reconcile.mailcopy.imap.session import Endpoint, Password

#: From the words of a command, in upper case and without its tag, to what is said before its "OK", or None.
Say = Callable[[bytes], bytes | Iterator[bytes] | None]

_LITERAL = re.compile(rb"\{(\d+)\+?\}\r\n$")
MAIL = b"Subject: bonjour\r\n\r\nA demain.\r\n"
DATE = b"17-Jul-2020 02:44:25 +0200"


class OddHost:
    """Use it as a context. ``odd``: the beginning of a command → what is said to it instead of the usual. ``lines``:
    every line it was sent, literals left out."""

    def __init__(self, odd: Mapping[bytes, bytes | Callable[[], Iterator[bytes]]] = {}, messages: int = 1) -> None:
        self.odd = odd
        self.messages = messages
        self.lines: list[bytes] = []
        self.bodies: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._open: list[socket.socket] = []

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        for connection in self._open:
            connection.close()

    def endpoint(self, name: str = "lou@spf55.org") -> Endpoint:
        return Endpoint("127.0.0.1", self.port, Password(name, "secret"), tls=False)

    @property
    def commands(self) -> list[bytes]:
        """Every command it was sent, without tags."""
        return [line.partition(b" ")[2].rstrip(b"\r\n") for line in self.lines]

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self._open.append(connection)
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        try:
            with connection, connection.makefile("rwb") as wire:
                wire.write(b"* OK ready\r\n")
                wire.flush()
                while line := wire.readline():
                    self._answer(wire, line)
        except (OSError, ValueError):
            return

    def _answer(self, wire: object, line: bytes) -> None:
        self.lines.append(line)
        while found := _LITERAL.search(line):
            self.bodies.append(wire.read(int(found[1])))  # type: ignore[attr-defined]
            line = wire.readline()  # type: ignore[attr-defined]
            if line.strip():
                self.lines.append(line)
        tag, _, command = self.lines[-1].partition(b" ")
        for said in self._said(command.strip()):
            wire.write(said)  # type: ignore[attr-defined]
            wire.flush()  # type: ignore[attr-defined]
        code = b"[APPENDUID 7 %d] " % len(self.bodies) if command.startswith(b"APPEND") else b""
        wire.write(tag + b" OK " + code + b"done\r\n")  # type: ignore[attr-defined]
        wire.flush()  # type: ignore[attr-defined]

    def _said(self, command: bytes) -> Iterator[bytes]:
        for beginning, said in self.odd.items():
            if command.startswith(beginning):
                if isinstance(said, bytes):
                    yield said
                else:
                    yield from said()
                return
        yield self._usual(command)

    def _usual(self, command: bytes) -> bytes:
        if command.startswith(b"CAPABILITY"):
            return b"* CAPABILITY IMAP4rev1 UIDPLUS LITERAL+\r\n"
        if command.startswith(b"LIST"):
            return b'* LIST () "/" INBOX\r\n'
        if command.startswith(b"STATUS"):
            name = command[7 : command.rindex(b" (")]
            counts = (name, self.messages, self.messages + 1)
            return b"* STATUS %b (MESSAGES %d UIDNEXT %d UIDVALIDITY 7)\r\n" % counts
        if command.startswith(b"UID FETCH") and b"BODY.PEEK[]" in command:
            return b"".join(fetched(uid) for uid in range(1, self.messages + 1))
        if command.startswith(b"UID FETCH"):
            row = b'* %d FETCH (UID %d RFC822.SIZE %d FLAGS () INTERNALDATE "%b")\r\n'
            return b"".join(row % (uid, uid, len(MAIL), DATE) for uid in range(1, self.messages + 1))
        return b""


def fetched(uid: int = 1, flags: bytes = b"", date: bytes = DATE, body: bytes = MAIL) -> bytes:
    """The usual answer to a FETCH of a whole message."""
    head = b'* %d FETCH (UID %d FLAGS (%b) INTERNALDATE "%b" BODY[] {%d}\r\n' % (uid, uid, flags, date, len(body))
    return head + body + b")\r\n"


def dripped(text: bytes, every: float = 0.2) -> Callable[[], Iterator[bytes]]:
    """A byte at a time, for ever."""

    def drip() -> Iterator[bytes]:
        while True:
            for n in range(len(text)):
                time.sleep(every)
                yield text[n : n + 1]

    return drip


def flood(line: bytes) -> Callable[[], Iterator[bytes]]:
    """The same bytes again and again, until nobody listens."""

    def pour() -> Iterator[bytes]:
        block = line * (1 + (1 << 16) // len(line))
        while True:
            yield block

    return pour
