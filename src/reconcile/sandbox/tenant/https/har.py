"""Recorded traffic as HAR 1.2, valid after every entry, without a secret in it."""

from __future__ import annotations

import datetime as dt
import json
import os
import threading
import urllib.parse
from pathlib import Path
from typing import Any

from reconcile.sandbox.tenant.https.web import Answer, Request

_TRAILER = b"\n]}}\n"
_REDACTED = "REDACTED"
_SECRET_KEYS = {"password", "client_secret", "client_assertion", "access_token", "authorization"}


class Recorder:
    """Appends each exchange to ``tenant-<n>.har`` in a folder; the file is closed JSON at any moment."""

    def __init__(self, folder: Path, site: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        number = 1 + sum(1 for _ in folder.glob("tenant-*.har"))
        self.file = folder / f"tenant-{number}.har"
        self._site = site
        self._lock = threading.Lock()
        self._first = True
        head = {"log": {"version": "1.2", "creator": {"name": "reconcile sandbox", "version": "1"}, "entries": []}}
        self._stream = self.file.open("w+b", buffering=0)
        self._stream.write(json.dumps(head).encode().removesuffix(b"]}}") + _TRAILER)

    def record(self, request: Request, answer: Answer, started: dt.datetime, milliseconds: float) -> None:
        """Add one exchange; ``started`` is the tenant's time."""
        entry = json.dumps(self._entry(request, answer, started, milliseconds), ensure_ascii=False).encode()
        with self._lock:
            if self._stream.closed:
                return
            self._stream.seek(-len(_TRAILER), os.SEEK_END)
            self._stream.write((b"\n" if self._first else b",\n") + entry + _TRAILER)
            self._first = False

    def close(self) -> None:
        with self._lock:
            self._stream.close()

    def _entry(self, request: Request, answer: Answer, started: dt.datetime, milliseconds: float) -> dict[str, Any]:
        query = [{"name": name, "value": value} for name, value in request.query.items()]
        target = request.path + (f"?{urllib.parse.urlencode(request.query)}" if query else "")
        sent: dict[str, Any] = {
            "method": request.method,
            "url": self._site + target,
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": _headers(request.headers),
            "queryString": query,
            "headersSize": -1,
            "bodySize": len(request.body),
        }
        if request.body:
            kind = request.headers.get("content-type", "")
            sent["postData"] = {"mimeType": kind, "text": _redacted_text(request.body, kind)}
        payload = answer.payload()
        kind = answer.headers.get("Content-Type", "application/json; charset=utf-8" if payload else "")
        received = {
            "status": answer.status,
            "statusText": "",
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": _headers(answer.headers),
            "content": {"size": len(payload), "mimeType": kind, "text": _redacted_text(payload, kind)},
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": len(payload),
        }
        return {
            "startedDateTime": started.isoformat(),
            "time": milliseconds,
            "request": sent,
            "response": received,
            "cache": {},
            "timings": {"send": 0, "wait": milliseconds, "receive": 0},
        }


def _headers(headers: Any) -> list[dict[str, str]]:
    return [
        {"name": name, "value": _REDACTED if name.lower() in _SECRET_KEYS else value} for name, value in headers.items()
    ]


def _redacted_text(body: bytes, kind: str) -> str:
    text = body.decode("utf-8", "replace")
    if "form-urlencoded" in kind:
        pairs = urllib.parse.parse_qsl(text, keep_blank_values=True)
        return urllib.parse.urlencode([(k, _REDACTED if k.lower() in _SECRET_KEYS else v) for k, v in pairs])
    try:
        return json.dumps(_redacted(json.loads(text)), ensure_ascii=False)
    except ValueError:
        return text


def _redacted(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _REDACTED if k.lower() in _SECRET_KEYS and v is not None else _redacted(v) for k, v in value.items()}
    return [_redacted(item) for item in value] if isinstance(value, list) else value
