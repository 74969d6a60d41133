"""One logged-in IMAP connection: connect, TLS, login, and its capabilities."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from reconcile.mailcopy.imap.commands import Commands
from reconcile.mailcopy.imap.folder_list import Layout, read_layout
from reconcile.mailcopy.imap.grammar import readable
from reconcile.mailcopy.imap.interruptions import ConnectionLost, raise_if_throttled
from reconcile.problem import Problem

if TYPE_CHECKING:
    from imapclient import IMAPClient

#: Seconds to wait for a connection, and for the answer to a short command.
CONNECT_TIMEOUT, ANSWER_TIMEOUT = 20.0, 120.0


class Unreachable(Problem):
    """The server cannot be reached now; later it may be."""


class LoginRefused(Problem):
    """The server answered and refused the credentials."""

    def __init__(self, endpoint: Endpoint, why: str) -> None:
        master = isinstance(endpoint.login, Password)
        app = "check the application's access to the mailbox (copy_access), and its permission IMAP.AccessAsApp"
        hint = "check the master user and its password" if master else app
        super().__init__("COPY02", f"{endpoint} refuses the login {endpoint.login.name}: {why}.", hint)
        self.endpoint = endpoint


@dataclasses.dataclass(frozen=True, slots=True)
class Password:
    """Login by name and password. For a master user the name is ``mailbox*master``."""

    name: str
    password: str = dataclasses.field(repr=False)


@dataclasses.dataclass(frozen=True, slots=True)
class Token:
    """Login to a mailbox by XOAUTH2. ``token`` is asked at every connection, so that an expired one is renewed."""

    name: str
    token: Callable[[], str] = dataclasses.field(repr=False)


@dataclasses.dataclass(frozen=True, slots=True)
class Endpoint:
    """A mailbox on a server, and how one logs in to it. ``connections``: as many at once, at most. ``largest``: bytes
    of the largest message it takes, 0 when not known. ``silences_receipts``: mark old unread mail that asks for a read
    receipt as answered."""

    host: str
    port: int
    login: Password | Token
    tls: bool = True
    ca_file: Path | None = None
    connections: int = 2
    largest: int = 0
    silences_receipts: bool = False

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def connect(endpoint: Endpoint) -> Session:
    """Open a session. Raises ``Unreachable`` COPY01, ``LoginRefused`` COPY02 or ``Throttled``; none shows a secret."""
    import imapclient
    from imapclient.exceptions import IMAPClientError

    try:
        client = imapclient.IMAPClient(
            endpoint.host,
            endpoint.port,
            ssl=endpoint.tls,
            ssl_context=_trusting(endpoint.ca_file) if endpoint.tls else None,
            timeout=imapclient.SocketTimeout(CONNECT_TIMEOUT, ANSWER_TIMEOUT),
        )
    except ssl.SSLError as error:
        raise Unreachable("COPY01", f"TLS with {endpoint} failed: {error.reason or error}.", "check ca_file") from None
    except (OSError, IMAPClientError) as error:
        why = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise Unreachable("COPY01", f"Cannot reach the mail server {endpoint}: {why}.", "is it up?") from None
    client.normalise_times = False
    client.folder_encode = False
    try:
        _log_in(client, endpoint)
        return _greeted(client, endpoint)
    except (Problem, ConnectionLost):
        client.shutdown()
        raise


@functools.cache
def _trusting(ca_file: Path | None) -> ssl.SSLContext:
    """Reading the machine's authorities takes a tenth of a second: once for all connections."""
    return ssl.create_default_context(cafile=str(ca_file) if ca_file else None)


def _log_in(client: IMAPClient, endpoint: Endpoint) -> None:
    from imapclient.exceptions import IMAPClientError, LoginError

    login = endpoint.login
    try:
        if isinstance(login, Password):
            client.login(login.name, login.password)
        else:
            client.oauth2_login(login.name, login.token())
    except LoginError as error:
        raise_if_throttled(f"{endpoint}, login {login.name}", _without_secrets(str(error), login))
        raise LoginRefused(endpoint, _without_secrets(str(error), login)) from None
    except (OSError, IMAPClientError) as error:
        raise Unreachable("COPY01", f"{endpoint} hung up during the login of {login.name}: {error}.") from None


def _greeted(client: IMAPClient, endpoint: Endpoint) -> Session:
    """The session of a login that stands: Exchange may accept it and then be "authenticated but not connected"."""
    from imapclient.exceptions import IMAPClientError

    try:
        return Session(client, endpoint)
    except (OSError, IMAPClientError) as error:
        raise_if_throttled(f"{endpoint}, login {endpoint.login.name}", str(error))
        raise Unreachable("COPY01", f"{endpoint} hung up after the login of {endpoint.login.name}: {error}.") from None


def _without_secrets(text: str, login: Password | Token) -> str:
    """The server's reason. A token's refusal may quote the token, so only its first plain words are kept."""
    if isinstance(login, Password):
        return text.replace(login.password, "…").removeprefix("b'").rstrip("'.")
    return text.partition("{")[0][:80].removeprefix("b'").rstrip("'.") or "token refused"


class Session:
    """A logged-in connection. Anything that breaks raises ``ConnectionLost``."""

    def __init__(self, client: IMAPClient, endpoint: Endpoint) -> None:
        self._client = client
        self.endpoint = endpoint
        self.is_exchange = b"Microsoft Exchange" in (client.welcome or b"")
        #: Seconds a burst of small commands took; 0 before the first.
        self.answers_in = 0.0
        self.capabilities = frozenset(capability.decode().upper() for capability in client.capabilities())

    @property
    def takes_batches(self) -> bool:
        """Several messages in one command (MULTIAPPEND, RFC 3502)."""
        return "MULTIAPPEND" in self.capabilities

    @property
    def socket(self) -> socket.socket:
        """The connection itself. Take it only between commands: imaplib's reader is then empty."""
        return self._client.socket()  # type: ignore[no-any-return]

    @functools.cached_property
    def commands(self) -> Commands:
        return Commands(self.socket, str(self.endpoint))

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
        try:
            self._client.shutdown()
        except (OSError, ssl.SSLError):
            return

    def log_out(self) -> None:
        """Log out without waiting for the answer; never raises."""
        with contextlib.suppress(OSError, ValueError):
            self.socket.sendall(b"Z LOGOUT\r\n")
        self.close()
