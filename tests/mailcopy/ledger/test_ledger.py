"""What a ledger promises, wherever it is kept."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from reconcile.clock import Clock, SystemClock
from reconcile.mailcopy.ledger.ledger import LeaseLost, Ledger
from reconcile.mailcopy.ledger.rows import FolderRow
from reconcile.mailcopy.queue.jobs import Job
from reconcile.mailcopy.queue.location import Location

CONTACT, TREASURER = (Job(f"spf55/copy/{who}", "ovh", who, who, "") for who in ("contact", "tresorerie"))
DIGEST = b"\x00\xff" * 16


@pytest.fixture
def location(location_maker: Callable[[Clock], Location]) -> Location:
    return location_maker(SystemClock())


def inbox(ledger: Ledger, validity: int = 7) -> FolderRow:
    return ledger.folder(b"INBOX", b"INBOX", "INBOX", validity, 9)


def under(location: Location, epoch: int, job: Job = CONTACT) -> Ledger:
    return location.ledger(Job(job.key, job.source, job.login, job.destination, job.folder, epoch=epoch))


def test_what_was_committed_is_found_again(location: Location) -> None:
    ledger = under(location, 1)
    row = inbox(ledger)
    ledger.start(row.id)
    for uid in range(1, 2501):
        ledger.record(row.id, uid, 5000 - uid, DIGEST, flagged=uid == 3)
    ledger.refuse(row.id, 4000, "too big\x00 by far")
    ledger.commit()
    ledger.close()
    again = under(location, 2)
    assert inbox(again).open
    assert list(again.copied(row.id)) == list(range(1, 2501))
    assert list(again.owned(b"INBOX", 9)) == list(range(2500, 5000))
    assert next(again.messages(row.id)) == (1, 4999, DIGEST)
    assert again.to_flag(row.id) == [4997]
    assert [(folder, uid) for folder, uid, _ in again.refusals()] == [("INBOX", 4000)]
    again.record(row.id, 4000, 1, DIGEST)
    again.settle(row.id, 4001, 5001)
    assert again.refused_uids(row.id) == []
    assert again.to_flag(row.id) == []
    settled = inbox(again)
    assert (settled.open, settled.source_next, settled.destination_next) == (False, 4001, 5001)


def test_uids_take_all_of_their_32_bits(location: Location) -> None:
    ledger, highest = under(location, 1), 2**32 - 1
    row = ledger.folder(b"INBOX", b"INBOX", "INBOX", highest, highest)
    ledger.record(row.id, highest, highest, DIGEST)
    ledger.commit()
    assert list(ledger.copied(row.id)) == [highest]


def test_mailboxes_know_nothing_of_each_other(location: Location) -> None:
    contact, treasurer = under(location, 1), under(location, 1, TREASURER)
    mine, theirs = inbox(contact), inbox(treasurer)
    contact.record(mine.id, 1, 1, DIGEST)
    contact.refuse(mine.id, 2, "no")
    contact.commit()
    assert treasurer.count(theirs.id) == 0
    assert treasurer.refusals() == []
    assert list(treasurer.owned(b"INBOX", 9)) == []
    assert len(treasurer.rows()) == 1


def test_a_rebuilt_folder_keeps_its_digests_until_they_are_matched(location: Location) -> None:
    ledger = under(location, 1)
    old = inbox(ledger)
    ledger.record(old.id, 1, 1, DIGEST)
    ledger.commit()
    new = inbox(ledger, validity=8)
    assert new.id != old.id
    assert [row.id for row in ledger.retired(b"INBOX")] == [old.id]
    assert list(ledger.messages(old.id)) == [(1, 1, DIGEST)]
    ledger.forget(old)
    assert ledger.retired(b"INBOX") == []
    assert [row.id for row in ledger.rows()] == [new.id]


def test_a_fenced_holder_can_neither_write_nor_open_again(location: Location) -> None:
    former = under(location, 1)
    row = inbox(former)
    former.record(row.id, 1, 1, DIGEST)
    heir = under(location, 2)
    with pytest.raises(LeaseLost):
        former.commit()
    for late in (lambda: former.start(row.id), lambda: former.settle(row.id, 2, 2), lambda: inbox(former, 8)):
        with pytest.raises(LeaseLost):
            late()
    with pytest.raises(LeaseLost):
        under(location, 1)
    assert heir.count(row.id) == 0
    assert len(heir.rows()) == 1


def test_reading_creates_nothing_and_fences_nobody(location: Location) -> None:
    with location.reading(CONTACT) as ledger:
        assert ledger is None
    writer = under(location, 1)
    row = inbox(writer)
    writer.record(row.id, 1, 1, DIGEST)
    writer.commit()
    with location.reading(CONTACT) as ledger:
        assert ledger
        assert ledger.count(row.id) == 1
    with location.reading(TREASURER) as ledger:
        assert ledger is None
    writer.record(row.id, 2, 2, DIGEST)
    writer.commit()
