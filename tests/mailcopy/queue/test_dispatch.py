"""The job engine behind its port: what is ours to rely on, and what must not happen."""

from __future__ import annotations

import contextlib
import inspect
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from reconcile.clock import Clock, SystemClock
from reconcile.mailcopy.queue import dispatch
from reconcile.mailcopy.queue.dispatch import Dispatcher
from reconcile.mailcopy.queue.location import FolderLocation, Location
from reconcile.mailcopy.queue.tickets import Limits
from reconcile.mailcopy.storage import sqlite as sqlite_file
from reconcile.problem import Problem

CONTACT = "spf55/copy/contact@spf55.org"


@pytest.fixture
def location(location_maker: Callable[[Clock], Location]) -> Location:
    return location_maker(SystemClock())


@pytest.fixture
def dispatcher(location: Location) -> Iterator[Dispatcher]:
    one = Dispatcher(location.database, "tester", {})
    try:
        yield one
    finally:
        one.stop()


def admit(location: Location, dispatcher: Dispatcher, *keys: str) -> int:
    return dispatcher.admit(lambda run: location.jobs.admit(run, keys, 100))


def wait_until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_private_call_is_where_this_version_has_it() -> None:
    (pinned,) = [Requirement(one) for one in requires("reconcile") or () if one.startswith("dbos")]
    assert str(pinned.specifier) == f"=={version('dbos')}", "an upgrade is a decision: read what changed in recovery"
    call = inspect.signature(dispatch.DBOS._recover_pending_workflows)
    assert list(call.parameters) == ["executor_ids"]


def test_a_ticket_is_carried_out_once_and_goes_on_while_there_is_more(
    location: Location, dispatcher: Dispatcher
) -> None:
    calls: list[tuple[str, int]] = []

    def run_task(key: str, number: int) -> str:
        calls.append((key, number))
        return dispatch.MORE if len(calls) < 3 else "done"

    location.jobs.enqueue(CONTACT, "ovh", "contact", "contact", "")
    dispatcher.start(run_task, Limits(), 2, 0, 0.05)
    assert admit(location, dispatcher, CONTACT) == 1
    assert admit(location, dispatcher, CONTACT) == 0
    wait_until(lambda: not dispatcher.active())
    assert calls == [(CONTACT, 1)] * 3


def test_tickets_and_the_list_change_together_or_not_at_all(location: Location, dispatcher: Dispatcher) -> None:
    location.jobs.enqueue(CONTACT, "ovh", "contact", "contact", "")
    dispatcher.start(lambda key, number: "done", Limits(), 2, 0, 60)

    class Killed(Exception):
        pass

    def give_and_die(run: object) -> list[object]:
        tickets = location.jobs.admit(run, [CONTACT], 100)
        assert tickets
        raise Killed

    with pytest.raises(Killed):
        dispatcher.admit(give_and_die)
    assert admit(location, dispatcher, CONTACT) == 1, "it was not marked as admitted"


def test_no_more_are_begun_in_a_minute_than_a_source_allows(location: Location, dispatcher: Dispatcher) -> None:
    begun: list[str] = []

    def run_task(key: str, number: int) -> str:
        begun.append(key)
        return "done"

    keys = [f"spf55/copy/{n}" for n in range(6)]
    for key in keys:
        location.jobs.enqueue(key, "ovh", key, key, "")
    location.jobs.enqueue(CONTACT, "free", "contact", "contact", "")
    dispatcher.start(run_task, Limits(), 2, 2, 0.05)
    admit(location, dispatcher, *keys)
    wait_until(lambda: len(begun) >= 2)
    admit(location, dispatcher, CONTACT)
    wait_until(lambda: CONTACT in begun)
    assert len(begun) <= 5, "SQLite's clock counts whole seconds, and may let two more pass"


def test_what_ended_is_forgotten_after_some_days(location: Location, dispatcher: Dispatcher) -> None:
    location.jobs.enqueue(CONTACT, "ovh", "contact", "contact", "")
    dispatcher.start(lambda key, number: "done", Limits(), 2, 0, 0.05)
    admit(location, dispatcher, CONTACT)
    wait_until(lambda: not dispatcher.active())
    now = SystemClock().now()
    dispatcher.tidy(now)
    assert len(dispatch.DBOS.list_workflows()) == 1
    dispatcher.tidy(now.replace(year=now.year + 1))
    assert dispatch.DBOS.list_workflows() == []


def test_variables_that_would_have_it_report_elsewhere_are_refused(tmp_path: Path) -> None:
    location = FolderLocation(tmp_path, SystemClock())
    with pytest.raises(Problem, match=r"COPY15.*DBOS__CONDUCTOR_KEY") as raised:
        Dispatcher(location.database, "tester", {"DBOS__CONDUCTOR_KEY": "s3cr3t", "HOME": "/"})
    assert "s3cr3t" not in str(raised.value)


def test_a_sqlite_too_old_is_refused_with_a_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_file.sqlite3, "sqlite_version_info", (3, 34, 1))
    with pytest.raises(Problem, match="COPY05 Copies need SQLite"):
        FolderLocation(tmp_path, SystemClock()).jobs.enqueue(CONTACT, "ovh", "contact", "contact", "")


def test_only_its_owner_may_read_what_the_engine_keeps_and_it_waits_for_other_writers(tmp_path: Path) -> None:
    location = FolderLocation(tmp_path, SystemClock())
    dispatcher = Dispatcher(location.database, "tester", {})
    try:
        dispatcher.start(lambda key, number: "done", Limits(), 2, 0, 60)
        assert {path.stat().st_mode & 0o077 for path in tmp_path.iterdir() if path.is_file()} == {0}
        with dispatcher._engine.connect() as connection:
            settings = {
                name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                for name in ("journal_mode", "busy_timeout", "foreign_keys", "synchronous")
            }
            assert settings == {"journal_mode": "wal", "busy_timeout": 30000, "foreign_keys": 1, "synchronous": 1}
            assert abs(connection.exec_driver_sql("SELECT unixepoch('subsec')").scalar() - time.time()) < 60
    finally:
        dispatcher.stop()


@pytest.mark.parametrize(
    "module", ["reconcile.cli.main", "reconcile.cli.copy.commands", "reconcile.mailcopy.queue.location"]
)
def test_only_a_worker_loads_the_job_engine(module: str) -> None:
    script = (
        f"import sys, {module}, reconcile.providers.copies, reconcile.views.copies.status;"
        "print([name for name in ('dbos', 'sqlalchemy', 'psycopg') if name in sys.modules])"
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
