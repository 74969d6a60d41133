"""People use both mailboxes while passes run: they rename and delete folders in the new one, move mail in the old."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.mailcopy.dovecot import Dovecot
from tests.mailcopy.post import Box, ledger_path, letter

from reconcile.clock import SystemClock
from reconcile.mailcopy.ledger.ledger import Ledger
from reconcile.mailcopy.ledger.reader import LedgerReader
from reconcile.mailcopy.passes import copy_mailbox
from reconcile.mailcopy.report import Report
from reconcile.mailcopy.verification import verify_mailbox

#: As Exchange names its default folders at the first sign-in of somebody whose language is French.
FRENCH = {"Sent Items": "Éléments envoyés", "Drafts": "Brouillons"}


def copied(old_box: Box, new_box: Box, folder: Path) -> Report:
    ledger = Ledger(ledger_path(folder, old_box.user))
    try:
        return copy_mailbox(old_box.endpoint(), new_box.endpoint(), ledger, SystemClock())
    finally:
        ledger.close()


def sound(old_box: Box, new_box: Box, folder: Path) -> bool:
    with LedgerReader.reading(ledger_path(folder, old_box.user)) as ledger:
        return all(check.sound for check in verify_mailbox(old_box.endpoint(), new_box.endpoint(), ledger))


@pytest.fixture
def both(old_box: Box, new_box: Box, tmp_path: Path) -> tuple[Box, Box]:
    """Copied once: ten messages in Clients, two sent, one in the inbox."""
    old_box.put("INBOX", letter(1))
    old_box.put("Clients", *map(letter, range(10, 20)))
    old_box.put("Sent", letter(30), letter(31))
    assert copied(old_box, new_box, tmp_path).copied == 13
    return old_box, new_box


def test_a_folder_renamed_in_the_new_mailbox_is_followed(both: tuple[Box, Box], tmp_path: Path) -> None:
    old_box, new_box = both
    with new_box.client() as client:
        client.rename_folder("Clients", "Anciens clients")
    old_box.put("Clients", letter(40))
    report = copied(old_box, new_box, tmp_path)
    assert (report.copied, dict(report.renamed)) == (1, {"Clients": "Anciens clients"})
    assert "Clients" not in new_box.folders()
    assert new_box.contents("Anciens clients") == old_box.contents("Clients")
    assert copied(old_box, new_box, tmp_path).copied == 0
    assert sound(old_box, new_box, tmp_path)


def test_default_folders_that_a_first_sign_in_renames_are_followed(both: tuple[Box, Box], tmp_path: Path) -> None:
    old_box, new_box = both
    with new_box.client() as client:
        for name, french in FRENCH.items():
            if client.folder_exists(name):
                client.rename_folder(name, french)
    old_box.put("Sent", letter(41))
    report = copied(old_box, new_box, tmp_path)
    assert report.copied == 1
    assert new_box.contents("Éléments envoyés") == old_box.contents("Sent")


def test_a_folder_renamed_to_another_uidvalidity_is_known_by_what_it_holds(
    both: tuple[Box, Box], tmp_path: Path
) -> None:
    old_box, new_box = both
    with new_box.client() as client:
        client.create_folder("Anciens clients")
        client.select_folder("Clients")
        client.move("1:*", "Anciens clients")
        client.select_folder("INBOX")
        client.delete_folder("Clients")
    old_box.put("Clients", letter(40))
    report = copied(old_box, new_box, tmp_path)
    assert (report.copied, dict(report.renamed)) == (1, {"Clients": "Anciens clients"})
    assert new_box.contents("Anciens clients") == old_box.contents("Clients")


def test_a_folder_deleted_in_the_new_mailbox_stays_deleted_as_a_message_does(
    both: tuple[Box, Box], tmp_path: Path
) -> None:
    old_box, new_box = both
    with new_box.client() as client:
        client.delete_folder("Clients")
    report = copied(old_box, new_box, tmp_path)
    assert (report.copied, report.complete, dict(report.deleted)) == (0, True, {"Clients": 10})
    assert "Clients" not in new_box.folders()
    assert sound(old_box, new_box, tmp_path)
    old_box.put("Clients", letter(40))
    assert copied(old_box, new_box, tmp_path).copied == 1
    assert sum(new_box.contents("Clients").values()) == 1
    assert copied(old_box, new_box, tmp_path).copied == 0


def move(box: Box, source: str, uids: str, to: str) -> None:
    with box.client() as client:
        if not client.folder_exists(to):
            client.create_folder(to)
        client.select_folder(source)
        client.move(uids, to)


def test_mail_moved_in_the_old_mailbox_is_moved_in_the_new_one(both: tuple[Box, Box], tmp_path: Path) -> None:
    old_box, new_box = both
    move(old_box, "Clients", "2:5", "Traités")
    old_box.put("Traités", letter(50))
    report = copied(old_box, new_box, tmp_path)
    assert (report.copied, report.relocated, report.complete) == (1, 4, True)
    assert new_box.contents("Traités") == old_box.contents("Traités")
    assert new_box.contents("Clients") == old_box.contents("Clients")
    again = copied(old_box, new_box, tmp_path)
    assert (again.copied, again.relocated) == (0, 0)
    assert sound(old_box, new_box, tmp_path)


def test_mail_moved_in_the_old_mailbox_stays_where_its_owner_touched_it_in_the_new_one(
    both: tuple[Box, Box], tmp_path: Path
) -> None:
    old_box, new_box = both
    with new_box.client() as client:
        client.select_folder("Clients")
        client.add_flags(client.search(["SUBJECT", "Lettre 11"]), ["\\Flagged"])
        perso = client.search(["SUBJECT", "Lettre 12"])
    move(new_box, "Clients", str(perso[0]), "Perso")
    move(old_box, "Clients", "2:4", "Traités")
    report = copied(old_box, new_box, tmp_path)
    assert (report.copied, report.relocated) == (0, 3)
    assert sum(new_box.contents("Traités").values()) == 1
    assert sum(new_box.contents("Clients").values()) == 8
    assert sum(new_box.contents("Perso").values()) == 1
    assert copied(old_box, new_box, tmp_path).copied == 0


def test_a_mailbox_made_anew_is_not_taken_for_one_whose_folders_were_deleted(
    old_box: Box, batching_host: Dovecot, tmp_path: Path, user: str
) -> None:
    new_box = Box(batching_host, user)
    old_box.put("INBOX", letter(1))
    old_box.put("Clients", letter(2))
    copied(old_box, new_box, tmp_path)
    batching_host.forget(user)
    report = copied(old_box, new_box, tmp_path)
    assert (report.copied, dict(report.deleted)) == (2, {})
