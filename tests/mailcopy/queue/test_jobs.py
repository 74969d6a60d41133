"""The durable list of copies, the workers that share it, and the copies seen as resources."""

from __future__ import annotations

import contextlib
import datetime as dt
import random
import sqlite3
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from tests.mailcopy.dovecot import Dovecot
from tests.mailcopy.post import Box, letter

from reconcile.clock import Clock, SystemClock
from reconcile.mailcopy.imap.session import Endpoint, Password
from reconcile.mailcopy.queue.dispatch import Dispatcher
from reconcile.mailcopy.queue.jobs import Job, JobList
from reconcile.mailcopy.queue.liveness import FileLocks
from reconcile.mailcopy.queue.location import FolderLocation, Location
from reconcile.mailcopy.queue.rate import Rate
from reconcile.mailcopy.queue.task import Endpoints, TaskRunner, WorkerSetup
from reconcile.mailcopy.queue.tickets import LEASE, NO_ROOM, SETTLED, Limits, Ticket, WorkList
from reconcile.mailcopy.queue.worker import Worker
from reconcile.mailcopy.report import Progress, Report
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
def jobs(location_maker: Callable[[Clock], Location], clock: Noon) -> WorkList:
    """In a file, then in PostgreSQL."""
    return location_maker(clock).jobs


def enqueue(jobs: WorkList, key: str = CONTACT, login: str = "contact@spf55.org") -> None:
    jobs.enqueue(key, "ovh", login, "contact@spf55.org", "")


def nobody(worker: str) -> bool:
    """Every worker lives."""
    return False


def admit(jobs: WorkList, keys: Sequence[str] = (CONTACT,), window: int = 100) -> Sequence[Ticket]:
    with jobs.database.changing() as run:
        return jobs.admit(run, keys, window)


def claim(jobs: WorkList, worker: str, key: str = CONTACT, limits: Limits = Limits(), dead: str = "") -> Job | None:
    """A ticket is given out when the job is due, and claimed by the worker."""
    admit(jobs, [key])
    return jobs.claim(key, ticket_of(jobs, key), worker, limits, lambda name: name == dead)


def ticket_of(jobs: WorkList, key: str = CONTACT) -> int:
    with jobs.database.looking() as run:
        return int(run.rows("SELECT ticket FROM job WHERE key=?", key)[0][0])


def only(jobs: WorkList) -> Job:
    (job,) = jobs.list()
    return job


def test_looking_at_a_list_that_does_not_exist_leaves_nothing_behind(jobs: WorkList, tmp_path: Path) -> None:
    assert jobs.list() == []
    assert jobs.copied() == frozenset()
    assert not jobs.database.exists()
    assert not any(tmp_path.iterdir())


def test_a_copy_queued_twice_is_one_copy(jobs: WorkList) -> None:
    enqueue(jobs)
    enqueue(jobs)
    assert only(jobs).state == "queued"


def test_only_its_owner_may_read_the_list(tmp_path: Path, clock: Noon) -> None:
    path = tmp_path / "copies" / "queue.sqlite"
    enqueue(JobList.in_file(path, clock))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_list_of_another_version_is_left_alone(tmp_path: Path, clock: Noon) -> None:
    path = tmp_path / "queue.sqlite"
    enqueue(JobList.in_file(path, clock))
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version=99")
    with pytest.raises(Problem, match="COPY05"):
        JobList.in_file(path, clock).list()


def test_two_workers_never_hold_the_same_mailbox(jobs: WorkList) -> None:
    enqueue(jobs)
    assert claim(jobs, "a") is not None
    assert claim(jobs, "b") is None


def test_a_lease_that_runs_out_is_taken_over_and_its_former_holder_shut_out(jobs: WorkList, clock: Noon) -> None:
    enqueue(jobs)
    first = claim(jobs, "a")
    assert first is not None
    clock.sleep(LEASE - 1)
    assert claim(jobs, "b") is None
    clock.sleep(2)
    second = claim(jobs, "b")
    assert second is not None
    assert second.epoch > first.epoch
    assert not jobs.progress(first, "a", (1, 2, 3, 4))
    assert not jobs.finish(first, "a", "done")
    assert jobs.finish(second, "b", "done")


def test_the_mailbox_of_a_dead_worker_is_free_at_once(jobs: WorkList) -> None:
    enqueue(jobs)
    assert claim(jobs, "a") is not None
    assert claim(jobs, "b", dead="a") is not None


def test_small_mailboxes_go_first_and_no_source_takes_every_place_in_the_queue(jobs: WorkList) -> None:
    for name, messages in (("grande", 5000), ("petite", 3), ("moyenne", 60)):
        enqueue(jobs, f"spf55/copy/{name}@spf55.org")
        jobs.measured(next(job for job in jobs.list() if name in job.key), messages)
    jobs.enqueue("spf55/copy/autre@spf55.org", "free", "autre", "autre", "")
    given = admit(jobs, [job.key for job in jobs.list()], window=2)
    assert [ticket.key.split("/")[2].split("@")[0] for ticket in given] == ["autre", "petite", "moyenne"]
    assert [ticket.weight for ticket in given] == [0, 3, 60]


def test_a_chosen_mailbox_is_admitted_however_many_smaller_ones_stand_before_it(jobs: WorkList) -> None:
    for name, messages in (("grande", 5000), ("petite", 3), ("moyenne", 60)):
        enqueue(jobs, f"spf55/copy/{name}@spf55.org")
        jobs.measured(next(job for job in jobs.list() if name in job.key), messages)
    assert [ticket.key for ticket in admit(jobs, ["spf55/copy/grande@spf55.org"], window=1)] == [
        "spf55/copy/grande@spf55.org"
    ]
    assert not admit(jobs, ["spf55/copy/petite@spf55.org"], window=1), "the place is taken until it is claimed"
    assert [ticket.key for ticket in admit(jobs, ["spf55/copy/moyenne@spf55.org"], window=2)] == [
        "spf55/copy/moyenne@spf55.org"
    ]


def test_a_ticket_is_given_out_once_and_void_when_the_job_was_paused_meanwhile(jobs: WorkList) -> None:
    enqueue(jobs)
    (first,) = admit(jobs)
    assert not admit(jobs)
    jobs.pause([CONTACT])
    jobs.resume([CONTACT])
    assert jobs.claim(CONTACT, first.number, "a", Limits(), nobody) is None
    (second,) = admit(jobs)
    assert second.number > first.number
    assert jobs.claim(CONTACT, first.number, "a", Limits(), nobody) is None
    assert jobs.claim(CONTACT, second.number, "a", Limits(), nobody)


def test_a_ticket_the_engine_lost_is_given_out_anew(jobs: WorkList, clock: Noon) -> None:
    enqueue(jobs)
    (lost,) = admit(jobs)
    clock.sleep(SETTLED + 1)
    with jobs.database.changing() as run:
        assert jobs.withdraw(run, lambda ticket: ticket == lost.id) == []
    assert not admit(jobs)
    with jobs.database.changing() as run:
        assert jobs.withdraw(run, lambda ticket: False) == []
    assert admit(jobs)


def test_a_frozen_workers_mailbox_is_handed_on_when_its_lease_has_run_out(jobs: WorkList, clock: Noon) -> None:
    enqueue(jobs)
    frozen = claim(jobs, "a")
    assert frozen
    clock.sleep(LEASE + 1)
    with jobs.database.changing() as run:
        (void,) = jobs.withdraw(run, lambda ticket: True)
    assert void == f"{CONTACT}#1"
    assert claim(jobs, "b")
    assert not jobs.progress(frozen, "a", (1, 2, 3, 4))


def test_a_source_and_all_together_have_their_limits_and_a_mailbox_gets_one_copy_at_a_time(
    jobs: WorkList, clock: Noon
) -> None:
    names = ["a", "b", "c"]
    for name in names:
        jobs.enqueue(name, "ovh" if name != "c" else "free", name, name, "")
    jobs.enqueue("d", "free", "d", "a", "dossier")
    one_each = Limits(2, 2, {"ovh": 1})
    assert claim(jobs, "w", "a", one_each)
    assert claim(jobs, "w", "b", one_each) is None, "its source is taken"
    assert claim(jobs, "w", "d", one_each) is None, "its new mailbox is being copied into"
    assert claim(jobs, "w", "c", one_each)
    clock.sleep(NO_ROOM)
    assert claim(jobs, "w", "b", Limits(2, 2)) is None, "all places are taken"
    clock.sleep(NO_ROOM)
    assert claim(jobs, "w", "b", Limits(3, 3))


def test_a_service_looks_again_at_what_ended_a_while_ago_and_not_before_its_time_at_what_waits(
    jobs: WorkList, clock: Noon
) -> None:
    for name, state, wait in (("fini", "done", 0), ("attend", "waiting", 3600)):
        jobs.enqueue(name, "ovh", name, name, "")
        job = claim(jobs, "w", name)
        assert job
        assert jobs.finish(job, "w", state, wait=wait)
    both = ("fini", "attend")
    assert jobs.another_round(both, 900) == 0
    clock.sleep(901)
    assert jobs.another_round(both, 900) == 1
    assert [ticket.key for ticket in admit(jobs, both)] == ["fini"]


def test_the_rate_of_a_source_is_that_of_all_its_mailboxes_together(jobs: WorkList, clock: Noon) -> None:
    for name in ("a", "b"):
        jobs.enqueue(name, "ovh", name, name, "")
        job = claim(jobs, "w", name)
        assert job
        assert jobs.progress(job, "w", (100, 500, 0, 0))
        assert jobs.progress(job, "w", (150, 500, 0, 0))
    assert jobs.rates() == {}, "this minute is not over"
    clock.sleep(60)
    assert jobs.rates() == {"ovh": [300]}


def test_what_is_to_be_tried_later_waits_for_its_time(jobs: WorkList, clock: Noon) -> None:
    enqueue(jobs)
    job = claim(jobs, "a")
    assert job is not None
    jobs.finish(job, "a", "waiting", error="COPY01 out of reach", wait=60)
    assert claim(jobs, "a") is None
    clock.sleep(61)
    again = claim(jobs, "a")
    assert again is not None
    assert again.attempts == 1


def test_a_cancelled_copy_stops_its_worker_and_may_be_asked_for_again(jobs: WorkList) -> None:
    enqueue(jobs)
    job = claim(jobs, "a")
    assert job is not None
    jobs.cancel(CONTACT)
    assert not jobs.progress(job, "a", (1, 2, 3, 4))
    assert only(jobs).state == "cancelled"
    enqueue(jobs)
    assert only(jobs).state == "queued"


def test_a_copy_that_passes_to_another_federation_goes_on_with_its_ledger_at_once(tmp_path: Path, clock: Noon) -> None:
    location = FolderLocation(tmp_path, clock)
    enqueue(location.jobs)
    for worker in "abc":
        job = claim(location.jobs, worker)
        assert job is not None
        location.ledger(job).close()
        location.jobs.finish(job, worker, "waiting")
    location.jobs.cancel(CONTACT)
    other = "spf972/copy/contact@spf55.org"
    enqueue(location.jobs, other)
    job = claim(location.jobs, "d", other)
    assert job is not None
    location.ledger(job).close()  # LeaseLost, were it shut out


def test_when_the_list_is_lost_its_copies_go_on_with_their_ledgers_at_once(tmp_path: Path, clock: Noon) -> None:
    location = FolderLocation(tmp_path, clock)
    enqueue(location.jobs)
    for worker in "abc":
        job = claim(location.jobs, worker)
        assert job is not None
        location.ledger(job).close()
        location.jobs.finish(job, worker, "waiting")
    for file in tmp_path.glob("queue.sqlite*"):
        file.unlink()
    clock.sleep(60)
    location = FolderLocation(tmp_path, clock)
    enqueue(location.jobs)
    job = claim(location.jobs, "d")
    assert job is not None
    location.ledger(job).close()


def test_a_mailbox_is_copied_once_every_copy_into_it_is_done(jobs: WorkList) -> None:
    assert jobs.copied() == frozenset()
    enqueue(jobs)
    enqueue(jobs, "spf55/copy/info@spf55.org", "info@spf55.org")
    for _ in range(2):
        assert jobs.copied() == frozenset()
        job = next(got for one in jobs.list() if one.state == "queued" and (got := claim(jobs, "w", one.key)))
        assert jobs.finish(job, "w", "done")
    assert jobs.copied() == {"contact@spf55.org"}
    enqueue(jobs, "spf55/copy/old@spf55.org", "old@spf55.org")
    jobs.cancel("spf55/copy/old@spf55.org")
    assert jobs.copied() == {"contact@spf55.org"}
    jobs.another_pass({CONTACT})
    assert jobs.copied() == frozenset()


def test_a_damaged_list_is_reported(tmp_path: Path, clock: Noon) -> None:
    path = tmp_path / "queue.sqlite"
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(Problem, match="COPY05"):
        JobList.in_file(path, clock).list()


# As resources


def order(**fields: str) -> Order:
    wanted = {"source": "ovh", "login": "contact@spf55.org", "destination": "contact@spf55.org", "folder": ""}
    return Order(Address.parse(CONTACT), None, wanted | fields, frozenset(fields))


def seen(jobs: WorkList) -> object:
    address = Address.parse(CONTACT)
    scope = Scope([Wanted(address, None)], {"spf55.org": "spf55"})
    return copies_provider(jobs).reader.observe(scope).observed[address]


def test_a_copy_exists_once_queued_and_until_cancelled(jobs: WorkList) -> None:
    writer = copies_provider(jobs).writer
    assert isinstance(seen(jobs), Absent)
    made = writer.create(order())
    assert seen(jobs) == made
    job = claim(jobs, "a")
    assert job is not None
    jobs.finish(job, "a", "done")
    assert isinstance(seen(jobs), Live)
    writer.delete(order())
    assert isinstance(seen(jobs), Absent)


def test_a_copy_may_change_its_folder_but_not_while_it_runs(jobs: WorkList) -> None:
    writer = copies_provider(jobs).writer
    writer.create(order())
    assert writer.update(order(folder="ancienne boîte")).fields["folder"] == "ancienne boîte"
    assert claim(jobs, "a")
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

    def noticed(self, job: Job, text: str) -> None:
        return

    def finished(self, job: Job, state: str, report: Report | None, problem: Problem | None, wait: float) -> None:
        self.ended.append((job.login, state, report, problem))


def worker(
    location: FolderLocation, old: Dovecot, new: Dovecot, notes: Notes, password: str = "", at_once: int = 2
) -> Worker:
    def endpoints(job: Job) -> Endpoints:
        master = Password(f"{job.login}*maitre", password or "mot-de-passe-maitre")
        return Endpoints(
            Endpoint("127.0.0.1", old.port, master, tls=False),
            Endpoint("127.0.0.1", new.port, Password(job.login, "pw"), tls=False),
        )

    clock, limits, locks = SystemClock(), Limits(), FileLocks(location.folder / "workers")
    rng = random.Random(1)  # noqa: S311
    setup = WorkerSetup("tester", location, endpoints, limits, locks, notes, clock, rng, Rate(0), at_once)
    return Worker(setup, Dispatcher(location.database, "tester", {}), TaskRunner(setup))


@pytest.fixture
def boxes(old_host: Dovecot, exchange_like_host: Dovecot, user: str) -> list[tuple[Box, Box]]:
    names = [f"{user}-{n}" for n in range(6)]
    for n, name in enumerate(names):
        Box(old_host, name).put("INBOX", *map(letter, range(20 * (n + 1))))
    return [(Box(old_host, name), Box(exchange_like_host, name)) for name in names]


def queued(tmp_path: Path, boxes: list[tuple[Box, Box]]) -> FolderLocation:
    location = FolderLocation(tmp_path, SystemClock())
    for old, _ in boxes:
        location.jobs.enqueue(f"spf55/copy/{old.user}", "ovh", old.user, old.user, "")
    return location


def every_key(location: FolderLocation) -> list[str]:
    return [job.key for job in location.jobs.list()]


def test_every_mailbox_is_copied_and_a_second_run_finds_nothing_new(
    boxes: list[tuple[Box, Box]], tmp_path: Path
) -> None:
    location, notes = queued(tmp_path, boxes), Notes()
    hosts = boxes[0][0].host, boxes[0][1].host
    assert worker(location, *hosts, notes).run(lambda: every_key(location)) == {"done": 6}
    for old, new in boxes:
        assert new.contents("INBOX") == old.contents("INBOX")
    assert {job.state for job in location.jobs.list()} == {"done"}
    again = Notes()
    worker(location, *hosts, again).run(lambda: every_key(location))
    assert sorted(report.already for _, _, report, _ in again.ended if report) == [20, 40, 60, 80, 100, 120]
    assert all(report.copied == 0 for _, _, report, _ in again.ended if report)


def test_a_wrong_master_password_is_tried_on_a_few_mailboxes_not_on_all(
    boxes: list[tuple[Box, Box]], tmp_path: Path
) -> None:
    location, notes = queued(tmp_path, boxes), Notes()
    hosts = boxes[0][0].host, boxes[0][1].host
    ended = worker(location, *hosts, notes, password="faux", at_once=1).run(lambda: every_key(location))
    assert dict(ended) == {"failed": 2}
    assert [problem.code for _, _, _, problem in notes.ended if problem] == ["COPY02", "COPY02"]
    assert sorted(job.state for job in location.jobs.list()) == ["failed"] * 2 + ["queued"] * 4
    assert "faux" not in "".join(job.error for job in location.jobs.list())


def test_a_stopped_worker_leaves_the_rest_queued(boxes: list[tuple[Box, Box]], tmp_path: Path) -> None:
    location, notes = queued(tmp_path, boxes), Notes()
    hosts = boxes[0][0].host, boxes[0][1].host
    one = worker(location, *hosts, notes)
    one.stop()
    assert not one.run(lambda: every_key(location))
    assert {job.state for job in location.jobs.list()} == {"queued"}
