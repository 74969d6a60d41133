"""The durable list of copies, the workers that share it, and the copies seen as resources."""

from __future__ import annotations

import datetime as dt
import random
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from tests.mailcopy.dovecot import Dovecot
from tests.mailcopy.post import Box, letter

from reconcile.clock import SystemClock
from reconcile.mailcopy.jobs import LEASE, Job, JobList
from reconcile.mailcopy.report import Progress, Report
from reconcile.mailcopy.session import Endpoint, Password
from reconcile.mailcopy.worker import Ends, Worker
from reconcile.problem import Problem
from reconcile.providers.base import Absent, Order, Scope, Wanted
from reconcile.providers.copies import copies_provider
from reconcile.resources.address import Address
from reconcile.resources.resource import Live

CONTACT = "spf55/copy/contact@spf55.org"


class Noon:
    """A clock that stands until it is put on."""

    def __init__(self) -> None:
        self.time = dt.datetime(2025, 3, 30, 12, tzinfo=dt.UTC)

    def now(self) -> dt.datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += dt.timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Noon:
    return Noon()


@pytest.fixture
def jobs(tmp_path: Path, clock: Noon) -> JobList:
    return JobList(tmp_path / "copies" / "queue.sqlite", clock)


def enqueue(jobs: JobList, key: str = CONTACT, login: str = "contact@spf55.org") -> None:
    jobs.enqueue(key, "ovh", login, "contact@spf55.org", "")


def only(jobs: JobList) -> Job:
    (job,) = jobs.list()
    return job


def test_looking_at_a_list_that_does_not_exist_leaves_no_file(jobs: JobList, tmp_path: Path) -> None:
    assert jobs.list() == []
    assert not any(tmp_path.iterdir())


def test_a_copy_queued_twice_is_one_copy_and_only_its_owner_may_read_the_list(jobs: JobList, tmp_path: Path) -> None:
    enqueue(jobs)
    enqueue(jobs)
    assert only(jobs).state == "queued"
    assert stat.S_IMODE((tmp_path / "copies" / "queue.sqlite").stat().st_mode) == 0o600


def test_two_workers_never_hold_the_same_mailbox(jobs: JobList) -> None:
    enqueue(jobs)
    assert jobs.claim("here:1:0:a", [CONTACT]) is not None
    assert jobs.claim("here:2:0:b", [CONTACT]) is None


def test_a_lease_that_runs_out_is_taken_over_and_its_former_holder_shut_out(jobs: JobList, clock: Noon) -> None:
    enqueue(jobs)
    first = jobs.claim("elsewhere:1:0:a", [CONTACT])
    assert first is not None
    clock.sleep(LEASE - 1)
    assert jobs.claim("elsewhere:2:0:b", [CONTACT]) is None
    clock.sleep(2)
    second = jobs.claim("elsewhere:2:0:b", [CONTACT])
    assert second is not None
    assert second.epoch > first.epoch
    assert not jobs.progress(first, "elsewhere:1:0:a", (1, 2, 3, 4))
    assert not jobs.finish(first, "elsewhere:1:0:a", "done")
    assert jobs.finish(second, "elsewhere:2:0:b", "done")


def test_the_mailbox_of_a_worker_killed_on_this_host_is_free_at_once(jobs: JobList) -> None:
    enqueue(jobs)
    name = subprocess.run(
        [sys.executable, "-c", "from reconcile.mailcopy.lease import holder; print(holder('x'))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    assert jobs.claim(name, [CONTACT]) is not None
    assert jobs.claim("another:1:0:b", [CONTACT]) is not None


def test_small_mailboxes_go_first(jobs: JobList) -> None:
    for name, messages in (("grande", 5000), ("petite", 3), ("moyenne", 60)):
        enqueue(jobs, f"spf55/copy/{name}@spf55.org")
        jobs.measured(next(job for job in jobs.list() if name in job.key), messages)
    keys = [job.key for job in jobs.list()]
    order = [job.login and job.key for _ in range(3) if (job := jobs.claim("w:1:0:a", keys))]
    assert [key.split("/")[2].split("@")[0] for key in order] == ["petite", "moyenne", "grande"]


def test_what_is_to_be_tried_later_waits_for_its_time(jobs: JobList, clock: Noon) -> None:
    enqueue(jobs)
    job = jobs.claim("w:1:0:a", [CONTACT])
    assert job is not None
    jobs.finish(job, "w:1:0:a", "waiting", error="COPY01 out of reach", wait=60)
    assert jobs.claim("w:1:0:a", [CONTACT]) is None
    clock.sleep(61)
    again = jobs.claim("w:1:0:a", [CONTACT])
    assert again is not None
    assert again.attempts == 1


def test_a_cancelled_copy_stops_its_worker_and_may_be_asked_for_again(jobs: JobList) -> None:
    enqueue(jobs)
    job = jobs.claim("w:1:0:a", [CONTACT])
    assert job is not None
    jobs.cancel(CONTACT)
    assert not jobs.progress(job, "w:1:0:a", (1, 2, 3, 4))
    assert only(jobs).state == "cancelled"
    enqueue(jobs)
    assert only(jobs).state == "queued"


def test_a_mailbox_is_copied_once_every_copy_into_it_is_done(jobs: JobList) -> None:
    assert jobs.copied() == frozenset()
    enqueue(jobs)
    enqueue(jobs, "spf55/copy/info@spf55.org", "info@spf55.org")
    for _ in range(2):
        assert jobs.copied() == frozenset()
        job = jobs.claim("w", {one.key for one in jobs.list()})
        assert job is not None
        assert jobs.finish(job, "w", "done")
    assert jobs.copied() == {"contact@spf55.org"}
    enqueue(jobs, "spf55/copy/old@spf55.org", "old@spf55.org")
    jobs.cancel("spf55/copy/old@spf55.org")
    assert jobs.copied() == {"contact@spf55.org"}
    jobs.another_pass({CONTACT})
    assert jobs.copied() == frozenset()


def test_a_damaged_list_is_said_to_be_so(tmp_path: Path, clock: Noon) -> None:
    path = tmp_path / "queue.sqlite"
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(Problem, match="COPY05"):
        JobList(path, clock).list()


# As resources


def order(**fields: str) -> Order:
    wanted = {"source": "ovh", "login": "contact@spf55.org", "destination": "contact@spf55.org", "folder": ""}
    return Order(Address.parse(CONTACT), None, wanted | fields, frozenset(fields))


def seen(jobs: JobList) -> object:
    address = Address.parse(CONTACT)
    scope = Scope([Wanted(address, None)], {"spf55.org": "spf55"})
    return copies_provider(jobs).reader.observe(scope).sights[address]


def test_a_copy_exists_once_queued_and_until_cancelled(jobs: JobList) -> None:
    writer = copies_provider(jobs).writer
    assert isinstance(seen(jobs), Absent)
    made = writer.create(order())
    assert seen(jobs) == made
    job = jobs.claim("w:1:0:a", [CONTACT])
    assert job is not None
    jobs.finish(job, "w:1:0:a", "done")
    assert isinstance(seen(jobs), Live)
    writer.delete(order())
    assert isinstance(seen(jobs), Absent)


def test_a_copy_may_change_its_folder_but_not_while_it_runs(jobs: JobList) -> None:
    writer = copies_provider(jobs).writer
    writer.create(order())
    assert writer.update(order(folder="ancienne boîte")).fields["folder"] == "ancienne boîte"
    assert jobs.claim("w:1:0:a", [CONTACT])
    with pytest.raises(Problem, match="COPY07"):
        writer.update(order(folder="autre"))


# At work


class Notes:
    """Remembers how each mailbox ended."""

    def __init__(self) -> None:
        self.ended: list[tuple[str, str, Report | None, Problem | None]] = []

    def started(self, job: Job) -> None:
        return

    def moved(self, job: Job, position: Progress) -> None:
        return

    def finished(self, job: Job, state: str, report: Report | None, problem: Problem | None, wait: float) -> None:
        self.ended.append((job.login, state, report, problem))


def worker(jobs: JobList, tmp_path: Path, old: Dovecot, new: Dovecot, notes: Notes, password: str = "") -> Worker:
    def ends(job: Job) -> Ends:
        master = Password(f"{job.login}*maitre", password or "mot-de-passe-maitre")
        return Ends(
            Endpoint("127.0.0.1", old.port, master, tls=False),
            Endpoint("127.0.0.1", new.port, Password(job.login, "pw"), tls=False),
        )

    return Worker(jobs, tmp_path / "ledgers", ends, SystemClock(), random.Random(1), notes)  # noqa: S311


@pytest.fixture
def boxes(old_host: Dovecot, exchange_like_host: Dovecot, user: str) -> list[tuple[Box, Box]]:
    names = [f"{user}-{n}" for n in range(6)]
    for n, name in enumerate(names):
        Box(old_host, name).put("INBOX", *map(letter, range(20 * (n + 1))))
    return [(Box(old_host, name), Box(exchange_like_host, name)) for name in names]


def queued(tmp_path: Path, boxes: list[tuple[Box, Box]]) -> JobList:
    jobs = JobList(tmp_path / "queue.sqlite", SystemClock())
    for old, _ in boxes:
        jobs.enqueue(f"spf55/copy/{old.user}", "ovh", old.user, old.user, "")
    return jobs


def test_two_workers_share_the_mailboxes_and_a_second_run_finds_nothing_new(
    boxes: list[tuple[Box, Box]], tmp_path: Path
) -> None:
    jobs, notes = queued(tmp_path, boxes), Notes()
    keys = [job.key for job in jobs.list()]
    hosts = boxes[0][0].host, boxes[0][1].host
    pair = [worker(jobs, tmp_path, *hosts, notes) for _ in range(2)]
    threads = [threading.Thread(target=one.run, args=(keys,), kwargs={"at_once": 2, "wait": True}) for one in pair]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for old, new in boxes:
        assert new.contents("INBOX") == old.contents("INBOX")
    assert {job.state for job in jobs.list()} == {"done"}
    again = Notes()
    worker(jobs, tmp_path, *hosts, again).run(keys, at_once=2, wait=True)
    assert sorted(report.already for _, _, report, _ in again.ended if report) == [20, 40, 60, 80, 100, 120]
    assert all(report.copied == 0 for _, _, report, _ in again.ended if report)


def test_a_wrong_master_password_is_tried_on_a_few_mailboxes_not_on_all(
    boxes: list[tuple[Box, Box]], tmp_path: Path
) -> None:
    jobs, notes = queued(tmp_path, boxes), Notes()
    hosts = boxes[0][0].host, boxes[0][1].host
    ended = worker(jobs, tmp_path, *hosts, notes, password="faux").run(
        [job.key for job in jobs.list()], at_once=1, wait=True
    )
    assert dict(ended) == {"failed": 2}
    assert [problem.code for _, _, _, problem in notes.ended if problem] == ["COPY02", "COPY02"]
    assert sorted(job.state for job in jobs.list()) == ["failed"] * 2 + ["queued"] * 4
    assert "faux" not in "".join(job.error for job in jobs.list())


def test_a_worker_told_to_stop_leaves_the_rest_queued(boxes: list[tuple[Box, Box]], tmp_path: Path) -> None:
    jobs, notes = queued(tmp_path, boxes), Notes()
    hosts = boxes[0][0].host, boxes[0][1].host
    one = worker(jobs, tmp_path, *hosts, notes)
    one.stop()
    assert not one.run([job.key for job in jobs.list()], at_once=2, wait=True)
    assert {job.state for job in jobs.list()} == {"queued"}
