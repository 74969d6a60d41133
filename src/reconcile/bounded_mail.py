"""Sessions with mail servers that end: each is bounded in seconds and in bytes from its first to its last line.

The timeouts of smtplib, imaplib and poplib are for each wait: a server that sends a byte before each runs out, or lines
without end, would hold us for ever or fill the memory.
"""

from __future__ import annotations

import dataclasses
import imaplib
import poplib
import smtplib
import socket
import ssl
import time
from collections.abc import Callable
from typing import Any, cast

from reconcile.language.phrase import Phrase


@dataclasses.dataclass(frozen=True, slots=True)
class Bounds:
    """``wait``: seconds for an answer to go on; ``seconds`` and ``octets``: what a session may take in all."""

    wait: float
    seconds: float
    octets: int


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """Where a server is. ``context``: None in the clear; ``starttls``: TLS is asked for, and does not begin at once."""

    host: str
    port: int
    context: ssl.SSLContext | None = None
    starttls: bool = False


class BeyondBounds(OSError):
    """A session longer than is believed, in seconds or in bytes."""


def smtp(place: Place, bounds: Bounds) -> smtplib.SMTP:
    """A session before it names anybody. It and those below raise what their libraries raise, and ``BeyondBounds``."""
    client = _Smtp(place, bounds)
    if place.starttls:
        _or_close(lambda: client.starttls(context=client.line.context), client.close)
    return client


def imap(place: Place, bounds: Bounds) -> imaplib.IMAP4:
    client = _Imap(place, bounds)
    if place.starttls:
        _or_close(lambda: client.starttls(client.line.context), client.shutdown)
    return client


def pop(place: Place, bounds: Bounds) -> poplib.POP3:
    client = _Pop(place, bounds)
    if place.starttls:
        _or_close(lambda: client.stls(client.line.context), client.close)
    return client


class Line:
    """The connection of one session, and what is left of its bounds."""

    def __init__(self, place: Place, bounds: Bounds) -> None:
        self._place, self._bounds = place, bounds
        self._until = time.monotonic() + bounds.seconds
        self._octets = bounds.octets
        self.context = cast("ssl.SSLContext", self)  # all that the libraries do with one is to wrap a socket

    def opened(self) -> socket.socket:
        place = self._place
        plain = socket.create_connection((place.host, place.port), self.wait())
        bounded = _Socket(fileno=plain.detach())
        bounded.line = self
        bounded.settimeout(self.wait())
        at_once = place.context is not None and not place.starttls
        return self.wrap_socket(bounded, server_hostname=place.host) if at_once else bounded

    def wrap_socket(self, plain: socket.socket, *, server_hostname: str) -> ssl.SSLSocket:
        """The same line over TLS."""
        context = self._place.context or ssl.create_default_context()
        context.sslsocket_class = _SecureSocket
        plain.settimeout(self.wait())  # that of the whole handshake
        try:
            secured = cast("_SecureSocket", context.wrap_socket(plain, server_hostname=server_hostname))
        except BaseException:
            plain.close()
            raise
        secured.line = self
        return secured

    def wait(self) -> float:
        """Seconds for the next answer. Raises ``BeyondBounds``."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise BeyondBounds(Phrase("the session took more than {seconds:.0f} seconds", seconds=self._bounds.seconds))
        return min(left, self._bounds.wait)

    def took(self, octets: int) -> int:
        self._octets -= octets
        if self._octets < 0:
            raise BeyondBounds(Phrase("it sent more than {octets:,} bytes", octets=self._bounds.octets))
        return octets

    def may_take(self, octets: int) -> None:
        if octets > self._octets:
            raise BeyondBounds(Phrase("it announced more than {octets:,} bytes", octets=self._bounds.octets))


class _Bounded(socket.socket):
    line: Line

    def recv_into(self, *words: Any, **named: Any) -> int:
        self.settimeout(self.line.wait())
        return self.line.took(super().recv_into(*words, **named))

    def send(self, *words: Any, **named: Any) -> int:
        self.settimeout(self.line.wait())
        return super().send(*words, **named)

    def sendall(self, *words: Any, **named: Any) -> None:
        self.settimeout(self.line.wait())
        super().sendall(*words, **named)


class _Socket(_Bounded):
    pass


class _SecureSocket(_Bounded, ssl.SSLSocket):
    pass


class _Smtp(smtplib.SMTP):
    def __init__(self, place: Place, bounds: Bounds) -> None:
        self.line = Line(place, bounds)
        super().__init__(place.host, place.port)

    def _get_socket(self, *_: object) -> socket.socket:
        return self.line.opened()


class _Imap(imaplib.IMAP4):
    def __init__(self, place: Place, bounds: Bounds) -> None:
        self.line = Line(place, bounds)
        super().__init__(place.host, place.port)

    def _create_socket(self, *_: object) -> socket.socket:
        return self.line.opened()

    def read(self, size: int) -> bytes:
        self.line.may_take(size)  # room for all that is announced is made at once
        return super().read(size)


class _Pop(poplib.POP3):
    def __init__(self, place: Place, bounds: Bounds) -> None:
        self.line = Line(place, bounds)
        _or_close(lambda: super(_Pop, self).__init__(place.host, place.port), self._hang_up)

    def _create_socket(self, *_: object) -> socket.socket:
        return self.line.opened()

    def _hang_up(self) -> None:
        """The library leaves the connection open when the first line is not what it should be."""
        if (sock := getattr(self, "sock", None)) is not None:
            sock.close()


def _or_close(secure: Callable[[], object], close: Callable[[], object]) -> None:
    try:
        secure()
    except BaseException:
        close()
        raise
