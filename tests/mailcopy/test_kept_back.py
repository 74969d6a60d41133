"""Messages an old server counts or lists and does not give, and mail a new server stores otherwise than it was sent."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

from tests.mailcopy.dovecot import Dovecot
from tests.mailcopy.post import Box, Mail, ledger_path, letter
from tests.mailcopy.rewriting import RewritingRelay

from reconcile.clock import SystemClock
from reconcile.mailcopy.ledger.ledger import Ledger
from reconcile.mailcopy.ledger.reader import LedgerReader
from reconcile.mailcopy.passes import copy_mailbox
from reconcile.mailcopy.report import Report
from reconcile.mailcopy.verification import verify_mailbox

HIDDEN = re.compile(rb"^\* \d+ FETCH \(UID 3 ")
HEAD = b"Message-ID: <%d@odd.example>\r\nSubject: x\r\n\r\n"


def copied(old_box: Box, new_box: Box, ledger: Path, port: int) -> Report:
    opened = Ledger(ledger)
    try:
        return copy_mailbox(old_box.endpoint(port=port, connections=1), new_box.endpoint(), opened, SystemClock())
    finally:
        opened.close()


def hide(what: bytes, line: bytes) -> bytes:
    """The third message as though it were not there, in the answers that hold ``what``."""
    return b"* OK nothing" if HIDDEN.match(line) and what in line else line


def test_a_folder_that_counts_more_than_it_lists_is_not_complete(
    old_box: Box, new_box: Box, tmp_path: Path, user: str
) -> None:
    old_box.put("INBOX", *map(letter, range(5)))
    with RewritingRelay(old_box.host.port, lambda line: hide(b"RFC822.SIZE", line)) as relay:
        for _ in range(2):
            report = copied(old_box, new_box, ledger_path(tmp_path, user), relay.port)
            assert report.failed == {"INBOX": "the old server counts 5 messages and lists 4"}
            assert not report.complete
    assert copied(old_box, new_box, ledger_path(tmp_path, user), 0).complete
    assert sum(new_box.contents("INBOX").values()) == 5


def test_a_message_that_is_listed_and_not_given_is_not_counted_as_deleted(
    old_box: Box, new_box: Box, tmp_path: Path, user: str
) -> None:
    old_box.put("INBOX", Mail(letter(0).body), Mail(letter(1).body), Mail(b"cache"), Mail(letter(3).body))

    def ask(line: bytes) -> bytes:
        """Fetches the second message whenever the third is asked for: its answer is nobody's."""
        return re.sub(rb"^(F\d+) UID FETCH (?:1:4|3) ", rb"\1 UID FETCH 1:2,4 ", line)

    with RewritingRelay(old_box.host.port, ask=ask) as relay:
        report = copied(old_box, new_box, ledger_path(tmp_path, user), relay.port)
    assert (report.copied, report.vanished) == (3, 0)
    assert [(r.uid, r.reason) for r in report.refused] == [(3, "the old server lists it and does not give it")]
    assert copied(old_box, new_box, ledger_path(tmp_path, user), 0).complete


def test_a_uidvalidity_that_is_another_each_time_holds_up_and_doubles_nothing(
    old_box: Box, new_box: Box, tmp_path: Path, user: str
) -> None:
    old_box.put("INBOX", *map(letter, range(80)))
    old_box.put("Clients", *map(letter, range(100, 104)))
    old_box.put("Vide")
    numbers = itertools.count(1_700_000_000)

    def rewrite(line: bytes) -> bytes:
        return re.sub(rb"UIDVALIDITY \d+", lambda _: b"UIDVALIDITY %d" % next(numbers), line)

    with RewritingRelay(old_box.host.port, rewrite) as relay:
        reports = [copied(old_box, new_box, ledger_path(tmp_path, user), relay.port) for _ in range(2)]
        with LedgerReader.reading(ledger_path(tmp_path, user)) as ledger:
            checks = verify_mailbox(old_box.endpoint(port=relay.port), new_box.endpoint(), ledger)
    first, second = reports
    assert (first.complete, second.complete, second.copied) == (True, True, 0)
    assert second.already + second.adopted == 84
    assert all(check.sound for check in checks)
    assert new_box.contents("INBOX") == old_box.contents("INBOX")


def test_a_lost_ledger_doubles_nothing_a_server_stores_otherwise_than_it_was_sent(
    batching_host: Dovecot, old_host: Dovecot, tmp_path: Path, user: str
) -> None:
    bodies = [
        HEAD % 1 + b"CR CR LF\r\r\nfin\r\n",
        HEAD % 2 + b"a last CR\r",
        HEAD % 3 + b"bare\nLF\n",
        HEAD % 4 + b"a NUL \0 here\r\n",
        HEAD % 5 + b"as it is\r\n",
    ]
    old_box, new_box = Box(old_host, user), Box(batching_host, user)
    old_box.put("INBOX", *map(Mail, bodies))
    for n, body in enumerate(bodies):
        old_box.put_file("", body, f"17000000{n:02d}.M1P1.vide:2,S")
    first = copied(old_box, new_box, ledger_path(tmp_path, user), 0)
    again = copied(old_box, new_box, tmp_path / "lost.sqlite", 0)
    assert (first.copied, again.copied, again.adopted) == (10, 0, 10)
    assert sum(new_box.contents("INBOX").values()) == 10
