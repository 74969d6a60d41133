"""A relay between the copier and a server that loses answers, as a network does at the worst moment."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable


class CuttingRelay:
    """Relays to ``port``. ``spoil(line)`` is asked of every line of the server that confirms an APPEND: when true, the
    line is not delivered and both connections are cut; when it gives bytes, those are said instead. What the line
    confirms has happened all the same. ``poison``: bytes of a message at which both connections break.
    ``stores``: the STORE commands seen."""

    def __init__(self, port: int, spoil: Callable[[bytes], bool | bytes], poison: bytes = b"") -> None:
        self._poison = poison
        self._target = port
        self._spoil = spoil
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._lock = threading.Lock()
        self.cuts = 0
        self.stores: list[bytes] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
                threading.Thread(target=self._upwards, args=(client, server), daemon=True).start()
                threading.Thread(target=self._downwards, args=(client, server), daemon=True).start()

    def _upwards(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            before = b""
            while data := client.recv(1 << 16):
                if self._poison and self._poison in before + data:
                    break
                before = data[-100:]
                self.stores += [line for line in data.split(b"\r\n") if b" UID STORE " in line]
                server.sendall(data)
        _cut(client, server)

    def _downwards(self, client: socket.socket, server: socket.socket) -> None:
        rest = b""
        with contextlib.suppress(OSError):
            while data := server.recv(1 << 16):
                *lines, rest = (rest + data).split(b"\r\n")
                for line in lines:
                    with self._lock:
                        spoilt = b"APPENDUID" in line and self._spoil(line)
                        self.cuts += bool(spoilt)
                    if spoilt is True:
                        return _cut(client, server)
                    client.sendall((spoilt or line) + b"\r\n")
        return _cut(client, server)


def _cut(*connections: socket.socket) -> None:
    for connection in connections:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        connection.close()
