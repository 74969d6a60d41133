"""DNS over one TCP connection, many messages in flight (RFC 7766 §6.2.1)."""

from __future__ import annotations

import dataclasses
import socket
import struct
from collections import deque
from collections.abc import Sequence

#: Messages in flight. Small enough that neither side's buffers fill, large enough that round trips do not show.
_WINDOW = 100


@dataclasses.dataclass(frozen=True, slots=True)
class Unreachable:
    """No reply came. ``connected``: the message may have reached the server."""

    reason: str
    connected: bool


def converse(host: str, port: int, messages: Sequence[bytes], timeout: float) -> list[bytes | Unreachable]:
    """The reply to each message, in their order, whatever the order the server answers in.

    The messages bear distinct ids. ``timeout`` is in seconds, for the connection and for each wait. A server that
    hangs up after some replies is called again for the rest; one that gave none is not, so that a single message is
    never sent twice.
    """
    replies: dict[bytes, bytes] = {}
    left = list(messages)
    while left:
        reason, connected = _call(host, port, left, replies, timeout)
        still = [message for message in left if message[:2] not in replies]
        if len(still) == len(left):
            lost = Unreachable(reason, connected)
            return [replies.get(message[:2], lost) for message in messages]
        left = still
    return [replies[message[:2]] for message in messages]


def _call(
    host: str, port: int, messages: Sequence[bytes], replies: dict[bytes, bytes], timeout: float
) -> tuple[str, bool]:
    """Send the messages and gather replies. Says why it ended early, and whether a connection was made."""
    try:
        stream = socket.create_connection((host, port), timeout)
    except OSError as error:
        return _words(error), False
    with stream:
        waiting, flying = deque(messages), set[bytes]()
        received = bytearray()
        try:
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while waiting or flying:
                _send(stream, waiting, flying)
                chunk = stream.recv(65536)
                if not chunk:
                    return "it closed the connection", True
                received += chunk
                _gather(received, flying, replies)
        except OSError as error:
            return _words(error), True
    return "", True


def _send(stream: socket.socket, waiting: deque[bytes], flying: set[bytes]) -> None:
    batch = bytearray()
    while waiting and len(flying) < _WINDOW:
        message = waiting.popleft()
        flying.add(message[:2])
        batch += struct.pack("!H", len(message)) + message
    if batch:
        stream.sendall(batch)


def _gather(received: bytearray, flying: set[bytes], replies: dict[bytes, bytes]) -> None:
    while len(received) >= 2:
        (length,) = struct.unpack_from("!H", received)
        if len(received) < 2 + length:
            return
        reply = bytes(received[2 : 2 + length])
        del received[: 2 + length]
        if reply[:2] in flying:
            flying.remove(reply[:2])
            replies[reply[:2]] = reply


def _words(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return (error.strerror or str(error)).lower()
