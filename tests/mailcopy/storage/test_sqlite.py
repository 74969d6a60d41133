"""SQLite as the copies use it: too old, full, and not loaded together with its peers."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from reconcile.clock import SystemClock
from reconcile.mailcopy.queue.location import FolderLocation
from reconcile.mailcopy.storage import sqlite as sqlite_file
from reconcile.problem import Problem

CONTACT = "spf55/copy/contact@spf55.org"


def test_a_sqlite_too_old_is_refused_with_a_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_file.sqlite3, "sqlite_version_info", (3, 34, 1))
    with pytest.raises(Problem, match="COPY05 Copies need SQLite"):
        FolderLocation(tmp_path, SystemClock()).jobs.enqueue(CONTACT, "ovh", "contact", "contact", "")


@pytest.mark.parametrize(
    "module", ["reconcile.cli.main", "reconcile.cli.copy.commands", "reconcile.mailcopy.queue.location"]
)
def test_no_database_driver_is_loaded_before_it_is_used(module: str) -> None:
    script = (
        f"import sys, {module}, reconcile.providers.copies, reconcile.views.copies.status;"
        "print([name for name in ('psycopg', 'imapclient') if name in sys.modules])"
    )
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert loaded.stdout == "[]\n"


def test_a_full_disk_under_the_list_is_reported_and_harms_nothing(tmp_path: Path) -> None:
    location = FolderLocation(tmp_path, SystemClock())
    location.jobs.enqueue(CONTACT, "ovh", "contact", "contact", "")
    script = f"""
import resource
from pathlib import Path
from reconcile.clock import SystemClock
from reconcile.mailcopy.queue.location import FolderLocation
from reconcile.problem import Problem
jobs = FolderLocation(Path({str(tmp_path)!r}), SystemClock()).jobs
resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, 64 * 1024))
try:
    for number in range(10_000):
        jobs.enqueue(f"spf55/copy/{{number}}@spf55.org", "ovh", "x" * 200, "y" * 200, "")
except Problem as problem:
    print(problem)
"""
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert said.startswith("COPY04 Cannot write"), said
    with contextlib.closing(sqlite3.connect(tmp_path / "queue.sqlite")) as database, database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert CONTACT in {job.key for job in location.jobs.list()}
    location.jobs.cancel(CONTACT)
