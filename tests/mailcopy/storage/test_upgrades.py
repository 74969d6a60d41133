"""A list and ledgers that the release before wrote, opened by this one."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from reconcile.clock import Clock, SystemClock
from reconcile.mailcopy.queue.jobs import Job, JobList
from reconcile.mailcopy.queue.late_mail import LateMail
from reconcile.mailcopy.queue.location import FolderLocation, Location, PostgresLocation
from reconcile.mailcopy.queue.work_list import Claimant, Limits
from reconcile.mailcopy.storage.upgrades import VERSION
from reconcile.problem import Problem

CONTACT, COMPTA = (f"spf55/copy/{name}@spf55.org" for name in ("contact", "compta"))
#: What made each version what it is, undone.
UNDONE = {
    2: ("ALTER TABLE job DROP COLUMN public_folder",),
    3: ("ALTER TABLE job DROP COLUMN queued", "DROP TABLE late"),
    4: (
        "DROP INDEX job_next",
        "DROP INDEX job_running",
        "DROP INDEX job_waiting",
        "DROP TABLE begun",
        "ALTER TABLE job ADD COLUMN ticket BIGINT NOT NULL DEFAULT 0",
        "ALTER TABLE job ADD COLUMN admitted DOUBLE PRECISION NOT NULL DEFAULT 0",
    ),
    5: ("ALTER TABLE job DROP COLUMN brought", "ALTER TABLE job DROP COLUMN looked"),
    6: ("ALTER TABLE job DROP COLUMN made_of",),
}


def sqlite_files(location: FolderLocation) -> list[sqlite3.Connection]:
    return [sqlite3.connect(path, isolation_level=None) for path in location.folder.rglob("*.sqlite")]


def as_written_before(location: Location, version: int) -> None:
    """Give what is there the form it had in that version."""
    if isinstance(location, PostgresLocation):
        with location.database.changing() as run:
            for statement in since(version):
                run.change(statement)
            run.change("UPDATE version SET number=?", version)
        return
    assert isinstance(location, FolderLocation)
    for connection in sqlite_files(location):
        with contextlib.closing(connection):
            if connection.execute("SELECT 1 FROM sqlite_master WHERE name='job'").fetchone():
                for statement in since(version):
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version={version}")


def since(version: int) -> list[str]:
    return [statement for number, statements in UNDONE.items() if number >= version for statement in statements]


def enqueue(jobs: JobList, key: str) -> None:
    jobs.enqueue(key, "ovh", key.rpartition("/")[2], key.rpartition("/")[2], "")


@pytest.fixture(params=sorted(UNDONE))
def before(location_maker: Callable[[Clock], Location], request: pytest.FixtureRequest) -> Callable[[Clock], Location]:
    """A list of one copy with one message recorded, as a former version left it."""
    location = location_maker(SystemClock())
    enqueue(location.jobs, CONTACT)
    ledger = location.ledger(location.jobs.list()[0])
    row = ledger.folder(b"INBOX", b"INBOX", "INBOX", 1, 1)
    ledger.record(row.id, 7, 9, b"digest")
    ledger.commit()
    ledger.close()
    as_written_before(location, request.param)
    return location_maker


def recorded(location: Location, job: Job) -> int:
    ledger = location.ledger(job)
    with contextlib.closing(ledger):
        return sum(ledger.count(row.id) for row in ledger.rows())


def test_copies_begun_with_the_release_before_go_on(
    before: Callable[[Clock], Location], request: pytest.FixtureRequest
) -> None:
    location, when_queued = before(SystemClock()), request.node.callspec.params["before"] > 3
    (job,) = location.jobs.list()
    assert (job.key, job.public_folder, bool(job.queued), recorded(location, job)) == (CONTACT, "", when_queued, 1)
    assert (job.brought, job.looked) == (0, 0)
    enqueue(location.jobs, COMPTA)
    assert {one.key: bool(one.queued) for one in location.jobs.list()} == {CONTACT: when_queued, COMPTA: True}
    assert LateMail(location.database).senders() == {}
    taken = location.jobs.claim(Claimant("heir"), Limits(starts_a_minute=1), 2)
    assert [one.key for one in taken] == [COMPTA], "its table of starts is there"


def test_several_may_open_them_at_once(before: Callable[[Clock], Location]) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: [job.key for job in before(SystemClock()).jobs.list()], range(16)))
    assert found == [[CONTACT]] * 16


def test_what_a_newer_release_wrote_is_left_alone(before: Callable[[Clock], Location]) -> None:
    location = before(SystemClock())
    assert location.jobs.list()
    as_written_before(location, VERSION + 1)
    with pytest.raises(Problem, match=re.escape("reconcile")) as caught:
        before(SystemClock()).jobs.list()
    assert (caught.value.code, caught.value.hint) == ("COPY05", "use that version")
