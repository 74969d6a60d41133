"""Google Cloud Storage as its XML API is documented: generations, preconditions on them, and lists. Atomic."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Iterator, Mapping
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

_DATE = formatdate(1_743_264_000, usegmt=True)


class GoogleStorage:
    """One bucket, "spf". An object's generation is new each time it is written, and never comes back."""

    def __init__(self) -> None:
        self._objects: dict[str, tuple[int, bytes]] = {}
        self._generations = 1_743_264_000_000_000
        self._lock = threading.Lock()

    def answer(
        self,
        method: str,
        bucket: str,
        name: str,
        query: Mapping[str, list[str]],
        headers: Mapping[str, str],
        body: bytes,
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body."""
        if bucket != "spf":
            return 404, {}, _error("NoSuchBucket")
        with self._lock:
            if method == "PUT" and name:
                return self._put(name, headers, body)
            if method == "GET" and name:
                return self._get(name)
            if method == "GET" and query.get("list-type") == ["2"]:
                return 200, {"Content-Type": "application/xml"}, self._listed(query.get("prefix", [""])[0])
        return 405, {}, _error("MethodNotAllowed")

    def _put(self, name: str, headers: Mapping[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        there, _ = self._objects.get(name, (0, b""))
        wanted = headers.get("x-goog-if-generation-match")
        if wanted is None:
            return 400, {}, _error("Unconditional")  # nothing of a state is ever written without looking
        if int(wanted) != there:
            return 412, {}, _error("PreconditionFailed")
        self._generations += 1
        self._objects[name] = (self._generations, body)
        return 200, self._described(name), b""

    def _get(self, name: str) -> tuple[int, dict[str, str], bytes]:
        if name not in self._objects:
            return 404, {}, _error("NoSuchKey")
        return 200, self._described(name), self._objects[name][1]

    def _described(self, name: str) -> dict[str, str]:
        generation, body = self._objects[name]
        return {"ETag": _etag(body), "Last-Modified": _DATE, "x-goog-generation": str(generation)}

    def _listed(self, prefix: str) -> bytes:
        entries = "".join(
            f"<Contents><Key>{escape(name)}</Key><Generation>{generation}</Generation><ETag>{escape(_etag(body))}</ETag>"
            f"<LastModified>2025-03-29T16:00:00.000Z</LastModified><Size>{len(body)}</Size></Contents>"
            for name, (generation, body) in sorted(self._objects.items())
            if name.startswith(prefix)
        )
        head = "<Name>spf</Name><IsTruncated>false</IsTruncated>"
        return f"<?xml version='1.0' encoding='UTF-8'?><ListBucketResult>{head}{entries}</ListBucketResult>".encode()


@contextlib.contextmanager
def google_server() -> Iterator[str]:
    """Its address."""
    storage = GoogleStorage()

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            parts = urlsplit(self.path)
            bucket, _, name = unquote(parts.path).lstrip("/").partition("/")
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            sent = {key.lower(): value for key, value in self.headers.items()}
            status, headers, said = storage.answer(self.command, bucket, name, parse_qs(parts.query), sent, body)
            self.send_response(status)
            for key, value in {**headers, "Content-Length": str(len(said))}.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(said)

        do_GET = do_PUT = handle_any  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def _etag(body: bytes) -> str:
    return f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'


def _error(code: str) -> bytes:
    return f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code></Error>".encode()
