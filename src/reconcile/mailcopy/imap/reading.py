"""Waiting for a server with a bound on time, hearing the stop meanwhile."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable

from reconcile.language.phrase import Phrase
from reconcile.mailcopy.imap.interruptions import ConnectionLost, Stopped
from reconcile.mailcopy.imap.limits import ANSWER_SECONDS, ANSWERED_EARNS, GRACE, SLOWEST

#: Seconds between two looks at the stop while nothing comes.
TICK = 0.5


def never() -> bool:
    return False


class Patience:
    """How long one answer may take: ``ANSWER_SECONDS``, and longer as long as it comes fast enough. ``begin`` starts it
    anew; ``received`` says that so many bytes came; ``check`` raises ``ConnectionLost`` when it is over, and
    ``Stopped`` some seconds after ``stop()``."""

    def __init__(self, name: str, stop: Callable[[], bool] = never) -> None:
        self._name = name
        self._stop = stop
        self._stopped: float | None = None
        self._until = 0.0
        self.begin()

    def begin(self) -> None:
        self._until = time.monotonic() + ANSWER_SECONDS

    def received(self, count: int) -> None:
        self._until += count / SLOWEST

    def answered(self) -> None:
        """One command of several was."""
        self._until += ANSWERED_EARNS

    def check(self) -> None:
        now = time.monotonic()
        if self._stop():
            self._stopped = self._stopped or now
            if now - self._stopped > GRACE:
                raise Stopped(Phrase("{name} was still answering", name=self._name))
        if now > self._until:
            raise ConnectionLost(
                Phrase(
                    "{name} takes longer than {seconds:.0f} seconds to answer",
                    name=self._name,
                    seconds=ANSWER_SECONDS,
                )
            )


def receive_into(connection: socket.socket, room: memoryview | bytearray, patience: Patience) -> int:
    """Wait for bytes; how many came, never 0. Raises ``ConnectionLost`` or ``Stopped``."""
    connection.settimeout(TICK)
    while True:
        patience.check()
        try:
            count = connection.recv_into(room)
        except (TimeoutError, ssl.SSLWantReadError):
            continue
        except OSError as error:
            raise ConnectionLost(str(error)) from None
        if not count:
            raise ConnectionLost(Phrase("the connection was closed"))
        patience.received(count)
        return count


def send_all(connection: socket.socket, text: bytes) -> None:
    """Raises ``ConnectionLost``."""
    connection.settimeout(ANSWER_SECONDS)
    try:
        connection.sendall(text)
    except OSError as error:
        raise ConnectionLost(str(error)) from None
