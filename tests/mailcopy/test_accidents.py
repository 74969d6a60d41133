"""Whatever dies on the way, nothing is lost and nothing doubled."""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.mailcopy.cutting import CuttingRelay
from tests.mailcopy.dovecot import Dovecot
from tests.mailcopy.hurried import Hurried
from tests.mailcopy.post import Box, Mail, ledger_path, letter

from reconcile.clock import SystemClock
from reconcile.mailcopy.imap.session import Endpoint, LoginRefused, Password, Unreachable
from reconcile.mailcopy.ledger.ledger import LeaseLost, Ledger
from reconcile.mailcopy.passes import PassOptions, ThrottledProblem, copy_mailbox
from reconcile.mailcopy.report import Progress
from reconcile.problem import Problem

ROOT = Path(__file__).resolve().parents[2]
CLOCK = SystemClock()

PROGRAM = """
import sys
from pathlib import Path
from tests.mailcopy.hurried import Hurried
from reconcile.mailcopy.ledger.ledger import Ledger
from reconcile.mailcopy.passes import copy_mailbox
from reconcile.mailcopy.imap.session import Endpoint, Password
old, new, user, ledger = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], Path(sys.argv[4])
login = Password(user, "pw")
report = copy_mailbox(
    Endpoint("127.0.0.1", old, login, False), Endpoint("127.0.0.1", new, login, False), Ledger(ledger), Hurried()
)
sys.exit(not report.complete)
"""


def start_copy(old_box: Box, new_box: Box, ledger: Path) -> subprocess.Popen[bytes]:
    ports = [str(old_box.host.port), str(new_box.host.port)]
    return subprocess.Popen([sys.executable, "-c", PROGRAM, *ports, old_box.user, str(ledger)], cwd=ROOT)


def confirmed(ledger: Path) -> int:
    try:
        with contextlib.closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as database, database:
            return int(database.execute("SELECT count(*) FROM message").fetchone()[0])
    except sqlite3.Error:
        return 0


def test_killed_in_the_middle_again_and_again_nothing_is_lost_or_doubled(
    old_box: Box, new_box: Box, tmp_path: Path
) -> None:
    rng = random.Random(55)  # noqa: S311
    old_box.put("INBOX", *(letter(number, 3000) for number in range(900)), *[letter(1, 3000)] * 3)
    old_box.put("Archives/2019", *(letter(number, 20_000) for number in range(1000, 1150)))
    ledger = ledger_path(tmp_path, old_box.user)
    kills = 0
    for _ in range(6):
        running = start_copy(old_box, new_box, ledger)
        while running.poll() is None and not new_box.folders() >= {"Archives/2019"}:
            time.sleep(0.01)
        try:
            running.wait(timeout=rng.uniform(0.0, 0.12))
            break
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()
            kills += 1
    last = start_copy(old_box, new_box, ledger)
    assert last.wait(timeout=180) == 0
    assert kills >= 1
    assert new_box.contents("INBOX") == old_box.contents("INBOX")
    assert new_box.contents("Archives/2019") == old_box.contents("Archives/2019")


def test_the_lost_answer_to_an_append_is_settled_by_looking(old_box: Box, new_box: Box, tmp_path: Path) -> None:
    old_box.put("INBOX", *(letter(number % 200) for number in range(400)))
    numbers = itertools.count(1)
    relay = CuttingRelay(new_box.host.port, lambda _: next(numbers) in (1, 3, 5))
    ledger = Ledger(ledger_path(tmp_path, old_box.user))
    report = copy_mailbox(old_box.endpoint(), new_box.endpoint(port=relay.port), ledger, Hurried())
    relay.close()
    assert relay.cuts == 3
    assert report.complete
    assert report.copied + report.adopted == 400
    assert new_box.contents("INBOX") == old_box.contents("INBOX")


def test_one_message_on_which_the_connection_breaks_does_not_hold_up_the_others(
    old_box: Box, exchange_like_host: Dovecot, tmp_path: Path
) -> None:
    new_box = Box(exchange_like_host, old_box.user)
    poison = Mail(b"Subject: poison\r\n\r\nPOISON-POISON\r\n")
    old_box.put("INBOX", *map(letter, range(100)), poison, *map(letter, range(100, 150)))
    relay = CuttingRelay(new_box.host.port, lambda _: False, poison=b"POISON-POISON")
    ledger = Ledger(ledger_path(tmp_path, old_box.user))
    report = copy_mailbox(old_box.endpoint(), new_box.endpoint(port=relay.port), ledger, Hurried())
    relay.close()
    assert [refusal.uid for refusal in report.refused] == [101]
    assert "connection breaks each time" in report.refused[0].reason
    assert report.copied + report.adopted == 150
    assert sum((old_box.contents("INBOX") - new_box.contents("INBOX")).values()) == 1


def test_a_server_that_breaks_down_over_a_message_is_asked_again(
    old_box: Box, exchange_like_host: Dovecot, tmp_path: Path
) -> None:
    new_box = Box(exchange_like_host, old_box.user)
    old_box.put("INBOX", *map(letter, range(30)))
    numbers = itertools.count(1)
    bug = b" NO [SERVERBUG] Internal error occurred."
    relay = CuttingRelay(new_box.host.port, lambda line: next(numbers) == 9 and line.split(b" ")[0] + bug)
    ledger = Ledger(ledger_path(tmp_path, old_box.user))
    report = copy_mailbox(old_box.endpoint(), new_box.endpoint(port=relay.port), ledger, Hurried())
    relay.close()
    assert report.complete
    assert new_box.contents("INBOX") == old_box.contents("INBOX")


def test_a_throttled_pass_waits_as_long_as_stated_and_continues(
    old_box: Box, exchange_like_host: Dovecot, tmp_path: Path
) -> None:
    new_box = Box(exchange_like_host, old_box.user)
    old_box.put("INBOX", *map(letter, range(60)))
    numbers = itertools.count(1)
    later = b"NO Request is throttled. Suggested Backoff Time: 7000 milliseconds"

    def throttle(line: bytes) -> bytes | bool:
        return line.split(b" ")[0] + b" " + later if next(numbers) == 20 else False

    relay = CuttingRelay(new_box.host.port, throttle)
    clock = Hurried()
    ledger = Ledger(ledger_path(tmp_path, old_box.user))
    report = copy_mailbox(old_box.endpoint(), new_box.endpoint(port=relay.port), ledger, clock)
    relay.close()
    assert report.complete
    assert clock.slept >= 7
    assert new_box.contents("INBOX") == old_box.contents("INBOX")


def test_a_long_throttling_is_handed_to_the_queue_with_its_wait(
    old_box: Box, exchange_like_host: Dovecot, tmp_path: Path
) -> None:
    new_box = Box(exchange_like_host, old_box.user)
    old_box.put("INBOX", letter(1))
    later = b" NO Request is throttled. Suggested Backoff Time: 299609 milliseconds"
    relay = CuttingRelay(new_box.host.port, lambda line: line.split(b" ")[0] + later)
    ledger = Ledger(ledger_path(tmp_path, old_box.user))
    with pytest.raises(ThrottledProblem, match="COPY10") as raised:
        copy_mailbox(old_box.endpoint(), new_box.endpoint(port=relay.port), ledger, Hurried())
    relay.close()
    assert raised.value.wait == pytest.approx(299.609)


def test_a_connection_that_keeps_breaking_ends_with_a_clear_message(
    old_box: Box, exchange_like_host: Dovecot, tmp_path: Path
) -> None:
    new_box = Box(exchange_like_host, old_box.user)
    old_box.put("INBOX", *map(letter, range(3)))
    relay = CuttingRelay(new_box.host.port, lambda _: True)
    ledger = Ledger(ledger_path(tmp_path, old_box.user))
    report = copy_mailbox(old_box.endpoint(), new_box.endpoint(port=relay.port), ledger, Hurried())
    relay.close()
    # Every answer is lost, and yet each look at the new mailbox finds what did arrive.
    assert report.adopted == 3
    assert new_box.contents("INBOX") == old_box.contents("INBOX")


def test_a_wrong_master_password_is_reported_without_showing_it(old_box: Box, new_box: Box, tmp_path: Path) -> None:
    login = Password(f"{old_box.user}*maitre", "faux-mot-de-passe")
    source = Endpoint("127.0.0.1", old_box.host.port, login, tls=False)
    with pytest.raises(LoginRefused, match="COPY02") as raised:
        copy_mailbox(source, new_box.endpoint(), Ledger(tmp_path / "ledger.sqlite"), CLOCK)
    assert old_box.user in raised.value.message
    assert "faux-mot-de-passe" not in f"{raised.value}{raised.value.hint}{source!r}"


def test_a_server_that_is_down_is_reported_unreachable(new_box: Box, tmp_path: Path, user: str) -> None:
    nowhere = Endpoint("127.0.0.1", 9, Password(user, "pw"), tls=False)
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1:9"):
        copy_mailbox(nowhere, new_box.endpoint(), Ledger(tmp_path / "ledger.sqlite"), Hurried())


def test_a_full_disk_under_the_ledger_stops_the_copy_and_harms_nothing(
    old_box: Box, new_box: Box, tmp_path: Path
) -> None:
    old_box.put("INBOX", *(letter(number) for number in range(700)))
    path = ledger_path(tmp_path, old_box.user)
    ledger = Ledger(path)
    ledger.database.connection.execute("PRAGMA max_page_count=14")
    with pytest.raises(Problem, match="COPY04") as raised:
        copy_mailbox(old_box.endpoint(), new_box.endpoint(), ledger, CLOCK)
    assert "full" in raised.value.message
    ledger.close()
    roomy = Ledger(path)
    report = copy_mailbox(old_box.endpoint(), new_box.endpoint(), roomy, CLOCK)
    assert report.complete
    assert roomy.database.connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert new_box.contents("INBOX") == old_box.contents("INBOX")


def test_a_rebuilt_old_mailbox_is_matched_again_by_content(old_box: Box, new_box: Box, tmp_path: Path) -> None:
    old_box.put("INBOX", *[letter(1)] * 2, *map(letter, range(2, 30)))
    ledger = Ledger(ledger_path(tmp_path, old_box.user))
    copy_mailbox(old_box.endpoint(), new_box.endpoint(), ledger, CLOCK)
    with new_box.client() as client:  # the owner has thrown one away meanwhile
        client.select_folder("INBOX")
        client.delete_messages([1])
        client.expunge()
    for name in ("dovecot-uidlist", "dovecot.index", "dovecot.index.log", "dovecot.index.cache"):
        (old_box.host.mail / old_box.user / "Maildir" / name).unlink(missing_ok=True)
    (old_box.host.mail / old_box.user / "Maildir" / "dovecot-uidvalidity").unlink(missing_ok=True)
    time.sleep(1.1)  # a UIDVALIDITY is a second of the clock
    report = copy_mailbox(old_box.endpoint(), new_box.endpoint(), ledger, CLOCK)
    assert (report.copied, report.adopted) == (0, 30)
    assert sum(new_box.contents("INBOX").values()) == 29


def test_a_new_mailbox_made_again_receives_everything_again(old_box: Box, new_box: Box, tmp_path: Path) -> None:
    old_box.put("INBOX", *map(letter, range(10)))
    ledger = Ledger(ledger_path(tmp_path, old_box.user))
    copy_mailbox(old_box.endpoint(), new_box.endpoint(), ledger, CLOCK)
    new_box.host.forget(new_box.user)
    time.sleep(1.1)
    report = copy_mailbox(old_box.endpoint(), new_box.endpoint(), ledger, CLOCK)
    assert report.copied == 10
    assert new_box.contents("INBOX") == old_box.contents("INBOX")


def freeze(worker: subprocess.Popen[bytes], ledger: Path) -> None:
    """Stop a worker between two transactions: within one it would keep the file from its heir."""
    while True:
        worker.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, worker.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        opened = contextlib.closing(sqlite3.connect(ledger, timeout=0, isolation_level=None))
        with opened as connection, contextlib.suppress(sqlite3.OperationalError):
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
            return
        worker.send_signal(signal.SIGCONT)
        time.sleep(0.005)


def test_a_worker_that_wakes_after_its_mailbox_was_taken_over_writes_nothing_more(
    old_box: Box, exchange_like_host: Dovecot, tmp_path: Path
) -> None:
    new_box = Box(exchange_like_host, old_box.user)
    old_box.put("INBOX", *(letter(number, 8000) for number in range(1500)))
    ledger = ledger_path(tmp_path, old_box.user)
    frozen = start_copy(old_box, new_box, ledger)
    while frozen.poll() is None and not confirmed(ledger):
        time.sleep(0.005)
    freeze(frozen, ledger)
    heir = Ledger(ledger, epoch=1)
    copy_mailbox(old_box.endpoint(), new_box.endpoint(), heir, Hurried())
    os.kill(frozen.pid, signal.SIGCONT)
    frozen.wait(timeout=180)
    with pytest.raises(LeaseLost):
        Ledger(ledger, epoch=0)
    assert set(new_box.contents("INBOX")) == set(old_box.contents("INBOX"))


def test_messages_missing_from_a_killed_dovecots_index_are_copied_once(
    old_box: Box, new_box: Box, tmp_path: Path
) -> None:
    """Killed between naming a message's file and writing its index, Dovecot finds the file only at the next APPEND."""
    old_box.put("INBOX", *map(letter, range(60)))
    new_box.put("INBOX", letter(57))
    store = new_box.host.mail / new_box.user / "sdbox" / "mailboxes" / "INBOX" / "dbox-Mails"
    shutil.copy2(store / "u.1", tmp_path / "kept")
    with new_box.client() as client:
        client.select_folder("INBOX")
        client.delete_messages([1])
        client.expunge()
        theirs = int(client.folder_status("INBOX", ["UIDVALIDITY"])[b"UIDVALIDITY"])
    with old_box.client() as client:
        ours = int(client.folder_status("INBOX", ["UIDVALIDITY"])[b"UIDVALIDITY"])
    shutil.copy2(tmp_path / "kept", store / "u.2")
    shutil.chown(store / "u.2", *((store.stat().st_uid, store.stat().st_gid) if os.geteuid() == 0 else ()))
    ledger = Ledger(ledger_path(tmp_path, old_box.user))
    ledger.start(ledger.folder(b"INBOX", b"INBOX", "INBOX", ours, theirs).id)  # as the killed session left it
    report = copy_mailbox(old_box.endpoint(), new_box.endpoint(), ledger, Hurried())
    assert report.complete
    assert report.adopted >= 1
    assert new_box.contents("INBOX") == old_box.contents("INBOX")


def test_mail_deleted_at_the_source_in_the_middle_is_counted_and_the_rest_arrives(
    old_box: Box, new_box: Box, tmp_path: Path
) -> None:
    old_box.put("INBOX", *(letter(number, 3000) for number in range(1500)))
    deleted = []

    def delete_the_oldest(progress: Progress) -> None:
        if progress.messages and not deleted:
            with old_box.client() as client:
                client.select_folder("INBOX")
                client.delete_messages(list(range(1, 6)))
                deleted.append(client.expunge())

    ledger = Ledger(ledger_path(tmp_path, old_box.user))
    endpoints = old_box.endpoint(connections=1), new_box.endpoint(connections=1)
    report = copy_mailbox(*endpoints, ledger, CLOCK, PassOptions(watch=delete_the_oldest))
    assert deleted
    assert report.complete
    assert report.copied + report.vanished == 1500
    assert report.vanished <= 5
    assert not old_box.contents("INBOX") - new_box.contents("INBOX")
    assert sum(new_box.contents("INBOX").values()) == report.copied
