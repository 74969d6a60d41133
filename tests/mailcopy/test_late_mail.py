"""What comes to an old mailbox after the switch is counted, by who sent it, and each message once."""

from __future__ import annotations

import dataclasses
import datetime as dt
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.mailcopy.post import Box, Mail, ledger_path

from reconcile.clock import Clock, SystemClock
from reconcile.mailcopy.ledger.ledger import Ledger
from reconcile.mailcopy.passes import PassOptions, copy_mailbox
from reconcile.mailcopy.queue.jobs import Job
from reconcile.mailcopy.queue.late_arrivals import noting
from reconcile.mailcopy.queue.late_mail import LateMail
from reconcile.mailcopy.queue.location import Location

FORM = "formulaire@spf88.example"


def mail(sender: str, seconds_from_now: float, size: int = 0) -> Mail:
    when = dt.datetime.fromtimestamp(time.time() + seconds_from_now, dt.UTC)
    header = f"From: {sender}\r\n" if sender else ""
    content = f"{header}Subject: {when.timestamp()} {size}\r\n\r\n{'x' * size}\r\n".encode()
    return Mail(content, (), when.strftime("%d-%b-%Y %H:%M:%S +0000"))


@pytest.fixture
def location(location_maker: Callable[[Clock], Location]) -> Location:
    return location_maker(SystemClock())


@pytest.fixture
def job(location: Location, user: str) -> Job:
    location.jobs.enqueue(f"spf55/copy/{user}", "ovh", user, user, "")
    return location.jobs.list()[0]


def test_late_mail_is_counted_by_sender_and_once(
    old_box: Box, new_box: Box, location: Location, job: Job, tmp_path: Path
) -> None:
    late, ledger = LateMail(location.database), Ledger(ledger_path(tmp_path, "late"))
    options = PassOptions(surveyed=noting(late, job))
    largest = dataclasses.replace(new_box.endpoint(), largest=100_000)

    def a_pass() -> int:
        return copy_mailbox(old_box.endpoint(master=True), largest, ledger, SystemClock(), options).copied

    old_box.put("INBOX", mail("ami@example.net", -90_000), mail("ami@example.net", -3_600))
    assert a_pass() == 2
    assert late.senders() == {}, "what was there before the switch is not late"

    old_box.put("INBOX", mail(f'"Le formulaire" <{FORM.upper()}>', 60), mail(FORM, 61), mail("", 62))
    old_box.put(
        "Listes", mail("Dupont, Un <un@a.example>, deux@b.example", 60), mail("\x1b[31m<x y@z>", 61), mail(FORM, -3_600)
    )
    old_box.put("INBOX", mail(FORM, 90, size=200_000))
    assert a_pass() == 6
    assert late.senders() == {"spf55": {FORM: 3, "": 2, "un@a.example": 1}}, "one was too large to be copied"

    assert a_pass() == 0
    assert late.senders() == {"spf55": {FORM: 3, "": 2, "un@a.example": 1}}
    ledger.close()


def test_a_copy_that_a_former_release_queued_counts_nothing(
    old_box: Box, new_box: Box, location: Location, job: Job, tmp_path: Path
) -> None:
    late, ledger = LateMail(location.database), Ledger(ledger_path(tmp_path, "late"))
    former = dataclasses.replace(job, queued=0)
    old_box.put("INBOX", mail(FORM, 60))
    options = PassOptions(surveyed=noting(late, former))
    assert copy_mailbox(old_box.endpoint(master=True), new_box.endpoint(), ledger, SystemClock(), options).copied == 1
    assert late.senders() == {}
    ledger.close()
