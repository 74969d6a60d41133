"""The connection below IMAP: TCP, and TLS from the first byte or by STARTTLS (RFC 3501 §6.2.1)."""

from __future__ import annotations

import functools
import re
import selectors
import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from reconcile.language.phrase import Phrase
from reconcile.mailcopy.imap.commands import Commands
from reconcile.mailcopy.imap.grammar import readable
from reconcile.mailcopy.imap.interruptions import ConnectionLost
from reconcile.mailcopy.imap.reading import TICK
from reconcile.problem import Problem

#: Seconds to wait for a connection, and again for its TLS.
CONNECT_TIMEOUT = 20.0

#: TLS from the first byte, asked for on a plain connection, or none.
Tls = bool | Literal["starttls"]


class Unreachable(Problem):
    """The server cannot be reached now; later it may be."""


def opened(
    host: str, port: int, tls: Tls, ca_file: Path | None, stop: Callable[[], bool]
) -> tuple[socket.socket, bytes]:
    """The connection, and the server's first line where that came already (b"" otherwise).

    Raises ``Unreachable`` COPY01, COPY83 where a server offers no STARTTLS, ``Throttled`` or ``Stopped``.
    """
    place = f"{host}:{port}"
    try:
        plain = socket.create_connection((host, port), CONNECT_TIMEOUT)
    except OSError as error:
        raise _unreachable(place, error) from None
    try:
        welcome = _asked_for_tls(plain, place, stop) if tls == "starttls" else b""
        return (_secured(plain, host, ca_file, stop) if tls else plain), welcome
    except ssl.SSLError as error:
        plain.close()
        hint = (
            Phrase("check ca_file")
            if tls == "starttls"
            else Phrase('check ca_file, and whether its port wants tls = "starttls"')
        )
        raise Unreachable(
            "COPY01", Phrase("TLS with {place} failed: {reason}.", place=place, reason=error.reason or error), hint
        ) from None
    except OSError as error:
        plain.close()
        raise _unreachable(place, error) from None
    except ConnectionLost as lost:
        plain.close()
        raise Unreachable(
            "COPY01", Phrase("{place} hung up before TLS: {lost}.", place=place, lost=lost), "is it up?"
        ) from None
    except BaseException:
        plain.close()
        raise


def _asked_for_tls(plain: socket.socket, place: str, stop: Callable[[], bool]) -> bytes:
    """The server's first line, without what it says it can do: only what comes over TLS is believed."""
    commands = Commands(plain, place, stop)
    welcome = commands.greeting()
    # A greeting that logs in (PREAUTH) is an attempt to go on without TLS.
    answer = commands.run([b"STARTTLS"])[0] if welcome.upper().startswith(b"* OK") else welcome
    if not answer.upper().startswith(b"OK"):
        raise Problem(
            "COPY83",
            Phrase("{place} offers no STARTTLS: {answer}.", place=place, answer=readable(answer)),
            "for TLS from the first byte write tls = true and port = 993; nothing was sent",
        )
    if commands.unread:
        # Somebody on the way put commands of theirs before TLS (CVE-2011-0411, the other way round).
        raise Problem(
            "COPY83",
            Phrase("{place} went on in the clear after STARTTLS.", place=place),
            "nothing was sent; is it the server?",
        )
    return re.sub(rb"\[CAPABILITY[^\]]*\] ?", b"", welcome)


def _secured(plain: socket.socket, host: str, ca_file: Path | None, stop: Callable[[], bool]) -> ssl.SSLSocket:
    plain.settimeout(CONNECT_TIMEOUT)
    secured = _trusting(ca_file).wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)
    try:
        _shake_hands(secured, stop)
    except BaseException:
        secured.close()
        raise
    return secured


def _shake_hands(secured: ssl.SSLSocket, stop: Callable[[], bool]) -> None:
    """Raises ``TimeoutError`` when the handshake takes too long, a byte at a time for instance."""
    until = time.monotonic() + CONNECT_TIMEOUT
    secured.settimeout(0)
    while True:
        try:
            secured.do_handshake()
            return
        except ssl.SSLWantReadError:
            wanted = selectors.EVENT_READ
        except ssl.SSLWantWriteError:
            wanted = selectors.EVENT_WRITE
        left = until - time.monotonic()
        if left < 0 or stop():
            raise TimeoutError("the TLS handshake took too long")
        # Not select(), which takes no file descriptor above 1023: a worker of many mailboxes has more open.
        with selectors.DefaultSelector() as ready:
            ready.register(secured, wanted)
            ready.select(min(left, TICK))


@functools.cache
def _trusting(ca_file: Path | None) -> ssl.SSLContext:
    """Reading the machine's authorities takes a tenth of a second: once for all connections."""
    return ssl.create_default_context(cafile=str(ca_file) if ca_file else None)


def _unreachable(place: str, error: OSError) -> Unreachable:
    why = error.strerror or str(error) or type(error).__name__
    return Unreachable(
        "COPY01", Phrase("Cannot reach the mail server {place}: {why}.", place=place, why=why), "is it up?"
    )
