"""DNS hosts whose answers have no end, are no sane JSON, or lead elsewhere: the zone is not read, and no key leaves."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator

import pytest
import requests
import responses

from reconcile.problem import Problem
from reconcile.providers.dns.hosted import limits
from reconcile.providers.dns.hosted.account import HostedZones
from reconcile.providers.dns.hosted.backends import open_backend

KEY = "not-to-be-seen"


class Server(http.server.ThreadingHTTPServer):
    """Answers everything by ``body``, or leads to ``elsewhere``; remembers the headers it was sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.body = b""
        self.endless = False
        self.elsewhere = ""
        self.seen: list[str] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.seen.append(str(self.headers))
        self.send_response(302 if self.server.elsewhere else 200)
        if self.server.elsewhere:
            self.send_header("Location", self.server.elsewhere)
        self.end_headers()
        try:
            self.wfile.write(self.server.body)
            while self.server.endless:
                self.wfile.write(b" " * (1 << 20))
        except OSError:
            return

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def servers() -> Iterator[tuple[Server, Server]]:
    both = Server(), Server()
    yield both
    for one in both:
        one.endless = False
        one.shutdown()
        one.server_close()


def read(port: int) -> object:
    """What becomes of reading a zone at a PowerDNS on that port."""
    options = {"host": "127.0.0.1", "port": port, "scheme": "http", "api_key": KEY}
    zones = HostedZones(lambda: open_backend("powerdns", options), ["spf55.org"])
    (found,) = zones.read([zones._deepest_first[0]]).values()
    return found


@pytest.mark.parametrize(
    ("body", "endless"),
    [(b"[" * 200_000, False), (b"NaN", False), (b"9" * 5000, False), (b"{", False), (b"", False), (b"[", True)],
    ids=["deep", "no number", "endless number", "half", "nothing", "endless"],
)
def test_an_answer_that_is_no_sane_json_is_no_zone(servers: tuple[Server, Server], body: bytes, endless: bool) -> None:
    servers[0].body, servers[0].endless = body, endless
    found = read(servers[0].server_address[1])
    assert isinstance(found, Problem)
    assert found.code == "DNS17"


def test_no_key_follows_a_link_to_another_host(servers: tuple[Server, Server]) -> None:
    servers[0].elsewhere = f"http://127.0.0.1:{servers[1].server_address[1]}/"
    found = read(servers[0].server_address[1])
    assert isinstance(found, Problem)
    assert found.code == "DNS17"
    assert servers[0].seen
    assert KEY in servers[0].seen[0]
    assert servers[1].seen == []


@pytest.mark.parametrize(("most", "size"), [("MOST_ANSWERS", 0), ("MOST_BYTES", 100_000)])
def test_pages_without_an_end_are_given_up(most: str, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, most, 50 if not size else 1_000_000)

    def page(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        rows = [{"id": "1", "name": f"z{len(mocked.calls)}.example", "padding": "x" * size}]
        return 200, {}, json.dumps({"result": rows, "result_info": {"count": 1, "per_page": 1}, "success": True})

    with responses.RequestsMock() as mocked:
        mocked.add_callback("GET", "https://api.cloudflare.com/client/v4/zones", page)
        zones = HostedZones(lambda: open_backend("cloudflare", {"token": KEY}), ["spf55.org"])
        (found,) = zones.read([zones._deepest_first[0]]).values()
        asked = len(mocked.calls)
    assert isinstance(found, Problem)
    assert found.code == "DNS17"
    assert asked <= 51


def test_the_count_begins_anew_with_each_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_ANSWERS", 2)
    session = requests.Session()
    with responses.RequestsMock() as mocked:
        mocked.add("GET", "https://host.example/", body="{}")
        for _ in range(3):
            with limits.ending(session):
                session.get("https://host.example/")
                session.get("https://host.example/")
    assert session.hooks["response"] == []
