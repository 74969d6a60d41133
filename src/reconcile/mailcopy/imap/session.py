"""One logged-in IMAP connection: connect, TLS, login, and its capabilities."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import select
import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path

from reconcile.mailcopy.imap.commands import Commands
from reconcile.mailcopy.imap.folder_list import Layout, read_layout
from reconcile.mailcopy.imap.grammar import readable
from reconcile.mailcopy.imap.interruptions import ConnectionLost, Throttled, raise_if_throttled
from reconcile.mailcopy.imap.login import Password, Token, capabilities, log_in, without_secrets
from reconcile.mailcopy.imap.reading import TICK, never
from reconcile.problem import Problem

__all__ = ["Endpoint", "LoginRefused", "Password", "Session", "Token", "Unreachable", "connect"]

#: Seconds to wait for a connection, and again for its TLS.
CONNECT_TIMEOUT = 20.0


class Unreachable(Problem):
    """The server cannot be reached now; later it may be."""


class LoginRefused(Problem):
    """The server answered and refused the credentials."""

    def __init__(self, endpoint: Endpoint, why: str) -> None:
        master = isinstance(endpoint.login, Password)
        app = "check the application's access to the mailbox (copy_access), and its permission IMAP.AccessAsApp"
        ours = (
            "check master_user, separator and the password (master_password_file or RECONCILE_LEGACY_PASSWORD) of that "
            "[legacy] table in reconcile.toml"
        )
        hint = ours if master else app
        super().__init__("COPY02", f"{endpoint} refuses the login {endpoint.login.name}: {why}.", hint)
        self.endpoint = endpoint


@dataclasses.dataclass(frozen=True, slots=True)
class Endpoint:
    """A mailbox on a server, and how one logs in to it. ``connections``: as many at once, at most. ``largest``: bytes
    of the largest message it takes, 0 when not known. ``silences_receipts``: mark old unread mail that asks for a read
    receipt as answered. ``quota``: bytes the mailbox holds at most, 0 when not known."""

    host: str
    port: int
    login: Password | Token
    tls: bool = True
    ca_file: Path | None = None
    connections: int = 2
    largest: int = 0
    silences_receipts: bool = False
    quota: int = 0

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def connect(endpoint: Endpoint, stop: Callable[[], bool] = never) -> Session:
    """Open a session. ``stop()``: do not wait for slow answers any more, now or later.

    Raises ``Unreachable`` COPY01, ``LoginRefused`` COPY02, ``Throttled``, ``Excess`` or ``Stopped``; none shows a
    secret.
    """
    connection = _connected(endpoint, stop)
    try:
        return _logged_in(connection, endpoint, Commands(connection, str(endpoint), stop))
    except BaseException:
        connection.close()
        raise


def _connected(endpoint: Endpoint, stop: Callable[[], bool]) -> socket.socket:
    """The connection, with TLS where that is asked for."""
    try:
        plain = socket.create_connection((endpoint.host, endpoint.port), CONNECT_TIMEOUT)
    except OSError as error:
        why = error.strerror or str(error) or type(error).__name__
        raise Unreachable("COPY01", f"Cannot reach the mail server {endpoint}: {why}.", "is it up?") from None
    if not endpoint.tls:
        return plain
    try:
        secured = _trusting(endpoint.ca_file).wrap_socket(
            plain, server_hostname=endpoint.host, do_handshake_on_connect=False
        )
        _shake_hands(secured, stop)
    except ssl.SSLError as error:
        plain.close()
        raise Unreachable("COPY01", f"TLS with {endpoint} failed: {error.reason or error}.", "check ca_file") from None
    except OSError as error:
        plain.close()
        why = error.strerror or str(error) or type(error).__name__
        raise Unreachable("COPY01", f"Cannot reach the mail server {endpoint}: {why}.", "is it up?") from None
    return secured


def _shake_hands(secured: ssl.SSLSocket, stop: Callable[[], bool]) -> None:
    """Raises ``TimeoutError`` when the handshake takes too long, a byte at a time for instance."""
    until = time.monotonic() + CONNECT_TIMEOUT
    secured.settimeout(0)
    while True:
        try:
            secured.do_handshake()
            return
        except ssl.SSLWantReadError:
            wanted: tuple[list[ssl.SSLSocket], list[ssl.SSLSocket]] = ([secured], [])
        except ssl.SSLWantWriteError:
            wanted = ([], [secured])
        left = until - time.monotonic()
        if left < 0 or stop():
            raise TimeoutError("the TLS handshake took too long")
        select.select(*wanted, [], min(left, TICK))


@functools.cache
def _trusting(ca_file: Path | None) -> ssl.SSLContext:
    """Reading the machine's authorities takes a tenth of a second: once for all connections."""
    return ssl.create_default_context(cafile=str(ca_file) if ca_file else None)


def _logged_in(connection: socket.socket, endpoint: Endpoint, commands: Commands) -> Session:
    """The session of a login that stands: Exchange may accept it and then be "authenticated but not connected"."""
    login = endpoint.login
    place = f"{endpoint}, login {login.name}"
    try:
        welcome = commands.greeting()
        if not welcome.upper().startswith(b"* OK"):
            raise_if_throttled(place, readable(welcome))
            raise ConnectionLost(readable(welcome))
        answer, said = log_in(commands, login, welcome)
    except Throttled:
        raise
    except ConnectionLost as error:
        raise Unreachable("COPY01", f"{endpoint} hung up during the login of {login.name}: {error}.") from None
    except ValueError:
        raise LoginRefused(endpoint, "a login or password of several lines was not sent") from None
    if not answer.upper().startswith(b"OK"):
        why = without_secrets(readable(answer), login)
        raise_if_throttled(place, why)
        raise LoginRefused(endpoint, why)
    try:
        return Session(connection, commands, endpoint, welcome, capabilities(commands, answer + b"\r\n" + said))
    except Throttled:
        raise
    except ConnectionLost as error:
        raise_if_throttled(place, str(error))
        raise Unreachable("COPY01", f"{endpoint} hung up after the login of {login.name}: {error}.") from None


class Session:
    """A logged-in connection. Anything that breaks raises ``ConnectionLost``."""

    def __init__(
        self,
        connection: socket.socket,
        commands: Commands,
        endpoint: Endpoint,
        welcome: bytes,
        capabilities: frozenset[str],
    ) -> None:
        #: The connection itself. Take it only between commands: nothing is outstanding then.
        self.socket = connection
        self.commands = commands
        self.endpoint = endpoint
        self.is_exchange = b"Microsoft Exchange" in welcome
        #: Courier may delete old mail from Trash at every login (IMAP_EMPTYTRASH).
        self.empties_trash = b"Courier" in welcome
        #: Seconds a burst of small commands took; 0 before the first.
        self.answers_in = 0.0
        self.capabilities = capabilities

    @property
    def lacking(self) -> str:
        """The extensions it lacks without which mail is stored in it message by message; "" when none."""
        return " and ".join(sorted({"LITERAL+", "UIDPLUS"} - self.capabilities))

    @property
    def takes_batches(self) -> bool:
        """Several messages in one command (MULTIAPPEND, RFC 3502)."""
        return "MULTIAPPEND" in self.capabilities

    def layout(self) -> Layout:
        """Its folders, subscriptions and prefix, asked for in one burst."""
        said: list[bytes] = []
        namespace = [b"NAMESPACE"] if "NAMESPACE" in self.capabilities else []
        asked = [b'LIST "" "*"', b'LSUB "" "*"', *namespace]
        began = time.monotonic()
        answers = self.commands.run(asked, lambda _, lines: said.append(lines))
        self.answers_in = time.monotonic() - began
        for answer in answers[:2]:  # NAMESPACE may be refused
            if not answer.upper().startswith(b"OK"):
                raise ConnectionLost(f"{self.endpoint} does not list its folders: {readable(answer)}")
        return read_layout(b"".join(said))

    def unselect(self) -> None:
        """Leave the open folder: a server reports every APPEND to a connection that has the folder open."""
        self.commands.run(self.unselecting)

    @property
    def unselecting(self) -> list[bytes]:
        """The commands that leave the open folder. CLOSE alone would expunge, so it is opened read-only first."""
        return [b"UNSELECT"] if "UNSELECT" in self.capabilities else [b"EXAMINE INBOX", b"CLOSE"]

    def close(self) -> None:
        """Hang up at once; what was in flight stays in flight."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def log_out(self) -> None:
        """Log out without waiting for the answer; never raises."""
        with contextlib.suppress(OSError, ValueError, ConnectionLost):
            self.commands.leave()
        self.close()
