"""HTTP answers that end: in bytes, compressed or not, in time however slowly they drip, headers and body, and in depth.

A timeout of requests is for each wait; a server that sends a byte before each runs out would hold us for ever.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
import zlib
from typing import Any

import requests
import requests.adapters
import urllib3.connection
import urllib3.connectionpool

from reconcile.language.phrase import Phrase

#: Bytes of a body, as it comes and uncompressed. A page of a thousand mailboxes has about five million.
BODY = 64 << 20
#: Seconds for the headers, for the body, and bytes a second that earn the body more.
HEADERS_SECONDS, BODY_SECONDS, SLOWEST = 300.0, 300.0, 1000
#: Seconds of the longest pause a server may ask for (Retry-After); beyond any patience of ours.
LONGEST_PAUSE = 3600.0


class BeyondBounds(requests.RequestException):
    """An answer too long, too slow or too deep."""


class BoundedSession(requests.Session):
    """A session whose answers are bounded (``bound``). Environment variables (proxies, netrc) are not consulted."""

    def __init__(self, most: int = BODY, seconds: float = BODY_SECONDS) -> None:
        super().__init__()
        self.trust_env = False
        bound(self, most, seconds)


def bound(session: requests.Session, most: int = BODY, seconds: float = BODY_SECONDS) -> None:
    """Have a session, whoever made it, read its answers whole within ``most`` bytes and ``seconds``, and their JSON by
    ``parsed``. With ``stream`` the caller reads, by ``read_body``. Calls may raise ``BeyondBounds`` too."""
    for scheme in ("https://", "http://"):
        session.mount(scheme, _Adapter(most, seconds))


def read_body(answer: requests.Response, most: int, seconds: float = BODY_SECONDS, *, decode: bool) -> bytes:
    """The body of an answer that is being streamed. Raises ``BeyondBounds`` and what urllib3 raises."""
    until = time.monotonic() + seconds
    body = bytearray()
    while part := answer.raw.read1(1 << 16, decode_content=decode):
        body += part
        if len(body) > most:
            raise BeyondBounds(Phrase("an answer of more than {most:,} bytes", most=most))
        until += len(part) / SLOWEST
        if time.monotonic() > until:
            raise BeyondBounds(Phrase("an answer slower than {slowest} bytes a second", slowest=SLOWEST))
    return bytes(body)


def gunzipped(content: bytes, most: int = BODY) -> bytes:
    """Raises ``BeyondBounds`` when there is more, zlib.error or EOFError for what is no gzip."""
    opened = zlib.decompressobj(wbits=31)
    body = opened.decompress(content, most + 1)
    if len(body) > most:
        raise BeyondBounds(Phrase("an answer of more than {most:,} bytes, uncompressed", most=most))
    if not opened.eof:
        raise EOFError
    return body


def parsed(content: bytes) -> Any:
    """A JSON document. Raises ValueError for what is none, nested too deep, or has NaN or endless digits in it."""
    try:
        return _DECODER.decode(content.decode(json.detect_encoding(content), "surrogatepass"))
    except RecursionError:
        raise ValueError("nested too deep") from None


def pause_asked(text: str) -> float | None:
    """The seconds of a Retry-After; None when it is absent, no number of seconds, or none that has an end."""
    try:
        seconds = float(text)
    except ValueError:
        return None
    return min(seconds, LONGEST_PAUSE) if seconds >= 0 else None  # NaN is not


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


_DECODER = json.JSONDecoder(parse_constant=_no_number)


class _Connection(urllib3.connection.HTTPSConnection):
    def getresponse(self) -> Any:
        return _in_time(self, super().getresponse)


class _PlainConnection(urllib3.connection.HTTPConnection):
    def getresponse(self) -> Any:
        return _in_time(self, super().getresponse)


def _in_time(connection: urllib3.connection.HTTPConnection, respond: Any) -> Any:
    """The status and headers; a server that drips them is hung up on."""
    late = threading.Event()
    watch = threading.Timer(HEADERS_SECONDS, _hang_up, [connection.sock, late])
    watch.daemon = True
    watch.start()
    try:
        answer = respond()
    finally:
        watch.cancel()
    if late.is_set():
        raise TimeoutError("the headers of the answer took too long")
    return answer


def _hang_up(connection: socket.socket | None, late: threading.Event) -> None:
    late.set()
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


class _Pool(urllib3.connectionpool.HTTPSConnectionPool):
    ConnectionCls = _Connection


class _PlainPool(urllib3.connectionpool.HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _Answer(requests.Response):
    def json(self, **_: Any) -> Any:
        """Raises what requests raises for what is no JSON."""
        try:
            return parsed(self.content)
        except ValueError as error:
            raise requests.JSONDecodeError(str(error), "", 0) from None


class _Adapter(requests.adapters.HTTPAdapter):
    def __init__(self, most: int, seconds: float) -> None:
        self._most, self._seconds = most, seconds
        super().__init__(pool_connections=4, pool_maxsize=64)

    def send(self, request: requests.PreparedRequest, *words: Any, **options: Any) -> requests.Response:
        answer = super().send(request, *words, **options)
        answer.__class__ = _Answer
        if not options.get("stream"):
            with contextlib.closing(answer):
                answer._content = read_body(answer, self._most, self._seconds, decode=True)
                answer._content_consumed = True  # type: ignore[attr-defined]
        return answer

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _Pool}
