"""A real Dovecot weighed by IMAP, as its master user."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from imapclient import IMAPClient
from tests.legacy.test_doveadm import on_disk

from reconcile.problem import Problem
from reconcile.providers.legacy.inventory.contract import Found, Scope
from reconcile.providers.legacy.inventory.imap import ImapScale
from reconcile.providers.legacy.sign_in import Master
from reconcile.sandbox.imap.maildir import INBOX, StoredMessage, write_maildir
from reconcile.sandbox.imap.old import MASTER_USER, SEPARATOR, OldHost

MARCH, MAY = dt.datetime(2024, 3, 1, 12, tzinfo=dt.UTC), dt.datetime(2024, 5, 2, 12, tzinfo=dt.UTC)
SENT = ("Éléments envoyés",)


@pytest.fixture(scope="module")
def host(runtime: Path) -> Iterator[OldHost]:
    old = OldHost(runtime / "scale", ["k0412", "lou@spf55.org"])
    mail = [
        StoredMessage(INBOX, b"Subject: a\n\nbonjour\n", dt.datetime(2025, 1, 2, tzinfo=dt.UTC)),
        StoredMessage(SENT, b"Subject: b\n\n", MAY),
        StoredMessage(SENT, b"Subject: c\n\n", MARCH),  # moved there later: not the latest
        StoredMessage(("Archives", "2019"), b"Subject: d\r\n\r\nligne\r\n", MARCH),
    ]
    write_maildir(old.maildir("k0412"), old.owner, mail)
    old.start()
    yield old
    old.stop()


def scale(old: OldHost, *logins: str, password: str = "", port: int = 0) -> ImapScale:
    master = Master(SEPARATOR + MASTER_USER, password or old.master_password)
    return ImapScale("127.0.0.1", port or old.port, master, logins, ca_file=old.ca_file)


@pytest.mark.parametrize("quick", [True, False], ids=["STATUS=SIZE", "RFC822.SIZE"])
def test_the_mailboxes_named_are_weighed_and_nothing_is_changed(
    quick: bool, host: OldHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not quick:
        monkeypatch.setattr(IMAPClient, "capabilities", lambda _: ())
    reading = scale(host).read(Scope(("spf55.org",), {"k0412": "camille@spf55.org", "lou@spf55.org": "lou@spf55.org"}))
    messages, size = on_disk(host, "k0412")
    assert reading.found == (
        Found("camille@spf55.org", "mailbox", "k0412", (), size, messages, MAY.date()),
        Found("lou@spf55.org", "mailbox", "lou@spf55.org", (), 0, 0, None),
    )
    assert (messages, reading.covers) == (4, frozenset())
    assert list(reading.troubles) == ["mailboxes"]
    assert not [file for file in host.maildir("k0412").rglob("cur/*") if file.name.endswith("S")]


def test_a_login_the_host_does_not_open_is_unknown_and_named(host: OldHost) -> None:
    scope = Scope(("spf55.org",), {"k0412": "camille@spf55.org", "nobody@spf55.org": "nobody@spf55.org"})
    reading = scale(host, "K9").read(scope)
    assert [one.login for one in reading.found] == ["k0412"]
    assert reading.troubles["sizes"] == "it does not open k9, nobody@spf55.org"


def test_a_host_that_refuses_the_master_user_is_not_knocked_at_for_every_mailbox(
    host: OldHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []
    real = IMAPClient.login

    def login(client: IMAPClient, name: str, password: str) -> object:
        tried.append(name)
        return real(client, name, password)

    monkeypatch.setattr(IMAPClient, "login", login)
    scope = Scope(("spf55.org",), {f"{letter}@spf55.org": f"{letter}@spf55.org" for letter in "abcdef"})
    with pytest.raises(Problem, match="refuses the master user") as refused:
        scale(host, password="sesame").read(scope)
    assert refused.value.code == "INV15"
    assert len(tried) == 2
    assert "sesame" not in str(refused.value)


def test_a_host_that_is_not_there_is_said(host: OldHost) -> None:
    with pytest.raises(Problem, match="Cannot reach the old host") as refused:
        scale(host, port=1).read(Scope(("spf55.org",), {"a@spf55.org": "a@spf55.org"}))
    assert refused.value.code == "INV15"


def test_without_any_login_there_is_nothing_to_weigh(host: OldHost) -> None:
    assert scale(host, port=1).read(Scope(("spf55.org",))).found == ()
