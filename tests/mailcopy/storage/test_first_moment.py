"""A list and a ledger that several processes open at the very moment they come into being."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from reconcile.clock import SystemClock
from reconcile.mailcopy.ledger.ledger import Ledger
from reconcile.mailcopy.queue.jobs import JobList

AT_ONCE, FRESH = 6, 25
#: Each process opens the same fresh files one after the other; a line from outside starts every round.
OPENER = """
import sys
from pathlib import Path
from reconcile.clock import SystemClock
from reconcile.mailcopy.queue.jobs import JobList
from reconcile.mailcopy.ledger.ledger import Ledger

folder, me = Path(sys.argv[1]), sys.argv[2]
print("ready", flush=True)
for line in sys.stdin:
    JobList.in_file(folder / f"{line.strip()}.queue", SystemClock()).enqueue(me, "ovh", me, me, "")
    Ledger(folder / f"{line.strip()}.ledger").close()
    print("done", flush=True)
"""


def test_fresh_files_may_be_opened_by_many_processes_at_once(tmp_path: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", OPENER, tmp_path, str(n)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for n in range(AT_ONCE)
    ]
    try:
        for attempt in ("", *map(str, range(FRESH))):
            for process in processes:
                if attempt and process.stdin:
                    process.stdin.write(f"{attempt}\n")
                    process.stdin.flush()
            said = [process.stdout.readline() for process in processes if process.stdout]
            assert said == ["done\n" if attempt else "ready\n"] * AT_ONCE
    finally:
        for process in processes:
            process.communicate()
    for attempt in range(FRESH):
        assert len(JobList.in_file(tmp_path / f"{attempt}.queue", SystemClock()).list()) == AT_ONCE
    assert not [file.name for file in tmp_path.iterdir() if file.name.startswith(".")]


@pytest.mark.parametrize(
    "open_it", [lambda path: JobList.in_file(path, SystemClock()).enqueue("k", "", "", "", ""), Ledger]
)
def test_a_file_that_another_is_still_making_is_waited_for(tmp_path: Path, open_it: type[Ledger]) -> None:
    path = tmp_path / "fresh.sqlite"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        threading.Timer(0.3, lambda: other.execute("COMMIT")).start()
        open_it(path)
