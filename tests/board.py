"""A board that is served for a test, by the command, and asked as a browser asks."""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess
from collections.abc import Iterator

import requests
from tests.scenarios.stage import Stage


class Served:
    """The board of one stage, on a port of its own."""

    def __init__(self, process: subprocess.Popen[str], address: str) -> None:
        self.process = process
        self.address = address

    def get(self, path: str = "", **headers: str) -> requests.Response:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return requests.get(f"{self.address}{path}", headers=names, timeout=30, allow_redirects=False)

    @contextlib.contextmanager
    def news(self, since: str) -> Iterator[Iterator[str]]:
        """The lines of the stream of news."""
        with requests.get(f"{self.address}events", params={"since": since}, stream=True, timeout=60) as answer:
            assert answer.status_code == 200
            yield (line.decode() for line in answer.iter_lines(chunk_size=1))

    def version(self) -> str:
        found = re.search(r'data-version="([^"]+)"', self.get().text)
        assert found
        return found[1]

    def end(self, how: signal.Signals = signal.SIGTERM) -> str:
        """Tell it to end, and wait until it has; what it said."""
        self.process.send_signal(how)
        said, _ = self.process.communicate(timeout=60)
        return said


@contextlib.contextmanager
def served(stage: Stage, *words: str) -> Iterator[Served]:
    """Serve the board of that stage until the end of the block."""
    process = stage.start("--live", "serve", "--port", "0", *words)
    assert process.stdout is not None
    try:
        said = ""
        for line in process.stdout:
            said += line
            if found := re.search(r"http://\S+/", line):
                break
        else:
            raise AssertionError(f"it did not begin to serve:\n{said}")
        yield Served(process, found[0])
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()
