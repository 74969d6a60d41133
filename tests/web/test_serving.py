"""``reconcile serve`` as a browser meets it: pages that follow what happens, and everything else refused."""

from __future__ import annotations

import shutil
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.board import Served, served
from tests.scenarios.stage import ROOT, Stage

AS_OF = ("--as-of", "2025-01-10")


def invented(folder: Path) -> Stage:
    shutil.copytree(ROOT / "federations", folder / "federations")
    shutil.copy(ROOT / "reconcile.toml", folder)
    return Stage(folder)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return invented(tmp_path_factory.mktemp("stage"))


@pytest.fixture(scope="module")
def board(stage: Stage) -> Iterator[Served]:
    with served(stage, *AS_OF) as running:
        yield running


def test_every_page_is_answered_and_kept_by_nobody(board: Served) -> None:
    for page in ("", "index.html", "day.html", "calendar.html", "copies.html", "plan.html", "journal.html"):
        answer = board.get(page)
        assert answer.status_code == 200, page
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert answer.headers["Cache-Control"] == "no-store, no-transform"
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "server" not in answer.headers
    assert board.get("board.css").headers["Content-Type"].startswith("text/css")
    assert board.get("board.js").headers["Content-Type"].startswith("text/javascript")


def test_without_a_script_the_page_is_loaded_anew_unless_the_reader_stops_it(board: Served) -> None:
    assert '<noscript><meta http-equiv="refresh" content="15"></noscript>' in board.get().text
    assert "http-equiv" not in board.get("?still=1").text
    assert '<p role="status" id="news"></p>' in board.get().text, "it must be there, and empty, from the start"


@pytest.mark.parametrize(
    "path",
    ["..%2freconcile.toml", "%2e%2e/reconcile.toml", "federations/spf55.yaml", "spfstate", "parts.html", "base.html",
     "board.css/../reconcile.toml", "report.json", "%00", "index.html%00.css", "/etc/passwd"],
)  # fmt: skip
def test_a_path_outside_of_the_board_is_not_found(board: Served, path: str) -> None:
    # Sent as it stands: a client's library would tidy it up.
    host = board.address.split("/")[2]
    with socket.create_connection(("127.0.0.1", int(host.rpartition(":")[2])), timeout=30) as line:
        line.sendall(f"GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: line.recv(65536), b""))
    assert answer.split(b" ")[1] == b"404", answer[:200]
    assert b"[tenant]" not in answer


@pytest.mark.parametrize(
    "host", ["board.example", "board.example:{port}", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example:{port}", ""]
)
def test_a_foreign_host_is_refused(board: Served, host: str) -> None:
    port = board.address.rstrip("/").rpartition(":")[2]
    answer = board.get(Host=host.format(port=port))
    assert answer.status_code == 400
    assert "federation" not in answer.text
    assert board.get(Host=f"LOCALHOST:{port}").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors", "Sec_Fetch_Dest": "script"},
        {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "cors", "Sec_Fetch_Dest": "empty"},
        {"Sec_Fetch_Site": "same-site", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "iframe"},
    ],
)
def test_what_another_site_asks_is_refused(board: Served, headers: dict[str, str]) -> None:
    for path in ("", "events", "board.js"):
        assert board.get(path, **headers).status_code == 403


def test_a_link_from_elsewhere_leads_here(board: Served) -> None:
    headers = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"}
    assert board.get(**headers).status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_it_is_only_read(board: Served, method: str) -> None:
    import requests

    assert requests.request(method, board.address, timeout=30).status_code == 405


def test_what_happens_is_told_to_who_looks_and_shown_on_the_page(tmp_path: Path) -> None:
    stage = invented(tmp_path)
    with served(stage, *AS_OF) as board, board.news(board.version()) as lines:
        stage.edit("spf88", "licence: E1", "licence: E9")
        assert any("in trouble" in board.get("index.html").text for line in lines if line.startswith("id: "))
        assert "SPF" in board.get("federation-spf88.html").text


def test_what_cannot_be_read_any_more_is_said_and_the_last_figures_stay(tmp_path: Path) -> None:
    stage = invented(tmp_path)
    with served(stage, *AS_OF) as board, board.news(board.version()) as lines:
        stage.settings("[tenant]", "[tenant")
        # A file that is being written may be met half written too: that is told, and told again once it is whole.
        news = (board.get().text for line in lines if line.startswith("id: "))
        assert any("The figures stand still" in page for page in news)
        assert "Fédération" in board.get("day-2025-01-20.html").text
        stage.settings("[tenant", "[tenant]")
        assert any("The figures stand still" not in page for page in news)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_told_to_although_somebody_looks(stage: Stage, how: signal.Signals) -> None:
    with served(stage, *AS_OF) as board, board.news("another life") as lines:
        assert next(line for line in lines if line.startswith("id: "))
        said = board.end(how)
        assert board.process.returncode == 0
        assert list(lines)[-1:] in ([], [""]), "the stream was ended, not cut"
    assert "Traceback" not in said
    assert "ERROR" not in said


def test_no_other_address_is_listened_on_without_signing_in(stage: Stage) -> None:
    for address in ("0.0.0.0", "::", "192.0.2.7"):
        assert "BRD04" in stage.run("--live", "serve", "--host", address, expect=5).err
    stage.run("--live", "serve", "--host", "localhost", expect=64)


def test_a_port_that_is_taken_is_said(board: Served, stage: Stage) -> None:
    port = board.address.rstrip("/").rpartition(":")[2]
    assert "BRD05" in stage.run("--live", "serve", "--port", port, expect=1).err
