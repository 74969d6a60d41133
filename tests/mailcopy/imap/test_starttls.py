"""TLS asked for on the plain port: before a real Dovecot, and before servers that would rather go on without."""

from __future__ import annotations

import contextlib
import dataclasses
import socket
import ssl
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.mailcopy.dovecot import MAILDIR, Dovecot
from tests.mailcopy.post import Box, letter

from reconcile.clock import SystemClock
from reconcile.mailcopy.imap.session import Endpoint, Password, connect
from reconcile.mailcopy.ledger.ledger import Ledger
from reconcile.mailcopy.passes import copy_mailbox
from reconcile.problem import Problem
from reconcile.providers.legacy.inventory.contract import Scope
from reconcile.providers.legacy.inventory.imap import ImapScale
from reconcile.providers.legacy.sign_in import OwnPasswords

SECRET = "ne-doit-jamais-partir"


@pytest.fixture(scope="module")
def secured() -> Iterator[Dovecot]:
    with tempfile.TemporaryDirectory(prefix="reconcile-copy-", ignore_cleanup_errors=True) as folder:
        server = Dovecot(Path(folder), "starttls", mail=MAILDIR, tls=True)
        try:
            yield server.start()
        finally:
            server.stop()


def over_starttls(box: Box) -> Endpoint:
    return dataclasses.replace(box.endpoint(), tls="starttls", ca_file=Path(box.host.ca_file))


def test_mail_is_copied_over_starttls_on_both_sides(secured: Dovecot, tmp_path: Path, user: str) -> None:
    old, new = Box(secured, user), Box(secured, f"{user}.new")
    old.put("INBOX", letter(1), letter(2))
    ledger = Ledger(tmp_path / "ledger.sqlite")
    report = copy_mailbox(over_starttls(old), over_starttls(new), ledger, SystemClock())
    assert (report.copied, report.complete) == (2, True)
    assert new.contents("INBOX") == old.contents("INBOX")


def test_what_a_server_said_it_can_do_before_tls_is_forgotten(secured: Dovecot, user: str) -> None:
    session = connect(over_starttls(Box(secured, user)))
    assert isinstance(session.socket, ssl.SSLSocket)
    assert "STARTTLS" not in session.capabilities
    session.close()


def test_mailboxes_are_weighed_over_starttls_each_by_its_own_password(secured: Dovecot, user: str) -> None:
    scope = Scope(("spf55.org",), {user: "lou@spf55.org", "inconnu": "zoe@spf55.org"})
    own = OwnPasswords({user: "pw"})
    reading = ImapScale("127.0.0.1", secured.port, own, tls="starttls", ca_file=Path(secured.ca_file)).read(scope)
    assert [(one.address, one.messages) for one in reading.found] == [("lou@spf55.org", 0)]
    assert reading.troubles["sizes"] == "it does not open inconnu"


@pytest.mark.parametrize(
    ("greeting", "answer", "why"),
    [
        (b"* OK ready\r\n", b"C1 BAD unknown command\r\n", "offers no STARTTLS"),
        (b"* OK ready\r\n", b"C1 NO not here\r\n", "offers no STARTTLS"),
        (b"* PREAUTH you are in\r\n", b"", "offers no STARTTLS"),
        (b"* OK ready\r\n", b"C1 OK go on\r\n* OK [CAPABILITY IMAP4rev1]\r\n", "went on in the clear"),
    ],
    ids=["unknown", "refused", "logged in already", "more than was asked for"],
)
def test_a_server_that_would_go_on_without_tls_is_sent_no_password(greeting: bytes, answer: bytes, why: str) -> None:
    with answering(greeting, answer) as (port, received), pytest.raises(Problem, match=why) as refused:
        connect(Endpoint("127.0.0.1", port, Password("lou", SECRET), tls="starttls"))
    assert refused.value.code == "COPY83"
    assert SECRET.encode() not in b"".join(received)
    assert SECRET not in str(refused.value)


def test_a_certificate_that_is_not_trusted_ends_it(secured: Dovecot) -> None:
    with pytest.raises(Problem, match=r"(?i)certificate.verify.failed") as refused:
        connect(Endpoint("127.0.0.1", secured.port, Password("lou", SECRET), tls="starttls"))
    assert refused.value.code == "COPY01"


@contextlib.contextmanager
def answering(greeting: bytes, answer: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """A server that greets, answers the first command, and notes all it is sent."""
    received: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection, contextlib.suppress(OSError):
                connection.sendall(greeting)
                received.append(connection.recv(1 << 16))
                connection.sendall(answer)
                while part := connection.recv(1 << 16):
                    received.append(part)

        serving = threading.Thread(target=serve)
        serving.start()
        try:
            yield listening.getsockname()[1], received
        finally:
            serving.join(30)
