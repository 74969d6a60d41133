"""A mailbox larger than its quota: said before the first message, and copied short of it."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.mailcopy.conftest import QUOTA, SPECIAL
from tests.mailcopy.dovecot import SDBOX, Dovecot
from tests.mailcopy.post import Box, ledger_path, letter

from reconcile.clock import SystemClock
from reconcile.mailcopy.imap.session import Endpoint
from reconcile.mailcopy.ledger.ledger import Ledger
from reconcile.mailcopy.passes import PassOptions, copy_mailbox
from reconcile.mailcopy.report import Progress, Report


@pytest.fixture(scope="module")
def telling_host() -> Iterator[Dovecot]:
    """Room for 200 KB a mailbox, which it tells (QUOTA, RFC 9208)."""
    with tempfile.TemporaryDirectory(prefix="reconcile-copy-", ignore_cleanup_errors=True) as folder:
        imap = {"protocol imap": {"mail_plugins": {"quota": True, "imap_quota": True}}}
        server = Dovecot(Path(folder), "telling", mail=SDBOX, inbox=SPECIAL, settings={**QUOTA, **imap})
        try:
            yield server.start()
        finally:
            server.stop()


def copied(old_box: Box, end: Endpoint, folder: Path) -> tuple[Report, list[str]]:
    """The report, and what happened in which order: a notice, or "moved" with the first message."""
    events: list[str] = []

    def watch(progress: Progress) -> None:
        if progress.volume and "moved" not in events:
            events.append("moved")

    ledger = Ledger(ledger_path(folder, old_box.user))
    options = PassOptions(watch=watch, notice=events.append)
    report = copy_mailbox(old_box.endpoint(), end, ledger, SystemClock(), options)
    ledger.close()
    return report, events


def test_a_box_larger_than_its_quota_is_copied_short_of_it_and_still_receives(
    old_box: Box, telling_host: Dovecot, tmp_path: Path, user: str
) -> None:
    new_box = Box(telling_host, user)
    old_box.put("INBOX", *(letter(number, 4000) for number in range(100)))
    report, events = copied(old_box, new_box.endpoint(), tmp_path)
    assert "fit below its quota of 2" in events[0]
    assert events[1:] == ["moved"]
    assert not report.refused
    assert report.copied + report.left == 100
    assert 30 < report.copied < 50
    assert "fit below its quota" in report.full
    new_box.put("INBOX", letter(999, 4000))
    arrived = {body for body, _, _ in new_box.contents("INBOX")}
    assert letter(99, 4000).body in arrived
    assert letter(0, 4000).body not in arrived


def test_where_the_server_does_not_tell_the_licence_does(
    old_box: Box, exchange_like_host: Dovecot, tmp_path: Path, user: str
) -> None:
    new_box = Box(exchange_like_host, user)
    new_box.put("INBOX", *(letter(number, 4000) for number in range(200, 220)))
    old_box.put("INBOX", *(letter(number, 4000) for number in range(100)))
    report, events = copied(old_box, dataclasses.replace(new_box.endpoint(), quota=200_000), tmp_path)
    assert "become up to" in events[0]
    assert report.copied + report.left == 100
    assert 20 <= report.copied <= 24
    again, _ = copied(old_box, dataclasses.replace(new_box.endpoint(), quota=200_000), tmp_path)
    assert again.copied <= 5


def test_a_box_that_fits_is_copied_whole_without_a_word(
    old_box: Box, telling_host: Dovecot, tmp_path: Path, user: str
) -> None:
    old_box.put("INBOX", *(letter(number, 4000) for number in range(20)))
    report, events = copied(old_box, Box(telling_host, user).endpoint(), tmp_path)
    assert (report.copied, report.complete, events) == (20, True, ["moved"])
