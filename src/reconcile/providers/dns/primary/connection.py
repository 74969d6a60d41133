"""DNS over one TCP connection, many messages in flight (RFC 7766 §6.2.1)."""

from __future__ import annotations

import dataclasses
import socket
import struct
import time
from collections import deque
from collections.abc import Sequence

from reconcile.language.phrase import Phrase

#: Octets of a message's header.
_HEADER = 12
#: Messages in flight. What they weigh fits in any server's receive buffer, so that sending never waits for a server
#: that waits for us to read; large enough that round trips do not show.
_WINDOW = 500


@dataclasses.dataclass(frozen=True, slots=True)
class Unreachable:
    """No reply came. ``connected``: the message may have reached the server."""

    reason: str
    connected: bool


class TcpConnection:
    """One connection to one server, opened when first needed and again when it was lost. Close it after use."""

    def __init__(self, host: str, port: int, timeout: float) -> None:
        """``timeout`` is in seconds, for the connection and for each wait."""
        self._host, self._port, self._timeout = host, port, timeout
        self._stream: socket.socket | None = None

    def exchange(self, messages: Sequence[bytes]) -> list[bytes | Unreachable]:
        """The reply to each message, in their order, whatever the order the server answers in.

        The messages bear distinct ids. A server that closes after some replies is connected to again for the rest; one
        that gave none is not, so that a single message is never sent twice.
        """
        replies: dict[bytes, bytes] = {}
        left = list(messages)
        while left:
            reason, connected = self._call(left, replies)
            still = [message for message in left if message[:2] not in replies]
            if len(still) == len(left):
                lost = Unreachable(reason, connected)
                return [replies.get(message[:2], lost) for message in messages]
            left = still
        return [replies[message[:2]] for message in messages]

    def close(self) -> None:
        """Hang up."""
        if self._stream is not None:
            self._stream.close()
        self._stream = None

    def _call(self, messages: Sequence[bytes], replies: dict[bytes, bytes]) -> tuple[str, bool]:
        """Send the messages and collect replies. Says why it ended early, and whether a connection was made."""
        try:
            stream = self._stream = self._stream or self._connect()
        except OSError as error:
            return _reason(error), False
        waiting, flying, received = deque(messages), set[bytes](), bytearray()
        reason = ""
        until = time.monotonic() + self._timeout
        try:
            while waiting or flying:
                stream.settimeout(self._timeout)
                _send(stream, waiting, flying)
                # A reply that drips is none: each gets the time of one wait.
                left = until - time.monotonic()
                if left <= 0:
                    raise TimeoutError
                stream.settimeout(left)
                chunk = stream.recv(65536)
                if not chunk:
                    reason = Phrase("it closed the connection")
                    break
                received += chunk
                if _gather(received, flying, replies):
                    until = time.monotonic() + self._timeout
        except OSError as error:
            reason = _reason(error)
        if reason:
            self.close()
        return reason, True

    def _connect(self) -> socket.socket:
        stream = socket.create_connection((self._host, self._port), self._timeout)
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return stream


def _send(stream: socket.socket, waiting: deque[bytes], flying: set[bytes]) -> None:
    batch = bytearray()
    while waiting and len(flying) < _WINDOW:
        message = waiting.popleft()
        flying.add(message[:2])
        batch += struct.pack("!H", len(message)) + message
    if batch:
        stream.sendall(batch)


def _gather(received: bytearray, flying: set[bytes], replies: dict[bytes, bytes]) -> bool:
    """Take the whole replies out of what was received; whether one was waited for."""
    awaited = False
    while len(received) >= 2:
        (length,) = struct.unpack_from("!H", received)
        if len(received) < 2 + length:
            break
        reply = bytes(received[2 : 2 + length])
        del received[: 2 + length]
        if len(reply) >= _HEADER and reply[:2] in flying:
            flying.remove(reply[:2])
            replies[reply[:2]] = reply
            awaited = True
    return awaited


def _reason(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return Phrase("no answer in time")
    return (error.strerror or str(error)).lower()
