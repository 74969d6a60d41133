"""A check of a copy finds what is missing, altered or moved, and writes nothing."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.mailcopy.dovecot import Dovecot
from tests.mailcopy.post import Box, letter
from tests.mailcopy.rewriting import RewritingRelay

from reconcile.clock import SystemClock
from reconcile.mailcopy.ledger.ledger import Ledger
from reconcile.mailcopy.ledger.reader import LedgerReader
from reconcile.mailcopy.passes import copy_mailbox
from reconcile.mailcopy.verification import FolderCheck, verify_mailbox
from reconcile.sandbox.imap.exchange_behaviour import ExchangeBehaviour
from reconcile.sandbox.imap.exchange_front import ExchangeFront


@pytest.fixture
def boxes(old_box: Box, batching_host: Dovecot) -> tuple[Box, Box]:
    old_box.put("INBOX", *map(letter, range(20)))
    old_box.put("Archives/Été", *map(letter, range(20, 25)))
    return old_box, Box(batching_host, old_box.user)


@pytest.fixture
def ledger(boxes: tuple[Box, Box], tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger(tmp_path / "ledger.sqlite")
    copy_mailbox(boxes[0].endpoint(), boxes[1].endpoint(), opened, SystemClock())
    yield opened
    opened.close()


def inbox(boxes: tuple[Box, Box], tmp_path: Path, *, with_digests: bool = False) -> FolderCheck:
    with LedgerReader.reading(tmp_path / "ledger.sqlite") as seen:
        checks = verify_mailbox(boxes[0].endpoint(), boxes[1].endpoint(), seen, with_digests=with_digests)
    return next(check for check in checks if check.folder == "INBOX")


def test_a_whole_copy_is_found_sound(boxes: tuple[Box, Box], ledger: Ledger, tmp_path: Path) -> None:
    checks = verify_mailbox(boxes[0].endpoint(), boxes[1].endpoint(), ledger, with_digests=True)
    assert all(check.sound for check in checks)
    assert sum(check.copied for check in checks) == 25


def test_mail_that_came_to_the_old_mailbox_since_is_found(
    boxes: tuple[Box, Box], ledger: Ledger, tmp_path: Path
) -> None:
    boxes[0].put("INBOX", letter(99))
    found = inbox(boxes, tmp_path)
    assert found.not_copied == (21,)
    assert not found.sound


def test_mail_deleted_by_its_owner_is_distinguished_from_mail_not_copied(
    boxes: tuple[Box, Box], ledger: Ledger, tmp_path: Path
) -> None:
    with boxes[1].client() as client:
        client.select_folder("INBOX")
        client.delete_messages([3])
        client.expunge()
    found = inbox(boxes, tmp_path)
    assert found.gone == (3,)
    assert found.sound


def test_altered_bytes_are_found_by_their_digest(boxes: tuple[Box, Box], ledger: Ledger, tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as database, database:
        database.execute("UPDATE message SET digest=x'00' WHERE destination_uid=5 AND folder=1")
    assert inbox(boxes, tmp_path).altered == ()
    assert inbox(boxes, tmp_path, with_digests=True).altered == (5,)


@pytest.mark.parametrize("validity", ["source_validity", "destination_validity"])
def test_a_renumbered_folder_is_checked_by_its_content(
    validity: str, boxes: tuple[Box, Box], ledger: Ledger, tmp_path: Path
) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as database, database:
        database.execute(f"UPDATE folder SET {validity}=7")  # noqa: S608
    checks = verify_mailbox(boxes[0].endpoint(), boxes[1].endpoint(), ledger)
    assert all(check.sound for check in checks)
    boxes[0].put("INBOX", letter(99))
    assert inbox(boxes, tmp_path).not_copied == (21,)


def test_a_folder_made_anew_lacks_what_was_copied_into_it(
    boxes: tuple[Box, Box], ledger: Ledger, tmp_path: Path
) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as database, database:
        database.execute("UPDATE folder SET destination_validity=7 WHERE label='INBOX'")
    with boxes[1].client() as client:
        client.select_folder("INBOX")
        client.delete_messages([3, 4])
        client.expunge()
    assert "lacks 2 of the messages" in inbox(boxes, tmp_path).error


def test_a_server_that_is_wrong_about_sizes_alters_nothing(
    boxes: tuple[Box, Box], ledger: Ledger, tmp_path: Path
) -> None:
    def rewrite(line: bytes) -> bytes:
        return re.sub(rb"RFC822\.SIZE (\d+)", lambda size: b"RFC822.SIZE %d" % (int(size[1]) + 7), line)

    with RewritingRelay(boxes[0].host.port, rewrite) as relay:
        checks = verify_mailbox(boxes[0].endpoint(port=relay.port), boxes[1].endpoint(), ledger)
        digests = verify_mailbox(boxes[0].endpoint(port=relay.port), boxes[1].endpoint(), ledger, with_digests=True)
    assert all(check.sound for check in checks + digests)


def test_where_messages_are_rewritten_a_replaced_message_is_found(
    old_box: Box, exchange_like_host: Dovecot, tmp_path: Path
) -> None:
    old_box.put("INBOX", *map(letter, range(6)))
    front = ExchangeFront(exchange_like_host.port, lambda: ExchangeBehaviour(rewrites=True)).start()
    end = Box(exchange_like_host, old_box.user).endpoint(port=front.port)
    ledger = Ledger(tmp_path / "ledger.sqlite")
    copy_mailbox(old_box.endpoint(), end, ledger, SystemClock())
    (sound,) = verify_mailbox(old_box.endpoint(), end, ledger, with_digests=True)
    (row,) = ledger.rows()
    (first, second), digest = [uid for _, uid, _ in ledger.messages(row.id)][:2], b""
    ledger.record(row.id, 1, second, digest)
    ledger.record(row.id, 2, first, digest)
    ledger.commit()
    (swapped,) = verify_mailbox(old_box.endpoint(), end, ledger, with_digests=True)
    front.stop()
    assert sound.sound
    assert swapped.altered == tuple(sorted((first, second)))
