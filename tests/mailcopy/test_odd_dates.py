"""Messages whose date of arrival cannot be one: they arrive, with the best date there is, and the rest with them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.mailcopy.hurried import Hurried
from tests.mailcopy.post import Box, Mail, ledger_path, letter
from tests.mailcopy.rewriting import RewritingRelay

from reconcile.clock import SystemClock
from reconcile.mailcopy.imap.messages.date import date_of_header, date_time, moment
from reconcile.mailcopy.ledger.ledger import Ledger
from reconcile.mailcopy.passes import copy_mailbox
from reconcile.mailcopy.report import Report

CLOCK = SystemClock()
NOW = dt.datetime(2026, 1, 15, tzinfo=dt.UTC).timestamp()
ODD = [
    b'INTERNALDATE "00-Jan-0000 00:00:00 +0000"',
    b'INTERNALDATE "31-Jun-2015 10:00:00 +0200"',
    b'INTERNALDATE "10-Mar-2015 25:00:00 +0200"',
    b'INTERNALDATE "10-Mar-2015 10:00:00 +9900"',
    b'INTERNALDATE "01-Jan-9999 00:00:00 +0000"',
    b'INTERNALDATE "01-Jan-1904 00:00:00 +0000"',
    b'INTERNALDATE "hier"',
    b'INTERNALDATE ""',
    b"INTERNALDATE NIL",
    b"",
]
HEADER = (
    b"Received: from mx (mx [192.0.2.1]) by old; Tue, 3 Mar 2015 10:00:07 +0100\r\n"
    b"Received: from far by mx; Tue, 3 Mar 2015 10:00:01 +0100\r\nDate: Mon, 2 Mar 2015 09:00:00 +0100\r\n"
)
ARRIVED = dt.datetime(2015, 3, 3, 9, 0, 7, tzinfo=dt.UTC).timestamp()


def copied(old_box: Box, new_box: Box, ledger: Path, old_port: int = 0, new_port: int = 0) -> Report:
    opened = Ledger(ledger)
    try:
        return copy_mailbox(old_box.endpoint(port=old_port), new_box.endpoint(port=new_port), opened, CLOCK)
    finally:
        opened.close()


def answering(what: bytes, uid: int) -> Callable[[bytes], bytes]:
    """Changes the date of one message in every FETCH answer."""
    about = re.compile(rb"^\* \d+ FETCH \(.*\bUID %d\b" % uid)

    def rewrite(line: bytes) -> bytes:
        if not about.match(line):
            return line
        return re.sub(rb'INTERNALDATE "[^"]*" ?', what + b" " if what else b"", line).replace(b" )", b")")

    return rewrite


@pytest.mark.parametrize("what", ODD)
def test_one_odd_date_does_not_stop_the_mailbox(
    what: bytes, old_box: Box, new_box: Box, tmp_path: Path, user: str
) -> None:
    dated = HEADER + letter(50).body
    old_box.put("INBOX", letter(1), Mail(dated), letter(3))
    with RewritingRelay(old_box.host.port, answering(what, 2)) as relay:
        report = copied(old_box, new_box, ledger_path(tmp_path, user), relay.port)
        assert report.complete
        assert (report.copied, dict(report.redated)) == (3, {"INBOX": 1})
        arrived = {body: float(when) for body, _, when in new_box.contents("INBOX")}
        assert arrived[dated] == ARRIVED
        assert relay.connections <= 4
        again = copied(old_box, new_box, ledger_path(tmp_path, user), relay.port)
        lost = copied(old_box, new_box, tmp_path / "lost.sqlite", relay.port)
    assert (again.copied, lost.copied, lost.adopted) == (0, 0, 3)


@pytest.mark.parametrize("what", ODD)
def test_an_odd_date_in_the_new_inbox_does_not_stop_the_mailbox(
    what: bytes, old_box: Box, new_box: Box, tmp_path: Path, user: str
) -> None:
    new_box.put("INBOX", letter(9))
    old_box.put("INBOX", letter(1), letter(2))
    with RewritingRelay(new_box.host.port, answering(what, 1)) as relay:
        report = copied(old_box, new_box, ledger_path(tmp_path, user), new_port=relay.port)
    assert report.complete
    assert report.copied == 2
    assert sum(new_box.contents("INBOX").values()) == 3


def test_a_message_without_any_date_arrives_once_though_the_ledger_is_lost(
    old_box: Box, new_box: Box, tmp_path: Path, user: str
) -> None:
    bodies = [b"Subject: sans date\r\n\r\nun\r\n", b"Subject: sans date\r\n\r\nun\r\n", b"Date: hier\r\n\r\ndeux\r\n"]
    old_box.put("INBOX", *map(Mail, bodies), letter(1))

    def rewrite(line: bytes) -> bytes:
        return re.sub(rb'INTERNALDATE "[^"]*2019[^"]*"', b"INTERNALDATE NIL", line)

    with RewritingRelay(old_box.host.port, rewrite) as relay:
        first = copied(old_box, new_box, ledger_path(tmp_path, user), relay.port)
        again = copied(old_box, new_box, tmp_path / "lost.sqlite", relay.port)
    assert (first.copied, first.redated["INBOX"]) == (4, 3)
    assert (again.copied, again.adopted) == (0, 4)
    assert sum(new_box.contents("INBOX").values()) == 4


def test_a_folder_on_which_the_connection_breaks_does_not_hold_up_the_others(
    old_box: Box, new_box: Box, tmp_path: Path, user: str
) -> None:
    old_box.put("INBOX", letter(1))
    old_box.put("Abime", letter(2))
    old_box.put("Clients", letter(3))
    breaks = re.compile(rb'^\S+ (?:EXAMINE|STATUS) "Abime"')
    with RewritingRelay(old_box.host.port, ask=lambda line: None if breaks.match(line) else line) as relay:
        report = copy_mailbox(
            old_box.endpoint(port=relay.port), new_box.endpoint(), Ledger(ledger_path(tmp_path, user)), Hurried()
        )
    assert report.copied == 2
    assert "the connection breaks" in report.failed["Abime"]
    assert not report.complete


def test_a_folder_that_closes_in_the_middle_does_not_hold_up_the_others(
    old_box: Box, new_box: Box, tmp_path: Path, user: str
) -> None:
    old_box.put("INBOX", letter(1))
    old_box.put("Ferme", *map(letter, range(2, 8)))
    opened = re.compile(rb'^(E\d+) EXAMINE "Ferme"')  # by the pump, after the survey
    with RewritingRelay(old_box.host.port, ask=lambda line: opened.sub(rb'\1 EXAMINE "Nulle part"', line)) as relay:
        source = old_box.endpoint(port=relay.port, connections=1)
        report = copy_mailbox(source, new_box.endpoint(), Ledger(ledger_path(tmp_path, user)), Hurried())
    assert "the old server does not open it any more: NO" in report.failed["Ferme"]
    assert (report.copied, report.complete) == (1, False)


@pytest.mark.parametrize(
    ("date", "written"),
    [
        (b"03-Mar-2015 10:00:00 +0100", b"03-Mar-2015 10:00:00 +0100"),
        (b" 3-Mar-2015 10:00:00 +0100", b" 3-Mar-2015 10:00:00 +0100"),
        (b"3-mar-2015 10:00:00 +0100", b"03-Mar-2015 10:00:00 +0100"),
        (b"29-Feb-2016 23:59:60 -1200", b"29-Feb-2016 23:59:59 -1200"),
        (b"31-Dec-2025 23:59:59 +1400", b"31-Dec-2025 23:59:59 +1400"),
        (b'3-Mar-2015 10:00:00 +0100" (\\Seen', None),
        (b"29-Feb-2015 10:00:00 +0100", None),
        (b"17-Jan-2026 10:00:00 +0000", None),
        (b"01-Jan-2026 10:00:00 +2500", None),
    ],
)
def test_a_date_is_written_anew_from_what_it_means(date: bytes, written: bytes | None) -> None:
    assert date_time(date, NOW) == (written and b'"%b"' % written)


@pytest.mark.parametrize(
    ("header", "written"),
    [
        (HEADER, b"03-Mar-2015 10:00:07 +0100"),
        (b"Received: by old;\r\n\tTue, 3 Mar 2015 10:00:07 +0100 (CET)\r\n", b"03-Mar-2015 10:00:07 +0100"),
        (b"Received: no date here\r\nDate: Mon, 2 Mar 2015 09:00:00 -0000\r\n", b"02-Mar-2015 09:00:00 +0000"),
        (b"date: 2 Mar 15 09:00 EST\r\n", b"02-Mar-2015 09:00:00 -0500"),
        (b"Date: Mon, 31 Jun 2015 09:00:00 +0100\r\n", None),
        (b"Date: Mon, 2 Mar 2035 09:00:00 +0100\r\n", None),
        (b"Subject: x\r\n\r\nDate: Mon, 2 Mar 2015 09:00:00 +0100\r\n", None),
        (b"", None),
    ],
)
def test_the_header_says_when_a_message_arrived(header: bytes, written: bytes | None) -> None:
    assert date_of_header(header, NOW) == (written and b'"%b"' % written)


@given(st.binary(max_size=60) | st.from_regex(rb"\A\d{1,2}-\w{3}-\d{4} \d\d:\d\d:\d\d [+-]\d{4}\Z"))
def test_no_answer_breaks_the_reading_of_dates(text: bytes) -> None:
    when = date_time(text, NOW)
    assert when is None or moment(when.strip(b'"')) is not None
    date_of_header(b"Date: " + text, NOW)
    date_of_header(b"Received: by x; " + text, NOW)
