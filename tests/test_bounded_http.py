"""HTTP answers of servers that mean harm: each ends, in bytes and in time, and costs little memory."""

from __future__ import annotations

import gzip
import socket
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator

import pytest
import requests

from reconcile import bounded_http
from reconcile.bounded_http import BeyondBounds, BoundedSession, gunzipped, parsed, pause_asked

Answer = Callable[[socket.socket], None]


@pytest.fixture
def serve() -> Iterator[Callable[[Answer], str]]:
    """An address that answers every request by what it is given."""
    listener = socket.create_server(("127.0.0.1", 0))
    open_ones: list[socket.socket] = []

    def start(answer: Answer) -> str:
        def run() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                open_ones.append(connection)
                threading.Thread(target=_quietly, args=(answer, connection), daemon=True).start()

        threading.Thread(target=run, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/"

    yield start
    listener.close()
    for one in open_ones:
        one.close()


def _quietly(answer: Answer, connection: socket.socket) -> None:
    try:
        connection.recv(65536)
        answer(connection)
        connection.close()
    except OSError:
        return


def ok(connection: socket.socket, *headers: str) -> None:
    connection.sendall("\r\n".join(["HTTP/1.1 200 OK", *headers, "", ""]).encode())


def endless(connection: socket.socket) -> None:
    ok(connection, "Content-Type: text/plain")
    while True:
        connection.sendall(b"x" * 65536)


def bomb(connection: socket.socket) -> None:
    body = gzip.compress(bytes(64 << 20))
    ok(connection, "Content-Encoding: gzip", f"Content-Length: {len(body)}")
    connection.sendall(body)


def dripping_body(connection: socket.socket) -> None:
    ok(connection, "Content-Length: 1000000")
    while True:
        connection.sendall(b"x")
        time.sleep(0.1)


def dripping_headers(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while True:
        connection.sendall(b"x")
        time.sleep(0.1)


@pytest.mark.parametrize("answer", [endless, bomb])
def test_a_body_without_an_end_is_cut_and_costs_little_memory(serve: Callable[[Answer], str], answer: Answer) -> None:
    tracemalloc.start()
    with pytest.raises(BeyondBounds, match="more than"):
        BoundedSession(1 << 20).get(serve(answer), timeout=30)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100 << 20


def test_a_body_that_drips_is_not_waited_for(serve: Callable[[Answer], str]) -> None:
    with pytest.raises(BeyondBounds, match="slower"):
        BoundedSession(1 << 20, 0.5).get(serve(dripping_body), timeout=30)


def test_headers_that_drip_are_not_waited_for(serve: Callable[[Answer], str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_http, "HEADERS_SECONDS", 0.5)
    with pytest.raises(requests.RequestException):
        BoundedSession().get(serve(dripping_headers), timeout=30)


def test_an_ordinary_answer_is_read(serve: Callable[[Answer], str]) -> None:
    def answer(connection: socket.socket) -> None:
        ok(connection, "Content-Length: 12", "Content-Type: application/json")
        connection.sendall(b'{"value":[]}')

    assert BoundedSession().get(serve(answer), timeout=30).json() == {"value": []}


def test_a_small_file_that_unpacks_to_gigabytes_is_not_unpacked() -> None:
    packed = zlib.compressobj(wbits=31)
    content = b"".join([packed.compress(bytes(1 << 20)) for _ in range(300)]) + packed.flush()
    tracemalloc.start()
    with pytest.raises(BeyondBounds):
        gunzipped(content)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200 << 20
    assert gunzipped(gzip.compress(b"bonjour")) == b"bonjour"


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "NaN", "[Infinity]", "9" * 5000, "", "{"])
def test_what_is_no_sane_json_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parsed(text.encode())


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30", 30.0), ("nan", None), ("-1", None), ("inf", 3600.0), ("1e300", 3600.0), ("", None), ("Mon, 1 Jan", None)],
)
def test_a_pause_asked_for_has_an_end(text: str, seconds: float | None) -> None:
    assert pause_asked(text) == seconds
