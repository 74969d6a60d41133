"""What an old host lists beside the mailbox's own folders: other people's, views of others, one folder twice."""

from __future__ import annotations

import contextlib
import dataclasses
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.mailcopy.dovecot import MAILDIR, Dovecot
from tests.mailcopy.post import Box, Mail, ledger_path, letter
from tests.mailcopy.rewriting import RewritingRelay

from reconcile.clock import SystemClock
from reconcile.mailcopy.imap.folder_list import read_layout
from reconcile.mailcopy.ledger.ledger import Ledger
from reconcile.mailcopy.passes import copy_mailbox
from reconcile.mailcopy.preview import preview_sizes
from reconcile.mailcopy.report import Report
from reconcile.mailcopy.reverse import copy_back
from reconcile.mailcopy.verification import verify_mailbox
from reconcile.problem import Problem

CLOCK = SystemClock()


@pytest.fixture(scope="module")
def sharing_host() -> Iterator[Dovecot]:
    """A Dovecot with a public namespace, which every user sees."""
    with tempfile.TemporaryDirectory(prefix="reconcile-copy-", ignore_cleanup_errors=True) as folder:
        public = {
            "type": "public",
            "prefix": "Shared/",
            "separator": "/",
            "mail_driver": "maildir",
            "mail_path": f"{folder}/public",
            "mailbox_list_layout": "fs",
            "subscriptions": False,
        }
        Path(folder, "public").mkdir(mode=0o777)
        Path(folder, "public").chmod(0o777)
        server = Dovecot(Path(folder), "sharing", mail=MAILDIR, settings={"namespace public": public})
        try:
            yield server.start()
        finally:
            server.stop()


def copied(old_box: Box, new_box: Box, folder: Path, port: int = 0) -> Report:
    ledger = Ledger(ledger_path(folder, old_box.user))
    try:
        return copy_mailbox(old_box.endpoint(port=port), new_box.endpoint(), ledger, CLOCK)
    finally:
        ledger.close()


def test_other_peoples_mail_is_listed_and_not_copied(
    sharing_host: Dovecot, new_box: Box, tmp_path: Path, user: str
) -> None:
    old_box = Box(sharing_host, user)
    old_box.put("INBOX", letter(1))
    old_box.put("Shared/direction/Salaires", letter(2), letter(3))
    report = copied(old_box, new_box, tmp_path)
    assert (report.copied, report.complete) == (1, True)
    assert report.left_out["Shared/direction/Salaires"] == "shared or public mail"
    assert not any("Salaires" in name for name in new_box.folders())
    sizes = {folder.folder: folder for folder in preview_sizes(old_box.endpoint())}
    assert sizes["Shared/direction/Salaires"].left_out == "shared or public mail"
    assert sizes["Shared/direction/Salaires"].messages >= 2
    assert not sizes["INBOX"].left_out


def test_a_public_folder_is_copied_as_the_mailbox_it_is_named_for_and_nothing_else(
    sharing_host: Dovecot, new_box: Box, tmp_path: Path, user: str
) -> None:
    reader = Box(sharing_host, user)
    root = f"Shared/Comptabilité {user}"
    reader.put("INBOX", letter(1))
    reader.put(root, letter(2), letter(3))
    reader.put(f"{root}/Sent", letter(4))
    reader.put(f"{root}/Année 2024/Reçus", letter(5))
    reader.put(f"{root} bis", letter(6))
    end = dataclasses.replace(reader.endpoint(master=True), public_folder=root)
    with contextlib.closing(Ledger(tmp_path / "forward.sqlite")) as forward:
        report = copy_mailbox(end, new_box.endpoint(), forward, CLOCK)
        assert (report.copied, report.complete, report.left_out) == (4, True, {})
        assert all(check.sound for check in verify_mailbox(end, new_box.endpoint(), forward, with_digests=True))
        assert new_box.contents("INBOX") == reader.contents(root)
        assert new_box.contents("Sent Items") == reader.contents(f"{root}/Sent")
        assert new_box.contents("Année 2024/Reçus") == reader.contents(f"{root}/Année 2024/Reçus")
        assert copy_mailbox(end, new_box.endpoint(), forward, CLOCK).copied == 0
        # The way back leads into the folder, never into the mailbox of the login that sees it.
        new_box.put("INBOX", letter(7))
        new_box.put("Nouveau", letter(8))
        with contextlib.closing(Ledger(tmp_path / "backward.sqlite")) as backward:
            assert copy_back(new_box.endpoint(), end, forward, backward, CLOCK).copied == 2
    assert reader.contents(root) == new_box.contents("INBOX")
    assert reader.contents(f"{root}/Nouveau") == new_box.contents("Nouveau")
    assert len(reader.contents("INBOX")) == 1


@pytest.mark.parametrize("name", ["Shared/direction/Rien", "Rangement", "INBOX", "*", "Shared/*", "Shared/dir%"])
def test_what_is_no_public_folder_is_named_and_not_copied(
    name: str, sharing_host: Dovecot, new_box: Box, tmp_path: Path, user: str
) -> None:
    reader = Box(sharing_host, user)
    reader.put("Rangement", letter(1))
    reader.put("Shared/direction/Ordre du jour", letter(2))
    end = dataclasses.replace(reader.endpoint(), public_folder=name)
    ledger = Ledger(tmp_path / "ledger.sqlite")
    with pytest.raises(Problem, match="COPY19") as refused:
        copy_mailbox(end, new_box.endpoint(), ledger, CLOCK)
    assert "the public folders it shows: Shared" in str(refused.value)
    assert len(new_box.contents("INBOX")) == 0


@pytest.mark.parametrize(
    ("listed", "left_out"),
    [
        (rb'* LIST (\\All \\HasNoChildren) "/" "Vue"', "a view of messages in other folders (\\all)"),
        (rb'* LIST (\\Flagged) "/" "Vue"', "a view of messages in other folders (\\flagged)"),
        (rb'* LIST (\\Important) "/" "Vue"', "a view of messages in other folders (\\important)"),
    ],
)
def test_views_of_other_folders_are_listed_and_not_copied(
    listed: bytes, left_out: str, old_box: Box, new_box: Box, tmp_path: Path
) -> None:
    old_box.put("INBOX", letter(1))
    old_box.put("Vue", letter(1))

    def rewrite(line: bytes) -> bytes:
        return re.sub(rb'^\* LIST .* "?Vue"?$', listed, line)

    with RewritingRelay(old_box.host.port, rewrite) as relay:
        report = copied(old_box, new_box, tmp_path, relay.port)
    assert (report.copied, dict(report.left_out)) == (1, {"Vue": left_out})


def test_an_inbox_listed_twice_is_copied_once(old_box: Box, new_box: Box, tmp_path: Path) -> None:
    old_box.put("INBOX", *map(letter, range(4)))
    old_box.put("Clients", *map(letter, range(10, 13)))

    def rewrite(line: bytes) -> bytes:
        inbox = re.sub(rb'^(\* LIST .*) "?INBOX"?$', rb'\1 INBOX\r\n\1 "Inbox"', line)
        return re.sub(rb'^(\* LIST .* "?Clients"?)$', rb"\1\r\n\1", inbox)

    with RewritingRelay(old_box.host.port, rewrite) as relay:
        report = copied(old_box, new_box, tmp_path, relay.port)
    assert (report.copied, report.complete) == (7, True)
    assert sum(new_box.contents("INBOX").values()) == 4
    assert not any("(2)" in name for name in new_box.folders())


def test_a_folder_listed_in_two_encodings_is_copied_once_and_two_that_differ_are_two(
    old_box: Box, new_box: Box, tmp_path: Path
) -> None:
    old_box.put("Été", letter(1))
    old_box.put("Clients", letter(2))
    old_box.put("clients", letter(3))

    def answer(line: bytes) -> bytes:
        again = line.replace(b"&AMk-t&AOk-", b"\xc3\x89t\xc3\xa9")
        return line + b"\r\n" + again if line.startswith(b"* LIST") and again != line else line

    def ask(line: bytes) -> bytes:
        return line.replace(b"\xc3\x89t\xc3\xa9", b"&AMk-t&AOk-")

    with RewritingRelay(old_box.host.port, answer, ask) as relay:
        report = copied(old_box, new_box, tmp_path, relay.port)
    assert report.copied == 3
    assert report.left_out == {"Été": "the same folder as Été, listed under another name"}
    assert {"Clients", "clients (2)"} <= new_box.folders() or {"clients", "Clients (2)"} <= new_box.folders()


def test_the_subscription_of_a_folder_that_holds_no_mail_is_kept(old_box: Box, new_box: Box, tmp_path: Path) -> None:
    old_box.put("Archives/2019", letter(1))
    with old_box.client() as client:
        client.subscribe_folder("Archives")
    copied(old_box, new_box, tmp_path)
    assert "Archives" in new_box.subscribed()


def test_the_namespaces_of_cyrus_are_told_apart() -> None:
    answers = (
        b'* LIST () "." "INBOX"\r\n* LIST () "." "INBOX.a"\r\n* LIST () "." "archives"\r\n* LIST () "." "user.lea"\r\n'
        b'* NAMESPACE (("INBOX." ".")) (("user." "." "X-PARAM" ("FLAG1" "FLAG2"))) (("" "."))\r\n'
    )
    layout = read_layout(answers)
    assert [folder.name for folder in layout.folders] == [b"INBOX", b"INBOX.a"]
    assert layout.left_out == {b"archives": "shared or public mail", b"user.lea": "another user's mail"}


def test_the_virtual_folders_of_dovecot_are_views() -> None:
    answers = (
        b'* LIST () "/" "INBOX"\r\n* LIST () "/" "Virtual/Non lus"\r\n* LIST () "/" "Virtuel"\r\n'
        b'* NAMESPACE (("" "/")("Virtual/" "/")) NIL NIL\r\n'
    )
    assert [folder.name for folder in read_layout(answers).folders] == [b"INBOX", b"Virtuel"]


def test_a_host_that_takes_one_connection_per_address_is_copied_from(new_box: Box, tmp_path: Path, user: str) -> None:
    with tempfile.TemporaryDirectory(prefix="reconcile-copy-", ignore_cleanup_errors=True) as folder:
        server = Dovecot(Path(folder), "one", mail=MAILDIR, settings={"mail_max_userip_connections": 1}).start()
        try:
            old_box = Box(server, user)
            old_box.put("INBOX", *map(letter, range(300)))
            report = copied(old_box, new_box, tmp_path)
        finally:
            server.stop()
    assert (report.copied, report.complete) == (300, True)


def test_on_courier_the_trash_is_copied_first(old_box: Box, new_box: Box, tmp_path: Path) -> None:
    old_box.put("INBOX", *map(letter, range(400)))
    old_box.put("Trash", Mail(b"Subject: jete\r\n\r\nx\r\n"))
    asked: list[bytes] = []

    def ask(line: bytes) -> bytes:
        asked.append(line)
        return line

    def greet(line: bytes) -> bytes:
        return re.sub(rb"^\* OK \[(.*)\] Dovecot.*", rb"* OK [\1] Courier-IMAP ready.", line)

    with RewritingRelay(old_box.host.port, greet, ask) as relay:
        ledger = Ledger(ledger_path(tmp_path, old_box.user))
        one_by_one = old_box.endpoint(port=relay.port, connections=1)
        copy_mailbox(one_by_one, new_box.endpoint(), ledger, CLOCK)
    opened = [line for line in asked if re.match(rb"E\d+ EXAMINE", line)]
    assert opened[0].endswith(b'EXAMINE "Trash"')


@pytest.mark.parametrize("attributes", ["\\Seen \\Flagged \\Recent", "\\All", "\\Important \\Flagged"])
def test_a_server_that_lists_the_flags_of_messages_for_every_folder_is_copied(
    attributes: str, old_box: Box, new_box: Box, tmp_path: Path
) -> None:
    old_box.put("INBOX", letter(1), letter(2))
    old_box.put("Projets", letter(3))

    def rewrite(line: bytes) -> bytes:
        return re.sub(rb"^\* LIST \([^)]*\)", lambda _: b"* LIST (%b)" % attributes.encode(), line)

    with RewritingRelay(old_box.host.port, rewrite) as relay:
        report = copied(old_box, new_box, tmp_path, relay.port)
    assert (report.copied, report.left_out, report.complete) == (3, {}, True)
