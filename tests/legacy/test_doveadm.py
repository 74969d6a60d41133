"""A real Dovecot asked through its doveadm HTTP API."""

from __future__ import annotations

import contextlib
import re
import sqlite3

import pytest
import requests

from reconcile.problem import Problem
from reconcile.providers.legacy.inventory.contract import Found, Scope
from reconcile.providers.legacy.inventory.doveadm import Doveadm
from reconcile.providers.legacy.inventory.doveadm_api import DoveadmApi
from reconcile.sandbox.imap.old import OldHost

SCOPE = Scope(("spf55.org",), {"k0412": "camille@spf55.org"})


def reader(old: OldHost, key: str = "", port: int = 0) -> Doveadm:
    url = f"https://127.0.0.1:{port or old.doveadm_port}"
    return Doveadm(DoveadmApi(url, key or old.doveadm_key_file.read_text(), old.ca_file, pause=lambda _: None))


def on_disk(old: OldHost, login: str) -> tuple[int, int]:
    """Messages, and their bytes as IMAP sends them: Maildir's file names tell."""
    files = [file for file in old.maildir(login).rglob("*") if file.is_file() and file.parent.name == "cur"]
    return len(files), sum(int(re.search(r",W=(\d+)", file.name)[1]) for file in files)  # type: ignore[index]


def test_mailboxes_are_listed_weighed_and_their_filters_read(old: OldHost) -> None:
    reading = reader(old).read(SCOPE)
    by_login = {one.login: one for one in reading.found}
    lou, camille = on_disk(old, "lou@spf55.org"), on_disk(old, "k0412")
    assert by_login == {
        "k0412": Found(
            "camille@spf55.org", "mailbox", "k0412", ("home@example.net",), camille[1], 12, None, ("roundcube",), False
        ),
        "lou@spf55.org": Found("lou@spf55.org", "mailbox", "lou@spf55.org", (), lou[1], 12, None, ("absence",), True),
        "vide@spf55.org": Found("vide@spf55.org", "mailbox", "vide@spf55.org", (), 0, 0, None, (), False),
        "k0999": Found("", "mailbox", "k0999", (), 0, 0, None, (), False),
    }
    assert lou[0] == camille[0] == 12
    assert (reading.covers, reading.troubles) == ({"mailboxes"}, {})


def test_a_mailbox_that_cannot_be_opened_is_not_an_empty_one(old: OldHost, shut: str) -> None:
    reading = reader(old).read(SCOPE)
    by_login = {one.login: one for one in reading.found}
    assert (by_login[shut].size, by_login[shut].messages, by_login[shut].filters) == (None, None, None)
    assert (by_login["vide@spf55.org"].size, by_login["vide@spf55.org"].filters) == (0, ())
    assert by_login["k0412"].messages == 12
    assert reading.troubles == {
        "sizes": f"it cannot open {shut}",
        "messages": f"it cannot open {shut}",
        "filters": f"it does not tell those of {shut}",
    }


def test_a_dovecot_that_lists_no_users_is_asked_about_those_known(old: OldHost) -> None:
    with contextlib.closing(sqlite3.connect(old.accounts)) as accounts, accounts:
        accounts.execute("ALTER TABLE account RENAME COLUMN login TO username")
        accounts.execute("ALTER TABLE account ADD COLUMN hidden TEXT")
    try:
        # Neither users nor anybody's home can be looked up now.
        reading = reader(old).read(SCOPE)
    finally:
        with contextlib.closing(sqlite3.connect(old.accounts)) as accounts, accounts:
            accounts.execute("ALTER TABLE account RENAME COLUMN username TO login")
    assert [one.login for one in reading.found] == ["k0412"]
    assert reading.found[0].size is None
    assert reading.covers == frozenset()
    assert "iterate_query" in reading.troubles["mailboxes"]


def test_whoever_has_no_key_is_told_so_and_the_key_is_not_shown(old: OldHost) -> None:
    with pytest.raises(Problem, match="refuses the key") as refused:
        reader(old, key="sesame").read(SCOPE)
    assert refused.value.code == "INV13"
    assert "sesame" not in str(refused.value)


def test_a_connection_that_breaks_is_tried_again(old: OldHost, monkeypatch: pytest.MonkeyPatch) -> None:
    real, breaks = requests.post, iter([requests.ConnectionError("reset"), requests.ConnectionError("reset")])

    def post(*args: object, **more: object) -> requests.Response:
        for error in breaks:
            raise error
        return real(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(requests, "post", post)
    assert len(reader(old).read(SCOPE).found) == 4


def test_what_is_no_doveadm_api_is_said(old: OldHost) -> None:
    for port in (1, old.port):  # nobody, an IMAP server
        with pytest.raises(Problem) as refused:
            reader(old, port=port).read(SCOPE)
        assert refused.value.code == "INV13"
    untrusted = Doveadm(DoveadmApi(f"https://127.0.0.1:{old.doveadm_port}", old.doveadm_key_file.read_text()))
    with pytest.raises(Problem, match="not trusted"):
        untrusted.read(SCOPE)
