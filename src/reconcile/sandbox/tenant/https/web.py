"""A small threaded HTTPS server: one request in, one answer out, connections kept alive."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import email.utils
import functools
import json
import socket
import ssl
import threading
import urllib.parse
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


@dataclasses.dataclass(frozen=True, slots=True)
class Request:
    """A request as the pages see it. Header names are lower-case; ``path`` is still percent-encoded."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def segments(self) -> tuple[str, ...]:
        return tuple(urllib.parse.unquote(part) for part in self.path.strip("/").split("/"))

    @classmethod
    def of(cls, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> Request:
        """A request from its target: the path and query of an address, or a whole address."""
        path, query = _parsed(target)
        lowered = {name.lower(): value for name, value in headers.items()}
        return cls(method.upper(), path, query, lowered, body)


@functools.lru_cache(256)
def _parsed(target: str) -> tuple[str, Mapping[str, str]]:
    """Path and query; the parts of a batch all have the same."""
    parts = urllib.parse.urlsplit(target)
    return parts.path, dict(urllib.parse.parse_qsl(parts.query, keep_blank_values=True))


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """``body`` is bytes, or anything JSON can say, or None for no body."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def payload(self) -> bytes:
        if self.body is None:
            return b""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body, ensure_ascii=False).encode()


class LostAnswerError(Exception):
    """The connection is to be closed without an answer."""


Site = Callable[[Request], Answer]
Now = Callable[[], dt.datetime]


class WebServer:
    """Listens on loopback from the moment it is made; serves between ``start`` and ``stop``.

    ``now`` dates its answers.
    """

    def __init__(self, site: Site, now: Now, certificate: Path, key: Path, port: int = 0) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._listener = _Listener(("127.0.0.1", port), _page(site, now), context)
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.05,), daemon=True)
        self.port: int = self._listener.server_address[1]

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        if self._thread.is_alive():
            self._listener.shutdown()
        self._listener.server_close()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], page: type[BaseHTTPRequestHandler], context: ssl.SSLContext) -> None:
        super().__init__(address, page)
        self._context = context
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, peer = super().get_request()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # The handshake waits for the connection's own thread, so that a silent client holds up nobody.
        secured = self._context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        with self._guard:
            self._open.add(secured)
        return secured, peer

    def shutdown_request(self, request: Any) -> None:
        with self._guard:
            self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        """Closes what clients keep open too: each holds a thread, which would outlive its server by minutes."""
        super().server_close()
        with self._guard:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that closes the connection is no error."""


def _page(site: Site, now: Now) -> type[BaseHTTPRequestHandler]:
    class Page(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server_version = "Sandbox"
        wbufsize = -1
        timeout = 300

        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length) if length else b""
            try:
                reply = site(Request.of(self.command, self.path, dict(self.headers.items()), body))
            except LostAnswerError:
                self.close_connection = True
                return
            payload = reply.payload()
            self.send_response(reply.status)
            if payload and "Content-Type" not in reply.headers:
                self.send_header("Content-Type", "application/json; charset=utf-8")
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.status != 204:
                self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer  # noqa: N815

        def date_time_string(self, timestamp: float | None = None) -> str:
            moment = now() if timestamp is None else dt.datetime.fromtimestamp(timestamp, dt.UTC)
            return email.utils.format_datetime(moment.astimezone(dt.UTC), usegmt=True)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """The traffic is recorded elsewhere."""

    return Page
