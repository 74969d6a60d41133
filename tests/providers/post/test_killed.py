"""A sending of forty that is killed at every step: none is lost, none arrives twice."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.providers.post.sending import FEDERATIONS, MONDAY, TAKEN, UNTAKEN, contact
from tests.providers.post.world import office

ROOT = Path(__file__).resolve().parents[3]


class Runs:
    """The process that forks for each run, an hour after the one before: longer than a letter is looked for."""

    def __init__(self, process: subprocess.Popen[str], folder: Path, port: int) -> None:
        self._process, self._folder, self._port = process, folder, port
        self._runs = 0

    def __call__(self, point: str = "", step: dt.timedelta = dt.timedelta(hours=1)) -> Any:
        self._runs += 1
        now = MONDAY + step * self._runs
        order = {"folder": str(self._folder), "port": self._port, "now": now.isoformat(), "point": point}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


@contextmanager
def runs(folder: Path, port: int) -> Iterator[Runs]:
    command = [sys.executable, "-m", "tests.providers.post.sending"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            yield Runs(process, folder, port)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(120)


def test_killed_at_every_step_of_forty_letters_each_arrives_once(tmp_path: Path, tell: Any) -> None:
    killed = 0
    with office(tmp_path / "taken") as (post_office, port), runs(tmp_path, port) as run:
        for slug, taken in zip(FEDERATIONS, itertools.cycle(TAKEN), strict=False):
            for point in (*UNTAKEN, taken):
                assert run(point) == -signal.SIGKILL, (slug, point)
                killed += 1
            assert len(post_office.delivered(contact(slug))) == 1, (slug, taken)
        assert run() == {}
        counts = {slug: len(post_office.delivered(contact(slug))) for slug in FEDERATIONS}
    assert counts == dict.fromkeys(FEDERATIONS, 1)
    tell(f"letters: {killed} kills over {len(FEDERATIONS)} letters, none lost, none twice")


def test_a_letter_whose_sender_died_is_not_sent_again_while_it_may_still_be_on_its_way(tmp_path: Path) -> None:
    with office(tmp_path / "taken") as (post_office, port), runs(tmp_path, port) as run:
        assert run("letter before") == -signal.SIGKILL
        [(slug, why)] = run(step=dt.timedelta(minutes=2)).items()
        assert slug == FEDERATIONS[0]
        assert "it is looked for until" in why
        assert post_office.delivered(contact(slug)) == []
        assert run() == {}
        assert len(post_office.delivered(contact(slug))) == 1
