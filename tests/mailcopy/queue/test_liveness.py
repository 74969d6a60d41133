"""Which workers live, and what the others do about those that do not."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from tests.postgresql import Cluster

from reconcile.clock import SystemClock
from reconcile.mailcopy.queue.failover import Failover
from reconcile.mailcopy.queue.liveness import FileLocks, Locks, PostgresLocks
from reconcile.mailcopy.queue.location import FolderLocation
from reconcile.mailcopy.queue.work_list import Claimant, Limits
from reconcile.mailcopy.storage.postgres import PostgresDatabase
from reconcile.problem import Problem


@pytest.fixture(params=["folder", "postgres"])
def another(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Locks]]:
    """Locks as one more process sees them."""
    with contextlib.ExitStack() as opened:
        if request.param == "folder":
            yield lambda: opened.enter_context(contextlib.closing(FileLocks(tmp_path / "workers")))
        else:
            url = request.getfixturevalue("cluster").database()
            yield lambda: opened.enter_context(contextlib.closing(PostgresLocks(PostgresDatabase(url, "", ()))))


def test_a_name_is_held_by_one_at_a_time(another: Callable[[], Locks]) -> None:
    one, two = another(), another()
    assert two.is_free("un")
    assert one.hold("un")
    assert one.hold("un"), "held already"
    assert not two.is_free("un")
    assert not two.hold("un")
    assert two.hold("deux")
    one.close()
    assert two.is_free("un")
    assert two.hold("un")


def test_death_frees_a_name_on_one_host(tmp_path: Path) -> None:
    script = (
        "from pathlib import Path; from reconcile.mailcopy.queue.liveness import FileLocks; "
        f"print(FileLocks(Path({str(tmp_path)!r})).hold('un'), flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == "True\n"
        assert not FileLocks(tmp_path).is_free("un")
        other.kill()
        other.wait()
        assert FileLocks(tmp_path).is_free("un")


def test_a_worker_takes_its_name_again_after_the_database_dropped_it(cluster: Cluster) -> None:
    database = PostgresDatabase(cluster.database(), "", ())
    one, two = PostgresLocks(database), PostgresLocks(database)
    with contextlib.closing(one), contextlib.closing(two):
        assert one.hold("un")
        with psycopg.connect(database.url, autocommit=True) as connection:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype='advisory'")
            while connection.execute("SELECT 1 FROM pg_locks WHERE locktype='advisory'").fetchone():
                continue
        assert two.is_free("un")
        with pytest.raises(Problem, match="COPY12"):
            one.hold("un")
        assert one.hold("un")
        assert not two.is_free("un")


class Free:
    """Locks found free or held as told, look after look."""

    looks = 3

    def __init__(self, *answers: bool) -> None:
        self._answers = list(answers)

    def hold(self, name: str) -> bool:
        return True

    def is_free(self, name: str) -> bool:
        return self._answers.pop(0)


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        ((True, True), "running"),
        ((True, True, True), "queued"),
        ((True, True, False, True, True), "running"),
        ((True, True, False, True, True, True), "queued"),
    ],
)
def test_a_worker_counts_as_dead_when_its_lock_is_free_three_times_in_a_row(
    tmp_path: Path, answers: tuple[bool, ...], state: str
) -> None:
    jobs = FolderLocation(tmp_path, SystemClock()).jobs
    jobs.enqueue("spf55/copy/contact@spf55.org", "ovh", "contact", "contact", "")
    assert jobs.claim(Claimant("mort"), Limits(), 1)
    guard = Failover("moi", jobs, Free(*answers))
    for _ in answers:
        guard.check()
    assert [job.state for job in jobs.list()] == [state]


def test_a_worker_whose_name_was_taken_by_another_stops(tmp_path: Path) -> None:
    class Taken(Free):
        def hold(self, name: str) -> bool:
            return False

    with pytest.raises(Problem, match="COPY16"):
        Failover("moi", FolderLocation(tmp_path, SystemClock()).jobs, Taken()).check()
