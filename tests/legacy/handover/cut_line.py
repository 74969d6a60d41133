"""A line to PostgreSQL that breaks once the server has done what was asked, and before it can say so."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
from collections.abc import Iterator


class CutLine:
    """Leads from its own ``port`` to another. ``cut``: the answer to the next COMMIT is awaited, and lost."""

    def __init__(self, port: int) -> None:
        self.cut = threading.Event()
        line = self

        class Between(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                lost = threading.Event()
                with socket.create_connection(("127.0.0.1", port), 10) as server, contextlib.suppress(OSError):
                    threading.Thread(target=_answers, args=(server, self.request, lost), daemon=True).start()
                    while asked := self.request.recv(65536):
                        if line.cut.is_set() and b"COMMIT" in asked:
                            line.cut.clear()
                            lost.set()
                        server.sendall(asked)

        self._server = _Server(("127.0.0.1", 0), Between)
        self.port: int = self._server.server_address[1]

    @contextlib.contextmanager
    def open(self) -> Iterator[None]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


def _answers(server: socket.socket, client: socket.socket, lost: threading.Event) -> None:
    with contextlib.suppress(OSError):
        while answer := server.recv(65536):
            if lost.is_set():
                client.shutdown(socket.SHUT_RDWR)
                return
            client.sendall(answer)
