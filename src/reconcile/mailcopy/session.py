"""One logged-in IMAP connection: connect, TLS, login, and what the server says of itself and its folders."""

from __future__ import annotations

import dataclasses
import functools
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconcile.mailcopy.commands import Commands, ConnectionLost
from reconcile.mailcopy.exchange import raise_if_throttled
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
        hint = "check the master user and its password" if master else "check the application's access to the mailbox"
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
    """A mailbox on a server, and how one logs in to it. ``connections``: as many at once, at most."""

    host: str
    port: int
    login: Password | Token
    tls: bool = True
    ca_file: Path | None = None
    connections: int = 2

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclasses.dataclass(frozen=True, slots=True)
class Folder:
    """A folder as LIST shows it. ``name`` is raw (modified UTF-7), ``flags`` lower case (``\\sent``…)."""

    name: bytes
    separator: str
    flags: frozenset[str]

    @property
    def selectable(self) -> bool:
        return not self.flags & {"\\noselect", "\\nonexistent"}


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
    except (Problem, ConnectionLost):
        client.shutdown()
        raise
    return Session(client, endpoint)


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
        self.capabilities = frozenset(capability.decode().upper() for capability in client.capabilities())

    @property
    def socket(self) -> socket.socket:
        """The connection itself. Take it only between commands: imaplib's reader is then empty."""
        return self._client.socket()  # type: ignore[no-any-return]

    @functools.cached_property
    def commands(self) -> Commands:
        return Commands(self.socket, str(self.endpoint))

    def folders(self) -> list[Folder]:
        return [
            Folder(_raw(name), (separator or b"/").decode(), frozenset(flag.decode().lower() for flag in flags))
            for flags, separator, name in self._ask(self._client.list_folders)
        ]

    def subscribed(self) -> set[bytes]:
        return {_raw(name) for _, _, name in self._ask(self._client.list_sub_folders)}

    def prefix(self) -> bytes:
        """The prefix of the personal namespace (RFC 2342): b"" or b"INBOX." for instance."""
        if "NAMESPACE" not in self.capabilities:
            return b""
        personal = self._ask(self._client.namespace).personal
        return _raw(personal[0][0]) if personal else b""

    def unselect(self) -> None:
        """Leave the open folder: a server reports every APPEND to a connection that has the folder open."""
        if "UNSELECT" in self.capabilities:
            self.commands.run([b"UNSELECT"])
        else:
            self.commands.run([b"EXAMINE INBOX", b"CLOSE"])  # read-only first: CLOSE alone would expunge

    def close(self) -> None:
        """Hang up at once; what was in flight stays in flight."""
        try:
            self._client.shutdown()
        except (OSError, ssl.SSLError):
            return

    def log_out(self) -> None:
        """Take leave politely; never raises."""
        try:
            self.socket.settimeout(5)
            self.commands.run([b"LOGOUT"])
        except (OSError, ConnectionLost, ValueError):
            pass
        self.close()

    def _ask(self, question: Callable[[], Any]) -> Any:
        from imapclient.exceptions import IMAPClientError

        try:
            return question()
        except (OSError, IMAPClientError) as error:
            raise_if_throttled(str(self.endpoint), str(error))
            raise ConnectionLost(f"{self.endpoint}: {error}") from None


def _raw(name: bytes | str) -> bytes:
    return name if isinstance(name, bytes) else name.encode("utf-8", "surrogateescape")
