"""A pair's two sockets in the selector: what is wanted of them, what came and what could be sent."""

from __future__ import annotations

import selectors
import socket
import ssl

from reconcile.mailcopy.pump.pair import Pair

#: A TLS record is 16 KB at most: so many reads per wake-up, and larger writes than one message's.
RECEIVE, SEND, READS = 1 << 16, 1 << 18, 16
_WOULD_BLOCK = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Channel:
    """A pair's two sockets in the selector."""

    def __init__(self, selector: selectors.BaseSelector, pair: Pair) -> None:
        self.pair = pair
        self.gone = False
        self.name = str(pair.destination.endpoint)
        self._selector = selector
        self._source, self._destination = pair.source.socket, pair.destination.socket
        self._events = {self._source: 0, self._destination: 0}
        for connection in (self._source, self._destination):
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def interest(self) -> None:
        pair = self.pair
        reading, writing = selectors.EVENT_READ, selectors.EVENT_WRITE
        self._register(self._source, (reading if pair.wants_source else 0) | (writing if pair.requests else 0))
        self._register(self._destination, reading | (writing if pair.appender.unsent else 0))

    @property
    def buffered(self) -> bool:
        """Decrypted bytes wait inside the TLS layer, where no selector sees them."""
        return (self.pair.wants_source and _pending(self._source)) or _pending(self._destination)

    def serve(self, connection: object, ready: int, now: float) -> int:
        """Do what the selector found possible on ``connection``; None: what is buffered. How many bytes moved."""
        if self.gone:
            return 0
        moved = 0
        reading = not connection or ready & selectors.EVENT_READ
        if reading and connection is not self._destination and self.pair.wants_source:
            with self.pair.stream.room as room:
                count = _receive_into(self._source, room)
            moved += count or 0
            self.pair.received_source(count)
        if reading and connection is not self._source:
            block = _receive(self._destination)
            moved += len(block or b"")
            self.pair.receive_destination(block, now)
        return moved + _send(self._source, self.pair.requests) + _send(self._destination, self.pair.appender.unsent)

    def rest(self) -> None:
        for connection in self._events:
            self._register(connection, 0)

    def leave(self) -> None:
        """Give the connections back for ordinary commands."""
        self.rest()
        self.pair.stream.close()
        if not self.gone:
            for connection in self._events:
                connection.settimeout(60)

    def hang_up(self) -> None:
        self.rest()
        self.gone = True
        self.pair.source.close()
        self.pair.destination.close()

    def _register(self, connection: socket.socket, events: int) -> None:
        before = self._events[connection]
        if before == events:
            return
        self._events[connection] = events
        if not before:
            self._selector.register(connection, events, self)
        elif not events:
            self._selector.unregister(connection)
        else:
            self._selector.modify(connection, events, self)


def _pending(connection: socket.socket) -> bool:
    return isinstance(connection, ssl.SSLSocket) and connection.pending() > 0


def _receive_into(connection: socket.socket, room: memoryview) -> int | None:
    """How many bytes have come; 0 when the other side closed, None when there is nothing yet."""
    count = 0
    for _ in range(READS if isinstance(connection, ssl.SSLSocket) else 1):
        try:
            came = connection.recv_into(room[count:])
        except _WOULD_BLOCK:
            return count or None
        count += came
        if not came or count == len(room):
            break
    return count


def _receive(connection: socket.socket) -> bytes | None:
    """The same for the few lines of a destination; b"" when the other side closed."""
    try:
        return connection.recv(RECEIVE)
    except _WOULD_BLOCK:
        return None


def _send(connection: socket.socket, unsent: bytearray) -> int:
    total = 0
    while unsent:
        try:
            with memoryview(unsent) as whole, whole[:SEND] as part:
                sent = connection.send(part)
        except _WOULD_BLOCK:
            break
        del unsent[:sent]
        total += sent
    return total
