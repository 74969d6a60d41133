"""Every byte, flag and date of mail that other tools alter, skip or stop at, from every host to every host."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.mailcopy.cyrus import Cyrus
from tests.mailcopy.dovecot import Dovecot
from tests.mailcopy.odd_mail import odd_mail
from tests.mailcopy.post import Box, Mail, ledger_path

from reconcile.clock import SystemClock
from reconcile.mailcopy.ledger.ledger import Ledger
from reconcile.mailcopy.passes import copy_mailbox
from reconcile.mailcopy.report import Report
from reconcile.sandbox.imap.exchange_behaviour import ExchangeBehaviour
from reconcile.sandbox.imap.exchange_front import ExchangeFront


def copied(old_box: Box, new_box: Box, folder: Path, port: int = 0) -> Report:
    ledger = Ledger(ledger_path(folder, old_box.user))
    try:
        return copy_mailbox(old_box.endpoint(), new_box.endpoint(port=port), ledger, SystemClock())
    finally:
        ledger.close()


def test_odd_mail_arrives_as_it_is_and_an_empty_message_is_listed(old_box: Box, new_box: Box, tmp_path: Path) -> None:
    mails = list(odd_mail())
    old_box.put("INBOX", *mails[::2])
    old_box.put('Été/Dossier "urgent"', *mails[1::2], subscribe=True)
    old_box.put_file("", b"", "1234567890.empty:2,S")
    report = copied(old_box, new_box, tmp_path)
    assert [refusal.reason for refusal in report.refused] == [
        "the message has zero bytes and IMAP cannot store such a one"
    ]
    assert not report.complete  # so the command does not say that all is well
    assert report.copied == len(mails)
    left = old_box.contents("INBOX") - new_box.contents("INBOX")
    assert [body for body, _, _ in left] == [b""]
    assert not new_box.contents("INBOX") - old_box.contents("INBOX")
    assert new_box.contents('Été/Dossier "urgent"') == old_box.contents('Été/Dossier "urgent"')
    assert 'Été/Dossier "urgent"' in new_box.subscribed()


def test_behind_exchanges_front_what_is_taken_is_unaltered_and_the_rest_is_listed(
    old_box: Box, exchange_like_host: Dovecot, tmp_path: Path
) -> None:
    new_box = Box(exchange_like_host, old_box.user)
    mails = [*odd_mail(rounds=3), Mail(b"Subject: long\r\n\r\n" + b"x" * 20_000 + b"\r\n")]
    old_box.put("INBOX", *mails)
    front = ExchangeFront(exchange_like_host.port, lambda: ExchangeBehaviour(strict=True, drops_keywords=False)).start()
    report = copied(old_box, new_box, tmp_path, front.port)
    front.stop()
    there, here = new_box.contents("INBOX"), old_box.contents("INBOX")
    assert report.copied + report.adopted + len(report.refused) == len(mails)
    assert not there - here
    assert sum((here - there).values()) == len(report.refused) > 0
    assert all("the message has" in refusal.reason for refusal in report.refused)


@pytest.fixture
def cyrus() -> Iterator[Cyrus]:
    with tempfile.TemporaryDirectory(prefix="reconcile-cyrus-", ignore_cleanup_errors=True) as folder:
        server = Cyrus(Path(folder) / "cyrus", Path(os.environ["CYRUS"]), ["contact"]).start()
        yield server
        server.stop()


@pytest.mark.cyrus
def test_from_cyrus_every_message_it_holds_arrives_unaltered(cyrus: Cyrus, new_host: Dovecot, tmp_path: Path) -> None:
    old_box, new_box = Box(cyrus, "contact"), Box(new_host, "contact")  # type: ignore[arg-type]
    new_host.forget("contact")
    held = Counter()
    for folder in ("INBOX.Été 2024.R&D", "INBOX.Sent", "INBOX.vide"):
        old_box.put(folder, subscribe=True)
    # Dovecot, whoever appends, drops a carriage return at the very end.
    for mail in (mail for mail in odd_mail(rounds=2) if not mail.body.endswith(b"\r")):
        for folder in ("INBOX", "INBOX.Été 2024.R&D", "INBOX.Sent"):
            try:
                old_box.put(folder, mail)
            except AssertionError:  # Cyrus refuses what is not a message
                continue
            held[folder] += 1
    assert all(number > 40 for number in held.values())
    report = copied(old_box, new_box, tmp_path)
    assert report.complete
    assert report.copied == sum(held.values())
    for here, there in (("INBOX", "INBOX"), ("INBOX.Été 2024.R&D", "Été 2024/R&D"), ("INBOX.Sent", "Sent Items")):
        assert new_box.contents(there) == old_box.contents(here)
    assert {"vide", "Été 2024/R&D"} <= new_box.subscribed()
