"""A DNS server that drips its reply over TCP."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time

from reconcile.providers.dns.primary.connection import TcpConnection, Unreachable


def test_a_reply_that_drips_is_none_after_the_time_of_one_wait() -> None:
    server = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        connection, _ = server.accept()
        with connection, contextlib.suppress(OSError):
            connection.recv(65536)
            connection.sendall(struct.pack("!H", 5000))
            while True:
                connection.sendall(b"x")
                time.sleep(0.05)

    threading.Thread(target=drip, daemon=True).start()
    line = TcpConnection("127.0.0.1", server.getsockname()[1], 0.5)
    (reply,) = line.exchange([b"ab" + bytes(20)])
    line.close()
    server.close()
    assert reply == Unreachable("no answer in time", connected=True)
