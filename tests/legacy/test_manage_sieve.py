"""A real Dovecot asked for its filters by ManageSieve, as its master user; and servers that speak something else."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.mailcopy.dovecot import MAILDIR, MASTER, MASTER_PASSWORD, Dovecot
from tests.ports import free_port

from reconcile.problem import Problem
from reconcile.providers.legacy.inventory.contract import Found, Scope
from reconcile.providers.legacy.inventory.manage_sieve import ManageSieve
from reconcile.providers.legacy.sign_in import Master
from reconcile.sandbox.imap.installed import Installed

VACATION = 'require ["vacation"];\nvacation "Absente, \\"désolée\\".";\nredirect "home@example.net";\n'
SCOPE = Scope(("spf55.org",), {"k0412": "camille@spf55.org", "lou@spf55.org": "lou@spf55.org"})


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "STARTTLS"])
def host(request: pytest.FixtureRequest, runtime: Path) -> Iterator[tuple[Dovecot, int]]:
    port = free_port()
    settings: dict[str, object] = {
        "protocols": "imap sieve",
        "service managesieve-login": {"inet_listener sieve": {"port": port}} | _no_chroot(),
    }
    if Installed.found().release != (2, 3):
        settings["sieve_script personal"] = {"driver": "file", "path": "~/sieve", "active_path": "~/.dovecot.sieve"}
    tls: bool = request.param
    server = Dovecot(runtime, f"sieve-{tls}", mail=MAILDIR, settings=settings, tls=tls)  # type: ignore[arg-type]
    home = server.mail / "k0412"
    (home / "sieve").mkdir(parents=True)
    (home / "sieve" / 'l\'été "1".sieve').write_text(VACATION, encoding="utf-8")
    (home / "sieve" / "ancien.sieve").write_text('redirect "old@example.net";')
    (home / ".dovecot.sieve").symlink_to('sieve/l\'été "1".sieve')
    if os.geteuid() == 0:
        for path in (home, *home.rglob("*")):
            os.lchown(path, 5000, 5000)
    server.start()
    yield server, port
    server.stop()


def _no_chroot() -> dict[str, str]:
    return {} if os.geteuid() == 0 else {"chroot": ""}


def reader(port: int, ca_file: str = "", password: str = MASTER_PASSWORD) -> ManageSieve:
    master = Master(f"*{MASTER}", password)
    return ManageSieve("localhost", port, master, tls=bool(ca_file), ca_file=Path(ca_file) if ca_file else None)


def test_active_filters_are_read_with_what_they_do(host: tuple[Dovecot, int]) -> None:
    server, port = host
    reading = reader(port, server.ca_file).read(SCOPE)
    assert reading.found == (
        Found("camille@spf55.org", "mailbox", "k0412", ("home@example.net",), filters=('l\'été "1"',), vacation=True),
        Found("lou@spf55.org", "mailbox", "lou@spf55.org", (), filters=(), vacation=False),
    )
    assert (reading.covers, reading.troubles) == (frozenset(), {})


def test_a_wrong_master_password_is_said_and_not_shown(host: tuple[Dovecot, int]) -> None:
    server, port = host
    with pytest.raises(Problem, match="refuses the master user") as refused:
        reader(port, server.ca_file, "sesame").read(SCOPE)
    assert refused.value.code == "INV15"
    assert "sesame" not in str(refused.value)


def spoken(*answers: bytes) -> int:
    """The port of a server that says this to whoever comes, once for each connection."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        for answer in answers:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(answer)
        listener.close()

    threading.Thread(target=serve, daemon=True).start()
    port: int = listener.getsockname()[1]
    return port


@pytest.mark.parametrize(
    "greeting", [b"", b"* OK IMAP ready\r\n", b'BYE "busy"\r\n', b"{5}\r\nab", b'"never closed\r\n']
)
def test_what_is_no_manage_sieve_is_said(greeting: bytes) -> None:
    with pytest.raises(Problem, match="Cannot reach ManageSieve") as refused:
        reader(spoken(greeting)).read(SCOPE)
    assert refused.value.code == "INV16"


@given(st.binary(max_size=60).map(lambda said: said + b"\r\n"))
def test_no_server_whatever_raises_anything_but_a_problem(said: bytes) -> None:
    scope = Scope(("spf55.org",), {"k0412": "camille@spf55.org"})
    with contextlib.suppress(Problem):
        reader(spoken(b"OK\r\n" + said)).read(scope)
