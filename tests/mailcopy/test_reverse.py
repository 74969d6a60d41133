"""A rollback: what arrived in the new mailbox goes back, once; what came from the old one does not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.mailcopy.post import Box, Mail, letter

from reconcile.clock import SystemClock
from reconcile.mailcopy.ledger.ledger import Ledger
from reconcile.mailcopy.passes import copy_mailbox
from reconcile.mailcopy.report import Report
from reconcile.mailcopy.reverse import copy_back

CLOCK = SystemClock()


@pytest.fixture
def ledgers(tmp_path: Path) -> Iterator[tuple[Ledger, Ledger]]:
    both = Ledger(tmp_path / "forward.sqlite"), Ledger(tmp_path / "backward.sqlite")
    yield both
    for ledger in both:
        ledger.close()


def forth(old_box: Box, new_box: Box, ledgers: tuple[Ledger, Ledger]) -> Report:
    return copy_mailbox(old_box.endpoint(), new_box.endpoint(), ledgers[0], CLOCK)


def back(old_box: Box, new_box: Box, ledgers: tuple[Ledger, Ledger]) -> Report:
    return copy_back(new_box.endpoint(), old_box.endpoint(), *ledgers, CLOCK)


def test_new_mail_goes_back_once_and_to_the_folder_of_its_kind(
    old_box: Box, new_box: Box, ledgers: tuple[Ledger, Ledger]
) -> None:
    old_box.put("INBOX", *map(letter, range(20)))
    old_box.put("Sent", letter(50))
    forth(old_box, new_box, ledgers)
    new_box.put("INBOX", letter(100), letter(101), letter(101))
    new_box.put("Sent Items", letter(102))
    new_box.put("Comptes", letter(103))
    assert back(old_box, new_box, ledgers).copied == 5
    assert back(old_box, new_box, ledgers).copied == 0
    for here, there in (("INBOX", "INBOX"), ("Sent", "Sent Items"), ("Comptes", "Comptes")):
        assert old_box.contents(here) == new_box.contents(there)


def test_mail_its_owner_moved_in_the_new_mailbox_does_not_go_back(
    old_box: Box, new_box: Box, ledgers: tuple[Ledger, Ledger]
) -> None:
    old_box.put("INBOX", *map(letter, range(10)), Mail(b"no header, no name\r\n"))
    forth(old_box, new_box, ledgers)
    with new_box.client() as client:
        client.create_folder("Rangement")
        client.select_folder("INBOX")
        client.move([1, 2, 11], "Rangement")
    new_box.put("Rangement", letter(200))
    assert back(old_box, new_box, ledgers).copied == 1
    assert sum(old_box.contents("INBOX").values()) == 11
    assert sum(old_box.contents("Rangement").values()) == 1


def test_what_went_back_is_not_brought_again_by_the_next_migration(
    old_box: Box, new_box: Box, ledgers: tuple[Ledger, Ledger]
) -> None:
    old_box.put("INBOX", *map(letter, range(10)))
    forth(old_box, new_box, ledgers)
    new_box.put("INBOX", letter(100))
    new_box.put("Comptes", letter(103))
    back(old_box, new_box, ledgers)
    old_box.put("INBOX", letter(300))  # after the rollback
    assert forth(old_box, new_box, ledgers).copied == 1
    assert new_box.contents("INBOX") == old_box.contents("INBOX")
    assert new_box.contents("Comptes") == old_box.contents("Comptes")


def test_a_lost_record_of_the_way_back_doubles_nothing(
    old_box: Box, new_box: Box, ledgers: tuple[Ledger, Ledger], tmp_path: Path
) -> None:
    old_box.put("INBOX", *map(letter, range(10)))
    forth(old_box, new_box, ledgers)
    new_box.put("INBOX", letter(100), letter(101))
    back(old_box, new_box, ledgers)
    assert back(old_box, new_box, (ledgers[0], Ledger(tmp_path / "other.sqlite"))).copied == 0
    assert old_box.contents("INBOX") == new_box.contents("INBOX")
