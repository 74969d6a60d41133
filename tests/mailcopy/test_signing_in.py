"""Passwords and names that are not ASCII, before real servers and one that offers LOGIN alone."""

from __future__ import annotations

import dataclasses
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.mailcopy.dovecot import MAILDIR, Dovecot
from tests.mailcopy.post import Box, ledger_path, letter
from tests.mailcopy.rewriting import RewritingRelay

from reconcile.clock import SystemClock
from reconcile.mailcopy.imap.session import LoginRefused, Password, connect
from reconcile.mailcopy.ledger.ledger import Ledger
from reconcile.mailcopy.passes import copy_mailbox

PASSWORDS = ["Été-2024-à-Méry", 'pass"mot\\é', "пароль 密码", "Méry" + "\u0301"]


@pytest.fixture(scope="module")
def accented_host() -> Iterator[Dovecot]:
    """A master user for each password, ``accent0`` and so on."""
    with tempfile.TemporaryDirectory(prefix="reconcile-copy-", ignore_cleanup_errors=True) as folder:
        server = Dovecot(Path(folder), "accent", mail=MAILDIR)
        masters = "".join(f"accent{n}:{{PLAIN}}{password}\n" for n, password in enumerate(PASSWORDS))
        (server.folder / "masters").write_text(masters, encoding="utf-8")
        try:
            yield server.start()
        finally:
            server.stop()


@pytest.mark.parametrize("password", PASSWORDS)
@pytest.mark.parametrize("plain", [True, False])
def test_a_master_password_that_is_not_ascii_opens_the_mailbox(
    password: str, plain: bool, accented_host: Dovecot, batching_host: Dovecot, tmp_path: Path, user: str
) -> None:
    old_box = Box(accented_host, user)
    old_box.put("INBOX", letter(1))

    def rewrite(line: bytes) -> bytes:
        return line if plain else re.sub(rb" (?:AUTH=PLAIN|LITERAL\+)(?![^ \]])", b"", line)

    with RewritingRelay(old_box.host.port, rewrite) as relay:
        login = Password(f"{user}*accent{PASSWORDS.index(password)}", password)
        source = dataclasses.replace(old_box.endpoint(port=relay.port), login=login)
        ledger = Ledger(ledger_path(tmp_path, user))
        report = copy_mailbox(source, Box(batching_host, user).endpoint(), ledger, SystemClock())
    assert (report.copied, report.complete) == (1, True)


@pytest.mark.parametrize("password", ["faux-é", "faux\r\nA1 DELETE INBOX", "\udce9\udcff"])
def test_a_password_that_is_refused_names_the_setting_and_not_itself(password: str, old_box: Box) -> None:
    source = dataclasses.replace(old_box.endpoint(), login=Password(f"{old_box.user}*maitre", password))
    with pytest.raises(LoginRefused) as refused:
        connect(source)
    assert "master_password_file" in str(refused.value.hint)
    assert password not in str(refused.value)
