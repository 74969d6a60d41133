"""Several workers on one list: shared, killed, frozen and woken, their database restarted, killed and full."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.mailcopy.dovecot import Dovecot
from tests.mailcopy.post import Box, letter
from tests.postgresql import Cluster, postgresql

from reconcile.clock import SystemClock
from reconcile.mailcopy.queue.location import FolderLocation, Location, PostgresLocation
from reconcile.mailcopy.storage.database import DatabaseUnreachable

ROOT = Path(__file__).resolve().parents[3]
LONGEST_PAUSE = 90.0


class Team:
    """Workers of one list, on the same two mail hosts."""

    def __init__(self, where: str, location: Location, old: Dovecot, new: Dovecot) -> None:
        self.where, self.jobs = where, location.jobs
        self._hosts = old, new
        self.running: dict[str, subprocess.Popen[str]] = {}
        self.boxes: list[tuple[Box, Box]] = []

    def queue(self, user: str, *sizes: int) -> None:
        """A mailbox of so many messages each."""
        for number, size in enumerate(sizes):
            name = f"{user}-{number}"
            pair = Box(self._hosts[0], name), Box(self._hosts[1], name)
            pair[0].put("INBOX", *(letter(one, 900) for one in range(size)))
            self.boxes.append(pair)
            self.jobs.enqueue(f"spf55/copy/{name}", "ovh", name, name, "")

    def start(self, name: str, rate: float = 0, lease: float = 60) -> subprocess.Popen[str]:
        old, new = self._hosts
        words = [self.where, old.port, new.port, name, rate, lease]
        command = [sys.executable, "-m", "tests.mailcopy.working", *map(str, words)]
        self.running[name] = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        return self.running[name]

    def wait_until(self, reached: Callable[[], bool], patience: float = LONGEST_PAUSE) -> None:
        deadline = time.monotonic() + patience
        while True:
            with contextlib.suppress(DatabaseUnreachable):
                if reached():
                    return
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.05)

    def under_way(self) -> bool:
        """Whether some mailbox is copied in part, as the list has it."""
        return any(job.state == "running" and 0 < job.messages < (job.messages_total or 0) for job in self.jobs.list())

    def all_done(self) -> bool:
        return {job.state for job in self.jobs.list()} == {"done"}

    def said(self) -> str:
        self.end()
        return "\n".join(f"{name}: {one.stdout.read() if one.stdout else ''}" for name, one in self.running.items())

    def end(self) -> None:
        for one in self.running.values():
            if one.poll() is None:
                one.send_signal(signal.SIGCONT)
                one.kill()

    def assert_each_message_is_there_once(self) -> None:
        for old, new in self.boxes:
            assert new.contents("INBOX") == old.contents("INBOX"), new.user


@contextlib.contextmanager
def _team(where: str, location: Location, old: Dovecot, new: Dovecot) -> Iterator[Team]:
    team = Team(where, location, old, new)
    try:
        yield team
    finally:
        team.end()
        for one in team.running.values():
            one.communicate()


@contextlib.contextmanager
def a_team(cluster: Cluster, old: Dovecot, new: Dovecot) -> Iterator[Team]:
    """With a database of its own."""
    url = cluster.database()
    location = PostgresLocation(url, "", SystemClock())
    with contextlib.closing(location.database), _team(url, location, old, new) as one:
        yield one


@pytest.fixture
def own_cluster() -> Iterator[Cluster]:
    """One that may be killed without harm to other tests."""
    with postgresql() as server:
        yield server


@pytest.fixture
def team(cluster: Cluster, old_host: Dovecot, exchange_like_host: Dovecot) -> Iterator[Team]:
    with a_team(cluster, old_host, exchange_like_host) as one:
        yield one


@pytest.fixture
def shaken(own_cluster: Cluster, old_host: Dovecot, exchange_like_host: Dovecot) -> Iterator[Team]:
    with a_team(own_cluster, old_host, exchange_like_host) as one:
        yield one


def test_two_workers_share_a_list_and_what_one_had_when_killed_the_other_takes_over(team: Team, user: str) -> None:
    team.queue(user, 500, 500, 20, 20, 20)
    first = team.start("un", rate=100)
    team.wait_until(team.under_way)
    second = team.start("deux")
    first.kill()
    assert second.wait(LONGEST_PAUSE) == 0, team.said()
    assert team.all_done()
    team.assert_each_message_is_there_once()


def test_a_frozen_worker_that_wakes_after_its_mailboxes_were_taken_over_doubles_nothing(team: Team, user: str) -> None:
    team.queue(user, 500, 500)
    first = team.start("un", rate=100, lease=4)
    team.wait_until(team.under_way)
    first.send_signal(signal.SIGSTOP)
    held = {job.worker for job in team.jobs.list() if job.state == "running"}
    assert held == {"un"}
    second = team.start("deux", lease=4)
    team.wait_until(lambda: any(job.worker == "deux" for job in team.jobs.list()))
    first.send_signal(signal.SIGCONT)
    assert second.wait(LONGEST_PAUSE) == 0, team.said()
    assert first.wait(LONGEST_PAUSE) == 0, team.said()
    assert " lost " in first.stdout.read()
    assert team.all_done()
    team.assert_each_message_is_there_once()


def test_a_second_worker_of_the_same_name_is_refused(team: Team, user: str) -> None:
    team.queue(user, 500)
    first = team.start("un", rate=100)
    team.wait_until(team.under_way)
    first.send_signal(signal.SIGSTOP)  # it is still there when the second one has started, however long that takes
    second = subprocess.Popen(team.running["un"].args, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    said, _ = second.communicate(timeout=LONGEST_PAUSE)
    assert second.returncode == 1
    assert "FAILED COPY16 A worker called un runs already." in said


def test_a_database_that_is_restarted_in_mid_run_costs_nothing(shaken: Team, own_cluster: Cluster, user: str) -> None:
    shaken.queue(user, 700, 700, 20)
    one = shaken.start("un", rate=150)
    shaken.wait_until(shaken.under_way)
    own_cluster.stop()
    own_cluster.start()
    shaken.wait_until(shaken.under_way)
    own_cluster.kill()
    own_cluster.start()
    assert one.wait(LONGEST_PAUSE) == 0, shaken.said()
    assert shaken.all_done()
    shaken.assert_each_message_is_there_once()


def test_on_one_host_the_next_worker_goes_on_at_once_with_what_a_killed_one_had(
    tmp_path: Path, old_host: Dovecot, exchange_like_host: Dovecot, user: str
) -> None:
    location = FolderLocation(tmp_path, SystemClock())
    with _team(str(tmp_path), location, old_host, exchange_like_host) as team:
        team.queue(user, 500, 20, 20)
        first = team.start("un", rate=100)
        team.wait_until(team.under_way)
        first.kill()
        first.wait()
        assert team.start("deux").wait(LONGEST_PAUSE) == 0, team.said()
        assert team.all_done()
        team.assert_each_message_is_there_once()
        assert [file.name for file in (tmp_path / "workers").iterdir()] == []
