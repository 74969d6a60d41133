"""Copies into servers that lack what Exchange has: no LITERAL+ (Courier), no UIDPLUS (GNU Mailutils), neither."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.mailcopy.dovecot import Dovecot
from tests.mailcopy.post import Box, Mail, letter
from tests.mailcopy.rewriting import RewritingRelay

from reconcile.clock import SystemClock
from reconcile.mailcopy.ledger.ledger import Ledger
from reconcile.mailcopy.passes import copy_mailbox
from reconcile.mailcopy.reverse import copy_back

CLOCK = SystemClock()
LACKING = [("LITERAL+",), ("UIDPLUS",), ("LITERAL+", "UIDPLUS")]


def without(lacking: tuple[str, ...], line: bytes) -> bytes:
    """An answer of a server that lacks these extensions."""
    if b"CAPABILITY" in line:
        for name in (*lacking, "MULTIAPPEND"):
            line = re.sub(rb" " + re.escape(name.encode()) + rb"(?=[ \]]|$)", b"", line)
    return re.sub(rb"\[APPENDUID [^\]]*\] ", b"", line) if "UIDPLUS" in lacking else line


@pytest.mark.parametrize("lacking", LACKING)
def test_mail_goes_back_to_a_server_without_the_extensions(
    lacking: tuple[str, ...], old_box: Box, new_box: Box, tmp_path: Path
) -> None:
    old_box.put("INBOX", *map(letter, range(3)))
    forward, backward = Ledger(tmp_path / "forward.sqlite"), Ledger(tmp_path / "backward.sqlite")
    copy_mailbox(old_box.endpoint(), new_box.endpoint(), forward, CLOCK)
    new_box.put("INBOX", *map(letter, range(100, 130)), letter(100), Mail(b"x" * 700_000 + b"\r\n"))
    new_box.put("Comptes", letter(200))
    appended: list[bytes] = []

    def ask(line: bytes) -> bytes:
        appended.extend([line] if b" APPEND " in line else [])
        return line

    with RewritingRelay(old_box.host.port, lambda line: without(lacking, line), ask) as relay:
        first = copy_back(new_box.endpoint(), old_box.endpoint(port=relay.port), forward, backward, CLOCK)
        again = copy_back(new_box.endpoint(), old_box.endpoint(port=relay.port), forward, backward, CLOCK)
    assert (first.copied, first.complete, again.copied) == (33, True, 0)
    assert old_box.contents("INBOX") == new_box.contents("INBOX")
    assert all(line.endswith(b"+}") != ("LITERAL+" in lacking) for line in appended)
    assert len(list(backward.messages(backward.rows()[0].id))) in (1, 32)
    forward.close()
    backward.close()


@pytest.mark.parametrize("lacking", LACKING)
def test_a_refused_message_does_not_hold_up_the_others_before_such_a_server(
    lacking: tuple[str, ...], old_box: Box, small_host: Dovecot, tmp_path: Path
) -> None:
    old_box.put("INBOX", letter(1), letter(2, 60_000), letter(3), letter(4, 55_000), letter(5))
    new_box = Box(small_host, old_box.user)
    with RewritingRelay(small_host.port, lambda line: without(lacking, line)) as relay:
        ledger = Ledger(tmp_path / "ledger.sqlite")
        report = copy_mailbox(old_box.endpoint(), new_box.endpoint(port=relay.port), ledger, CLOCK)
    assert (report.copied, len(report.refused)) == (3, 2)
    assert sum(new_box.contents("INBOX").values()) == 3


def test_an_answer_lost_by_such_a_server_doubles_nothing(old_box: Box, batching_host: Dovecot, tmp_path: Path) -> None:
    old_box.put("INBOX", *map(letter, range(12)))
    new_box = Box(batching_host, old_box.user)
    seen = 0

    def cut(line: bytes) -> bytes | None:
        nonlocal seen
        seen += b" APPEND " in line
        return None if seen == 5 and b" APPEND " in line else line

    with RewritingRelay(batching_host.port, lambda line: without(LACKING[2], line), cut) as relay:
        ledger = Ledger(tmp_path / "ledger.sqlite")
        report = copy_mailbox(old_box.endpoint(), new_box.endpoint(port=relay.port), ledger, CLOCK)
    assert report.complete
    assert new_box.contents("INBOX") == old_box.contents("INBOX")
