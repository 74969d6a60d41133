"""A relay before a real server that changes what it answers: oddities of servers that cannot be installed here."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable


class RewritingRelay:
    """Relays to ``port``. Every line of the server passes through ``rewrite`` (without its CRLF, literals included) and
    every line of the client through ``ask``: where that gives None, both connections are closed. Use it in a ``with``.
    """

    def __init__(
        self,
        port: int,
        rewrite: Callable[[bytes], bytes] = lambda line: line,
        ask: Callable[[bytes], bytes | None] = lambda line: line,
    ) -> None:
        self._target, self._rewrite, self._ask = port, rewrite, ask
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> RewritingRelay:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.connections += 1
                server = socket.create_connection(("127.0.0.1", self._target))
                for way in (self._upwards, self._downwards):
                    threading.Thread(target=way, args=(client, server), daemon=True).start()

    def _upwards(self, client: socket.socket, server: socket.socket) -> None:
        rest = b""
        try:
            while data := client.recv(1 << 16):
                *lines, rest = (rest + data).split(b"\r\n")
                for line in lines:
                    if (asked := self._ask(line)) is None:
                        return
                    server.sendall(asked + b"\r\n")
        except OSError:
            return
        finally:
            _close(client, server)

    def _downwards(self, client: socket.socket, server: socket.socket) -> None:
        rest = b""
        try:
            while data := server.recv(1 << 16):
                *lines, rest = (rest + data).split(b"\r\n")
                client.sendall(b"".join(self._rewrite(line) + b"\r\n" for line in lines))
        except OSError:
            return
        finally:
            _close(client, server)


def _close(*connections: socket.socket) -> None:
    for connection in connections:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        connection.close()
