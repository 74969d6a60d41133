"""Mail servers that say what no real one would: nothing of it becomes a command, and nothing of it is without end."""

from __future__ import annotations

import random
import threading
import time
import tracemalloc
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO

import pytest
from tests.mailcopy.odd_host import DATE, OddHost, dripped, fetched, flood

from reconcile.clock import SystemClock
from reconcile.mailcopy import passes
from reconcile.mailcopy.imap import reading
from reconcile.mailcopy.imap.interruptions import Stopped
from reconcile.mailcopy.imap.limits import FOLDERS
from reconcile.mailcopy.imap.messages import listing
from reconcile.mailcopy.ledger.ledger import Ledger
from reconcile.mailcopy.passes import PassOptions, copy_mailbox
from reconcile.mailcopy.pump import pump
from reconcile.mailcopy.queue.jobs import Job
from reconcile.mailcopy.queue.liveness import FileLocks
from reconcile.mailcopy.queue.location import FolderLocation
from reconcile.mailcopy.queue.rate import Rate
from reconcile.mailcopy.queue.task import Endpoints, TaskRunner, WorkerSetup
from reconcile.mailcopy.queue.work_list import Limits
from reconcile.mailcopy.queue.worker import Worker
from reconcile.mailcopy.report import Progress, Report
from reconcile.problem import Problem

CLOCK = SystemClock()
#: What could be sent to a server: none of these must ever be seen there.
FORBIDDEN = (b"DELETE", b"CREATE Voleur", b"X1", b"Q1")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger(tmp_path / "lou.sqlite")
    yield opened
    opened.close()


def copied(old: OddHost, new: OddHost, ledger: Ledger) -> Report:
    with old, new:
        return copy_mailbox(old.endpoint(), new.endpoint(), ledger, CLOCK)


@pytest.mark.parametrize(
    "odd",
    [
        {b"UID FETCH 1 (UID FLAGS": fetched(date=b'x"\r\nX1 CREATE Voleur\r\n')},
        {b"UID FETCH 1 (UID FLAGS": fetched(date=DATE + b" {3+}\r\nabc")},
        {b"UID FETCH 1 (UID FLAGS": fetched(flags=b'\\Seen a" {4+}\r\nX1 CREATE Voleur\r\n')},
        {b"LIST": b'* LIST () "/" {23}\r\nx"\r\nQ1 DELETE INBOX\r\nx \r\n* LIST () "/" INBOX\r\n'},
        {b"LIST": b'* LIST () "\r" {5}\r\na\r\nb/\r\n* LIST () "/" INBOX\r\n'},
        {b"NAMESPACE": b'* NAMESPACE (("x\r\nQ1 DELETE INBOX\r\n" "/")) NIL NIL\r\n'},
    ],
    ids=["date", "date with a literal", "flags", "folder", "separator", "prefix"],
)
def test_an_old_servers_words_never_become_commands(odd: Mapping[bytes, bytes], ledger: Ledger) -> None:
    old, new = OddHost(odd), OddHost(messages=0)
    copied(old, new, ledger)
    said = [*old.lines, *new.lines]
    assert not [line for line in said if line.startswith(FORBIDDEN)]
    assert {line.split()[0].rstrip(b"0123456789") for line in said} <= {b"C", b"A", b"E", b"F", b"Z", b"(Seen)"}


def test_a_new_servers_words_never_become_commands(ledger: Ledger) -> None:
    folder = b'* LIST () "/" {24}\r\nSent"\r\nQ1 DELETE INBOX\r\n \r\n* LIST () "/" INBOX\r\n'
    old, new = OddHost(), OddHost({b"LIST": folder, b"LSUB": folder}, messages=0)
    assert copied(old, new, ledger).copied == 1
    assert not [line for line in new.lines if line.startswith(FORBIDDEN)]


def test_a_date_that_is_none_does_not_reach_the_new_server_and_its_message_does(ledger: Ledger) -> None:
    answer = fetched(1, date=b"demain") + fetched(2)
    old, new = OddHost({b"UID FETCH 1:2 (UID FLAGS": answer}, messages=2), OddHost(messages=0)
    report = copied(old, new, ledger)
    assert (report.copied, len(report.refused), report.redated) == (2, 0, {"INBOX": 1})
    assert not any(b"demain" in line for line in new.lines)


def test_a_folder_no_command_can_name_is_listed_and_the_others_are_copied(ledger: Ledger) -> None:
    old = OddHost({b"LIST": b'* LIST () "/" {4}\r\na\r\nb\r\n* LIST () "/" INBOX\r\n'})
    report = copied(old, OddHost(messages=0), ledger)
    assert report.copied == 1
    assert report.failed == {"a b": "no command can hold its name: it has a line end in it"}


@pytest.mark.parametrize(
    ("beginning", "said"),
    [
        (b"STATUS", b"* STATUS INBOX (MESSAGES " + b"9" * 5000 + b" UIDNEXT 2 UIDVALIDITY 7)\r\n"),
        (b"STATUS", b"* STATUS INBOX (MESSAGES 1 UIDNEXT 4294967296 UIDVALIDITY 7)\r\n"),
        (b"UID FETCH 1:* (UID RFC", b"* 1 FETCH (UID 9999999999 RFC822.SIZE 4)\r\n"),
        (b"UID FETCH 1 (UID FLAGS", b'* 1 FETCH (UID 1 FLAGS () INTERNALDATE "x" BODY[] {9999999999}\r\n'),
        (b"UID FETCH 1 (UID FLAGS", b"* 1 FETCH (UID 1 X {999999999}\r\n"),
        (b"LIST", b"".join(b'* LIST () "/" d%d\r\n' % n for n in range(FOLDERS + 1))),
    ],
    ids=["5,000 digits", "33 bits", "large UID", "large message", "large literal", "many folders"],
)
def test_numbers_and_lists_beyond_reason_end_that_mailbox_with_a_code(
    beginning: bytes, said: bytes, ledger: Ledger
) -> None:
    old, new = OddHost({beginning: said}), OddHost(messages=0)
    with pytest.raises(Problem, match=f"COPY18 127.0.0.1:{old.port} answers"):
        copied(old, new, ledger)
    assert not [line for line in new.commands if line.startswith((b"CREATE", b"APPEND"))]


def test_a_message_cut_in_its_middle_leaves_no_file_open(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passes, "BACKOFF", 0.0)
    put_aside: list[IO[bytes]] = []

    def kept(size: int) -> IO[bytes]:
        put_aside.append(SpooledTemporaryFile(size))  # noqa: SIM115 - what is under test
        return put_aside[-1]

    monkeypatch.setattr("tempfile.SpooledTemporaryFile", kept)
    late = b"* 1 FETCH (BODY[] {3000000}\r\n" + b"x" * 2_000_000

    def cut() -> Iterator[bytes]:
        yield late
        raise OSError

    report = copied(OddHost({b"UID FETCH 1 (UID FLAGS": cut}), OddHost(messages=0), ledger)
    assert [refusal.reason.partition(" (")[0] for refusal in report.refused] == [
        "the connection breaks each time it is copied"
    ]
    assert put_aside
    assert all(one.closed for one in put_aside)


def test_a_uid_range_of_a_whole_server_is_not_expanded(ledger: Ledger) -> None:
    new = OddHost({b"APPEND": b"A1 OK [APPENDUID 7 1:4294967295] done\r\n"}, messages=0)
    with pytest.raises(Problem, match=f"COPY18 127.0.0.1:{new.port} answers"):
        copied(OddHost(), new, ledger)


@pytest.mark.parametrize(
    "beginning", [b"LIST", b"STATUS", b"UID FETCH 1:* (UID RFC", b"UID FETCH 1 (UID FLAGS", b"EXAMINE"]
)
def test_a_line_without_an_end_costs_little_memory(beginning: bytes, ledger: Ledger) -> None:
    tracemalloc.start()
    with pytest.raises(Problem, match="COPY18"):
        copied(OddHost({beginning: flood(b"* x")}), OddHost(messages=0), ledger)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 32 << 20


@pytest.mark.parametrize("beginning", [b"LIST", b"EXAMINE", b"STATUS"])
def test_lines_without_an_end_are_cut(beginning: bytes, ledger: Ledger) -> None:
    with pytest.raises(Problem, match="COPY18"):
        copied(OddHost({beginning: flood(b"* NO nothing\r\n")}), OddHost(messages=0), ledger)


def test_a_list_of_messages_without_an_end_is_cut(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "LISTS", 4 << 20)
    rows = flood(b"* 1 FETCH (UID 1 RFC822.SIZE 4)\r\n")
    with pytest.raises(Problem, match="COPY18"):
        copied(OddHost({b"UID FETCH 1:* (UID RFC": rows}), OddHost(messages=0), ledger)


@pytest.mark.parametrize("beginning", [b"LIST", b"STATUS", b"EXAMINE"])
def test_an_answer_that_drips_is_not_waited_for(
    beginning: bytes, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "ANSWER_SECONDS", 1.0)
    monkeypatch.setattr("reconcile.mailcopy.passes.MAX_CONNECTIONS_LOST", 1)
    with pytest.raises(Problem, match="COPY06"):
        copied(OddHost({beginning: dripped(b"* NO\r\n")}), OddHost(messages=0), ledger)


def test_a_message_that_drips_is_not_waited_for(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pump, "PUMP_SECONDS", 1.0)
    monkeypatch.setattr("reconcile.mailcopy.passes.MAX_CONNECTIONS_LOST", 1)
    with pytest.raises(Problem, match="COPY06"):
        copied(OddHost({b"UID FETCH 1 (UID FLAGS": dripped(fetched())}), OddHost(messages=0), ledger)


@pytest.mark.parametrize("beginning", [b"LIST", b"UID FETCH 1 (UID FLAGS"])
def test_a_stop_is_heard_while_a_server_drips(
    beginning: bytes, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "GRACE", 0.5)
    monkeypatch.setattr(pump, "PUMP_SECONDS_STOPPING", 0.5)
    old, new, stop = OddHost({beginning: dripped(b"* OK a\r\n")}), OddHost(messages=0), threading.Event()
    threading.Timer(0.5, stop.set).start()
    with old, new, pytest.raises(Stopped):
        copy_mailbox(old.endpoint(), new.endpoint(), ledger, CLOCK, PassOptions(stop=stop.is_set, halt=stop.is_set))
    assert stop.is_set()


class Notes:
    def __init__(self) -> None:
        self.ended: dict[str, tuple[str, str]] = {}

    def started(self, job: Job) -> None: ...

    def moved(self, job: Job, progress: Progress) -> None: ...

    def noticed(self, job: Job, text: str) -> None:
        return

    def finished(self, job: Job, state: str, report: Report | None, problem: Problem | None, wait: float) -> None:
        self.ended[job.login] = state, problem.code if problem else ""


def worker(place: FolderLocation, hosts: Mapping[str, OddHost], new: OddHost, notes: Notes) -> Worker:
    def endpoints(job: Job) -> Endpoints:
        return Endpoints(hosts[job.login].endpoint(job.login), new.endpoint(job.destination))

    locks, rng = FileLocks(place.folder / "workers"), random.SystemRandom()
    setup = WorkerSetup("worker", place, endpoints, Limits(), locks, notes, CLOCK, rng, Rate(0), at_once=2)
    return Worker(setup, TaskRunner(setup))


@pytest.mark.parametrize(
    ("said", "ends"),
    [
        (b"* STATUS INBOX (MESSAGES " + b"9" * 5000 + b" UIDNEXT 2 UIDVALIDITY 7)\r\n", ("failed", "COPY18")),
        (dripped(b"* NO\r\n"), ("waiting", "COPY06")),
    ],
    ids=["a number of 5,000 digits", "a drip"],
)
def test_one_mailboxs_oddity_keeps_no_other_from_being_copied(
    said: bytes, ends: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "ANSWER_SECONDS", 2.0)
    monkeypatch.setattr("reconcile.mailcopy.passes.MAX_CONNECTIONS_LOST", 1)
    place, notes = FolderLocation(tmp_path, CLOCK), Notes()
    hosts = {f"b{n}@spf55.org": OddHost({b"STATUS": said} if not n else {}) for n in range(4)}
    new = OddHost(messages=0)
    for name in hosts:
        place.jobs.enqueue(f"spf55/copy/{name}", "old", name, name, "")
    with new, hosts["b0@spf55.org"], hosts["b1@spf55.org"], hosts["b2@spf55.org"], hosts["b3@spf55.org"]:
        worker(place, hosts, new, notes).run(wait=False)
    assert notes.ended.pop("b0@spf55.org") == ends
    assert notes.ended == dict.fromkeys(list(hosts)[1:], ("done", ""))


def test_a_server_that_drips_does_not_hold_a_worker_that_is_to_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "GRACE", 0.5)
    place, notes, new = FolderLocation(tmp_path, CLOCK), Notes(), OddHost(messages=0)
    hosts = {f"b{n}@spf55.org": OddHost({b"LIST": dripped(b"* NO\r\n")}) for n in range(4)}
    for name in hosts:
        place.jobs.enqueue(f"spf55/copy/{name}", "old", name, name, "")
    with new, hosts["b0@spf55.org"], hosts["b1@spf55.org"], hosts["b2@spf55.org"], hosts["b3@spf55.org"]:
        one = worker(place, hosts, new, notes)
        threading.Timer(1.0, one.stop).start()
        began = time.monotonic()
        one.run()
    assert time.monotonic() - began < reading.ANSWER_SECONDS / 2
    assert {job.state for job in place.jobs.list()} == {"queued"}
