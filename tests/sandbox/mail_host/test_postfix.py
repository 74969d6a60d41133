"""The old host's SMTP, by real clients: what it takes, whom it lets send, where it puts mail, which tables decide."""

from __future__ import annotations

import imaplib
import poplib
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reconcile.problem import Problem
from reconcile.sandbox.mail_host.installed import InstalledPostfix
from reconcile.sandbox.mail_host.old_smtp import OldHostWithSmtp
from reconcile.sandbox.processes import stop_orphan

CONTACT, TREASURER, SPORTS = "contact@spf55.example", "tresorier@spf55.example", "sport@spf88.example"
STRANGER = "quelqu.un@orange.example"


def tls(host: OldHostWithSmtp) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(host.ca_file))


@contextmanager
def connected(port: int) -> Iterator[smtplib.SMTP]:
    with smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
        yield client


def deliver(host: OldHostWithSmtp, recipient: str, subject: str) -> None:
    with connected(host.postfix.ports.inbound) as client:
        client.sendmail(STRANGER, [recipient], f"Subject: {subject}\r\n\r\nBonjour\r\n")


def answer_to(host: OldHostWithSmtp, recipient: str) -> int:
    """The code of RCPT TO, as a stranger gets it."""
    with connected(host.postfix.ports.inbound) as client:
        client.ehlo()
        client.mail(STRANGER)
        return client.rcpt(recipient)[0]


def subjects(host: OldHostWithSmtp, login: str) -> list[str]:
    with imaplib.IMAP4_SSL("127.0.0.1", host.port, ssl_context=tls(host)) as client:
        client.login(login, host.passwords[login])
        _, (count,) = client.select(readonly=True)
        if count == b"0":
            return []
        _, parts = client.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
        return [part[1].decode().strip().removeprefix("Subject: ") for part in parts if isinstance(part, tuple)]


@pytest.fixture
def until() -> Callable[[Callable[[], bool]], None]:
    """Ask again until it is so; a minute is far more than any machine takes."""
    import time

    def ask(is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 60
        while not is_so():
            assert time.monotonic() < deadline
            time.sleep(0.05)

    return ask


def test_mail_reaches_the_box_of_its_address_whatever_its_login(
    host: OldHostWithSmtp, until: Callable[[Callable[[], bool]], None]
) -> None:
    deliver(host, TREASURER, "facture")
    deliver(host, "bureau@spf55.example", "pour tous")
    until(lambda: len(subjects(host, "k0412")) >= 2)
    assert "facture" in subjects(host, "k0412")
    until(lambda: bool(subjects(host, CONTACT)))


def test_unknown_addresses_and_other_peoples_domains_are_refused(host: OldHostWithSmtp) -> None:
    assert answer_to(host, CONTACT) == 250
    assert answer_to(host, "personne@spf55.example") == 550
    assert answer_to(host, "bureau@spf67.example") == 554


def test_a_user_sends_after_starttls_and_a_password_and_reads_by_pop(
    host: OldHostWithSmtp, until: Callable[[Callable[[], bool]], None]
) -> None:
    with connected(host.postfix.ports.submission) as client:
        client.ehlo()
        assert "auth" not in client.esmtp_features, "no password in the clear"
        client.starttls(context=tls(host))
        client.login("k0412", host.passwords["k0412"])
        client.sendmail(TREASURER, [SPORTS], "Subject: merci\r\n\r\n")
    until(lambda: subjects(host, SPORTS) == ["merci"])
    pop = poplib.POP3_SSL("127.0.0.1", host.pop3_port, context=tls(host), timeout=60)
    pop.user(SPORTS)
    pop.pass_(host.passwords[SPORTS])
    assert pop.stat()[0] == 1
    pop.quit()


def test_a_wrong_password_sends_nothing(host: OldHostWithSmtp) -> None:
    with connected(host.postfix.ports.submission) as client:
        client.starttls(context=tls(host))
        with pytest.raises(smtplib.SMTPAuthenticationError):
            client.login("k0412", "faux")
        assert client.mail(TREASURER)[0] == 250
        assert client.rcpt(SPORTS)[0] == 554


def test_tables_count_from_the_reload_on(host: OldHostWithSmtp, until: Callable[[Callable[[], bool]], None]) -> None:
    """A domain the host no longer holds for its own, but passes on: unknown addresses are no longer its affair."""
    tables = host.postfix.tables
    before = tables.read("virtual_domains")
    assert set(before) == {"spf55.example", "spf88.example"}
    tables.write("virtual_domains", {"spf55.example": "here"})
    tables.write("relay_domains", {"spf88.example": "passed-on"})
    host.postfix.reload()
    until(lambda: answer_to(host, "personne@spf88.example") == 250)
    assert answer_to(host, "personne@spf55.example") == 550
    tables.write("virtual_domains", before)
    tables.write("relay_domains", {})
    host.postfix.reload()
    until(lambda: answer_to(host, "personne@spf88.example") == 550)


def test_what_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconcile.sandbox.mail_host.installed.shutil.which", lambda *_, **__: None)
    program = tmp_path / "sbin" / "dovecot"
    for part in ("sbin/dovecot", "lib/dovecot/imap", "lib/dovecot/modules/libdriver_sqlite.so", "lib/dovecot/lmtp"):
        (tmp_path / part).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / part).touch()
    program.write_text("#!/bin/sh\necho 2.3.19.1\n")
    program.chmod(0o755)
    with pytest.raises(Problem) as told:
        InstalledPostfix.found(program)
    assert told.value.code == "SBX16"
    assert told.value.hint == "as root: apt-get install --no-install-recommends postfix dovecot-pop3d"


def test_nobody_elses_process_is_ended(tmp_path: Path) -> None:
    (tmp_path / "pid").write_text("1")
    assert not stop_orphan(tmp_path, "etc")
    assert not stop_orphan(tmp_path / "none", "etc")
