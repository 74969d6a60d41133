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
from reconcile.language.catalogue import catalogue
from reconcile.language.phrase import Phrase
from reconcile.mailcopy.imap.session import Endpoint, Password
from reconcile.mailcopy.queue import work_list
from reconcile.mailcopy.queue.choice import Choice
from reconcile.mailcopy.queue.jobs import Job, JobList
from reconcile.mailcopy.queue.liveness import FileLocks
from reconcile.mailcopy.queue.location import FolderLocation, Location
from reconcile.mailcopy.queue.rate import Rate
from reconcile.mailcopy.queue.task import Endpoints, TaskRunner, WorkerSetup
from reconcile.mailcopy.queue.work_list import LEASE, Claimant, Limits, WorkList
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


def enqueue(jobs: WorkList, key: str = CONTACT, login: str = "contact@spf55.org", into: str = CONTACT[11:]) -> None:
    jobs.enqueue(key, "ovh", login, into, "")


def claim(jobs: WorkList, worker: str, key: str = CONTACT, limits: Limits = Limits()) -> Job | None:
    """That job, once what ran out was released."""
    jobs.release()
    found = jobs.claim(Claimant(worker, Choice((key,))), limits, 1)
    return found[0] if found else None


def names(jobs: Sequence[Job]) -> list[str]:
    return [job.key.split("/")[-1].split("@")[0] for job in jobs]


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


def test_why_a_copy_failed_is_told_in_the_reader_s_language(jobs: WorkList) -> None:
    enqueue(jobs)
    job = claim(jobs, "a")
    assert job is not None
    why = Phrase("{name} refuses the login.", name="imap.example.org")
    assert jobs.finish(job, "a", "failed", error=str(Problem("COPY13", why)))
    error = only(jobs).error
    assert error == "COPY13 imap.example.org refuses the login."
    assert catalogue("fr").say(error) == f"COPY13 {catalogue('fr').say(why)}"


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
    assert jobs.holders() == {"a"}
    jobs.release(["a"])
    assert claim(jobs, "b") is not None


def test_small_mailboxes_go_first_and_no_source_takes_every_place(jobs: WorkList) -> None:
    for name, messages in (("grande", 5000), ("petite", 3), ("moyenne", 60)):
        enqueue(jobs, f"spf55/copy/{name}@spf55.org", into=name)
        jobs.measured(next(job for job in jobs.list() if name in job.key), messages)
    jobs.enqueue("spf55/copy/autre@spf55.org", "free", "autre", "autre", "")
    assert names(jobs.claim(Claimant("w"), Limits(per_source=2), 64)) == ["autre", "petite", "moyenne"]
    assert names(jobs.claim(Claimant("w"), Limits(per_source=3), 64)) == ["grande"]


def test_a_chosen_mailbox_is_claimed_however_many_smaller_ones_stand_before_it(jobs: WorkList) -> None:
    for name, messages in (("grande", 5000), ("petite", 3), ("moyenne", 60)):
        enqueue(jobs, f"spf55/copy/{name}@spf55.org", into=name)
        jobs.measured(next(job for job in jobs.list() if name in job.key), messages)
    assert names(jobs.claim(Claimant("w", Choice(("grande@spf55.org",))), Limits(), 1)) == ["grande"]


def test_what_was_never_looked_at_is_told_page_by_page(jobs: WorkList, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work_list, "PAGE", 2)
    for name in "abcde":
        enqueue(jobs, f"spf55/copy/{name}@spf55.org", into=name)
    jobs.measured(jobs.list()[1], 7)
    assert names(list(jobs.unmeasured(Choice()))) == ["a", "c", "d", "e"]
    assert names(list(jobs.unmeasured(Choice(("c@spf55.org",))))) == ["c"]


def test_a_host_that_refuses_logins_and_a_mailbox_still_busy_are_left_out(jobs: WorkList) -> None:
    enqueue(jobs)
    assert not jobs.claim(Claimant("w", refusing={"ovh"}), Limits(), 1)
    assert not jobs.outstanding(Claimant("w", refusing={"ovh"}), wait=True)
    assert not jobs.claim(Claimant("w"), Limits(), 1, busy={CONTACT})
    assert jobs.claim(Claimant("w"), Limits(), 1)


def test_a_mailbox_paused_and_resumed_while_it_is_copied_begins_anew(jobs: WorkList) -> None:
    enqueue(jobs)
    first = claim(jobs, "a")
    assert first
    jobs.pause([CONTACT])
    assert claim(jobs, "b") is None
    jobs.resume([CONTACT])
    assert not jobs.progress(first, "a", (1, 2, 3, 4))
    second = claim(jobs, "a")
    assert second
    assert second.epoch > first.epoch


def test_a_frozen_workers_mailbox_is_handed_on_when_its_lease_has_run_out(jobs: WorkList, clock: Noon) -> None:
    enqueue(jobs)
    frozen = claim(jobs, "a")
    assert frozen
    clock.sleep(LEASE - 1)
    jobs.renew([frozen], "a")
    clock.sleep(LEASE - 1)
    assert claim(jobs, "b") is None
    clock.sleep(2)
    assert claim(jobs, "b")
    jobs.renew([frozen], "a")
    assert not jobs.progress(frozen, "a", (1, 2, 3, 4))


def test_no_more_are_begun_in_a_minute_than_a_source_allows(jobs: WorkList, clock: Noon) -> None:
    for name in "abcdef":
        enqueue(jobs, f"spf55/copy/{name}@spf55.org", into=name)
    jobs.enqueue("spf55/copy/autre@spf55.org", "free", "autre", "autre", "")
    two = Limits(starts_a_minute=2)
    assert names(jobs.claim(Claimant("w"), two, 64)) == ["a", "autre", "b"]
    clock.sleep(59)
    assert not jobs.claim(Claimant("w"), two, 64)
    clock.sleep(1)
    assert names(jobs.claim(Claimant("v"), two, 64)) == ["c", "d"]


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
    assert claim(jobs, "w", "b", Limits(2, 2)) is None, "all places are taken"
    assert claim(jobs, "w", "b", Limits(3, 3))


def test_a_service_looks_again_at_what_ended_a_while_ago_and_not_before_its_time_at_what_waits(
    jobs: WorkList, clock: Noon
) -> None:
    for name, state, wait in (("fini", "done", 0), ("attend", "waiting", 3600)):
        jobs.enqueue(name, "ovh", name, name, "")
        job = claim(jobs, "w", name)
        assert job
        assert jobs.finish(job, "w", state, wait=wait)
    assert jobs.another_round(Choice(), 900) == 0
    clock.sleep(901)
    assert jobs.another_round(Choice(), 900) == 1
    assert names(jobs.claim(Claimant("w"), Limits(), 64)) == ["fini"]
    assert not jobs.outstanding(Claimant("v"), wait=False)
    assert jobs.outstanding(Claimant("v"), wait=True)
    assert jobs.another_round(Choice(("attend",))) == 1
    assert jobs.outstanding(Claimant("v"), wait=False)


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
    return Worker(setup, TaskRunner(setup))


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


def test_every_mailbox_is_copied_and_a_second_run_finds_nothing_new(
    boxes: list[tuple[Box, Box]], tmp_path: Path
) -> None:
    location, notes = queued(tmp_path, boxes), Notes()
    hosts = boxes[0][0].host, boxes[0][1].host
    assert worker(location, *hosts, notes).run() == {"done": 6}
    for old, new in boxes:
        assert new.contents("INBOX") == old.contents("INBOX")
    assert {job.state for job in location.jobs.list()} == {"done"}
    again = Notes()
    worker(location, *hosts, again).run()
    assert sorted(report.already for _, _, report, _ in again.ended if report) == [20, 40, 60, 80, 100, 120]
    assert all(report.copied == 0 for _, _, report, _ in again.ended if report)


def test_a_wrong_master_password_is_tried_on_a_few_mailboxes_not_on_all(
    boxes: list[tuple[Box, Box]], tmp_path: Path
) -> None:
    location, notes = queued(tmp_path, boxes), Notes()
    hosts = boxes[0][0].host, boxes[0][1].host
    ended = worker(location, *hosts, notes, password="faux", at_once=1).run()
    assert dict(ended) == {"failed": 2}
    assert [problem.code for _, _, _, problem in notes.ended if problem] == ["COPY02", "COPY02"]
    assert sorted(job.state for job in location.jobs.list()) == ["failed"] * 2 + ["queued"] * 4
    assert "faux" not in "".join(job.error for job in location.jobs.list())


def test_a_stopped_worker_leaves_the_rest_queued(boxes: list[tuple[Box, Box]], tmp_path: Path) -> None:
    location, notes = queued(tmp_path, boxes), Notes()
    hosts = boxes[0][0].host, boxes[0][1].host
    one = worker(location, *hosts, notes)
    one.stop()
    assert not one.run()
    assert {job.state for job in location.jobs.list()} == {"queued"}
