"""OVH's API as it describes itself at https://eu.api.ovh.com/1.0/email/domain.json, over a few domains on loopback.

It checks what OVH checks (application, signature, time, the right to call) and refuses what it does not describe.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

APPLICATION, SECRET, CONSUMER = "application", "the-secret", "consumer"

#: Seconds this server's clock is ahead of the client's.
AHEAD = 5000


class Ovh:
    """``domains``: what stands below /email/domain/{domain}, by path: a list of names, or an object."""

    def __init__(self, domains: Mapping[str, Mapping[str, Any]], now: int) -> None:
        self.domains = domains
        self.now = now + AHEAD
        self.calls: Counter[str] = Counter()
        self.busy: Iterator[tuple[int, dict[str, str]]] = iter(())
        ovh = self

        class Page(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, headers, body = ovh.answer(self.path, dict(self.headers))
                data = json.dumps(body).encode()
                self.send_response(status)
                for name, value in {**headers, "Content-Type": "application/json"}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}/1.0"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str, headers: Mapping[str, str]) -> tuple[int, dict[str, str], Any]:
        route = unquote(urlsplit(path).path).removeprefix("/1.0/")
        if route == "auth/time":
            return 200, {}, self.now
        self.calls[route] += 1
        if (busy := next(self.busy, None)) is not None:
            return busy[0], busy[1], {"message": "busy"}
        if refused := self._refused(path, headers):
            return 403, {}, {"message": "refused", "errorCode": refused, "httpCode": "403 Forbidden"}
        parts = route.split("/")
        domain = self.domains.get(parts[2]) if parts[:2] == ["email", "domain"] and len(parts) > 2 else None
        found = None if domain is None else domain.get("/".join(parts[3:]))
        if found is None:
            return 404, {}, {"message": f"The requested object (domain = {route}) does not exist"}
        return 200, {}, found

    def _refused(self, path: str, headers: Mapping[str, str]) -> str:
        if headers.get("X-Ovh-Application") != APPLICATION:
            return "INVALID_KEY"
        if abs(int(headers["X-Ovh-Timestamp"]) - self.now) > 30:
            return "QUERY_TIME_OUT"
        url = self.endpoint.removesuffix("/1.0") + path
        signed = "+".join((SECRET, CONSUMER, "GET", url, "", headers["X-Ovh-Timestamp"]))
        expected = "$1$" + hashlib.sha1(signed.encode(), usedforsecurity=False).hexdigest()
        right = headers.get("X-Ovh-Consumer") == CONSUMER and headers.get("X-Ovh-Signature") == expected
        return "" if right else "INVALID_SIGNATURE"
