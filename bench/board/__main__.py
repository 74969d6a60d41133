"""The board of 40 federations of 50 mailboxes on their evening: ``make bench-board``.

A made state (nothing of it happened, and the board cannot tell), served by the command, with ten viewers on its
streams, while copies end as a worker would write it. Its last line is one JSON object:

- ``first_paint_ms``: until Chromium has painted the day's page, the median of five openings by a browser that is warm;
  null where ``make test-board`` has not installed what opens it;
- ``page_kb``: the largest page with its style sheet and script, as sent;
- ``update_s``: from a copy's end written to the page that shows it, the worst of ten;
- ``serve_mb``: resident memory of the server after all this, its ten viewers still there;
- ``serve_cpu_percent``: of one core, over half a minute in which nothing happens, the ten viewers still there.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import requests
from bench.board.network import EVENING, ROOT, Network, make, save_plan

VIEWERS, EVENTS, OPENINGS, IDLE = 10, 10, 5, 30.0
TOOLS = ROOT / ".setup" / "board"


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="board-") as place:
        network = make(Path(place))
        save_plan(network)
        with served(network.folder) as (process, address), viewers(address):
            figures = {
                "first_paint_ms": first_paint(address + "day.html"),
                "page_kb": largest_page(address),
                "update_s": slowest_update(network, address),
                "serve_mb": resident(process.pid),
                "serve_cpu_percent": idle(process.pid),
            }
    print(json.dumps(figures))
    return 0


@contextlib.contextmanager
def served(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [str(Path(sys.executable).with_name("reconcile")), "--live", "serve", "--port", "0", "--as-of", EVENING]
    process = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, encoding="utf-8")
    assert process.stderr is not None
    try:
        found = re.search(r"http://\S+/", process.stderr.readline())
        assert found, "it did not begin to serve"
        yield process, found[0]
    finally:
        process.terminate()
        process.wait(30)
        process.stderr.close()


@contextlib.contextmanager
def viewers(address: str) -> Iterator[None]:
    """Ten who look: each has a stream open, and asks for the page whenever it is told to."""
    over = threading.Event()

    def look() -> None:
        with requests.get(f"{address}events", stream=True, timeout=60) as news:
            for line in news.iter_lines(chunk_size=1):
                if over.is_set():
                    return
                if line.startswith(b"id: "):
                    requests.get(f"{address}day.html", timeout=60)

    with concurrent.futures.ThreadPoolExecutor(VIEWERS) as pool:
        looking = [pool.submit(look) for _ in range(VIEWERS)]
        try:
            yield
        finally:
            over.set()
            for one in looking:
                one.result(60)


def largest_page(address: str) -> float:
    overview = requests.get(address, timeout=60)
    names = {*re.findall(r'href="([a-z0-9-]+\.html)"', overview.text)}
    names |= set(re.findall(r'href="([a-z0-9-]+\.html)"', requests.get(f"{address}day.html", timeout=60).text))
    names |= set(re.findall(r'href="([a-z0-9-]+\.html)"', requests.get(f"{address}plan.html", timeout=60).text))
    beside = sum(len(requests.get(address + name, timeout=60).content) for name in ("board.css", "board.js"))
    largest = max(len(requests.get(address + name, timeout=60).content) for name in sorted(names))
    return round((largest + beside) / 1000, 1)


def slowest_update(network: Network, address: str) -> float:
    waits = []
    with requests.get(f"{address}events", stream=True, timeout=60) as news:
        lines = news.iter_lines(chunk_size=1)
        for _ in range(EVENTS):
            before = done(address)
            assert network.finish_a_copy()
            began = time.monotonic()
            while done(address) == before:
                next(line for line in lines if line.startswith(b"id: "))
            waits.append(time.monotonic() - began)
            time.sleep(1.0)
    return round(max(waits), 2)


def done(address: str) -> str:
    found = re.search(r'data-live="big-all">([^<]+)<', requests.get(address, timeout=60).text)
    assert found
    return found[1]


def first_paint(address: str) -> float | None:
    chromium = shutil.which("chromium")
    if not (chromium and (TOOLS / "node_modules").exists()):
        return None
    command = ["node", str(Path(__file__).with_name("paint.mjs")), str(TOOLS), chromium, address, str(OPENINGS)]
    said = subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout
    return round(statistics.median(json.loads(said)), 0)


def resident(pid: int) -> float:
    found = re.search(r"^VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(encoding="utf-8"), re.MULTILINE)
    assert found
    return round(int(found[1]) / 1000, 1)


def idle(pid: int) -> float:
    before = ticks(pid)
    time.sleep(IDLE)
    return round(100 * (ticks(pid) - before) / os.sysconf("SC_CLK_TCK") / IDLE, 2)


def ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


if __name__ == "__main__":
    sys.exit(main())
