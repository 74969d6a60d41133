"""Copies into servers that lack what Exchange has: no LITERAL+ (Courier), no UIDPLUS (GNU Mailutils), neither."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.federations import MEUSE
from tests.mailcopy.dovecot import MASTER, MASTER_PASSWORD, Dovecot
from tests.mailcopy.post import Box, Mail, letter
from tests.mailcopy.rewriting import RewritingRelay

from reconcile.cli.rehearse.hosts import old_mailboxes
from reconcile.cli.session.session import Session
from reconcile.clock import SystemClock
from reconcile.config.load import load_files
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


SETTINGS = """
[tenant]
id = "00000000-0000-4000-8000-000000000000"
initial_domain = "entraide.onmicrosoft.com"
client_id = "00000000-0000-4000-8000-000000000001"
copier_principal = "00000000-0000-4000-8000-000000000002"
[dns]
host = "127.0.0.1"
key_name = "reconcile"
[legacy.mutualise]
host = "127.0.0.1"
port = {port}
tls = false
master_user = "{master}"
logins = {{spf55 = ["{login}"]}}
"""


@pytest.mark.parametrize("lacking", [(), *LACKING])
def test_a_rehearsal_tells_what_a_copy_back_will_do_without(
    lacking: tuple[str, ...], old_box: Box, tmp_path: Path
) -> None:
    old_box.put("INBOX", letter(1))
    file = tmp_path / "spf55.yaml"
    box = "contact@spf55.org: {licence: E1, single_user: true, directory: {last_name: A, first_name: B}"
    file.write_text(f"{MEUSE}  {box}, legacy_login: {old_box.user}}}\n", encoding="utf-8")
    with RewritingRelay(old_box.host.port, lambda line: without(lacking, line)) as relay:
        settings = tmp_path / "reconcile.toml"
        settings.write_text(SETTINGS.format(port=relay.port, master=MASTER, login=old_box.user), encoding="utf-8")
        environment = {"RECONCILE_LEGACY_PASSWORD": MASTER_PASSWORD}
        session = Session(environment, sandbox=False, color="never", federations=tmp_path, settings_file=settings)
        (federation,) = load_files([file]).federations
        said = [check.message for check in old_mailboxes(session, federation)]
    assert said[0] == "The old host opens 1 mailboxes to the copier."
    names = " and ".join(lacking)
    slow = [f"The old host lacks {names}: a copy back into it works, one message after the other."] if lacking else []
    assert said[1:] == slow
