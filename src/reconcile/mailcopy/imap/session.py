"""One logged-in IMAP connection: login, and its capabilities."""

from __future__ import annotations

import contextlib
import dataclasses
import socket
import time
from collections.abc import Callable
from pathlib import Path

from reconcile.language.phrase import Phrase, sentence_of
from reconcile.mailcopy.imap.commands import Commands
from reconcile.mailcopy.imap.folder_list import Layout, read_layout
from reconcile.mailcopy.imap.folder_names import encoded
from reconcile.mailcopy.imap.grammar import quoted, readable
from reconcile.mailcopy.imap.interruptions import ConnectionLost, Throttled, raise_if_throttled
from reconcile.mailcopy.imap.limits import said_by
from reconcile.mailcopy.imap.login import Password, Token, capabilities, log_in, without_secrets
from reconcile.mailcopy.imap.public_folder import as_mailbox
from reconcile.mailcopy.imap.reading import never
from reconcile.mailcopy.imap.transport import Tls, Unreachable, opened
from reconcile.problem import Problem

__all__ = ["Endpoint", "LoginRefused", "Password", "Session", "Token", "Unreachable", "connect"]

_APPLICATION = Phrase(
    "check the application's access to the mailbox (copy_access), and its permission IMAP.AccessAsApp"
)
_MASTER = Phrase(
    "check master_user, separator and the password (master_password_file or RECONCILE_LEGACY_PASSWORD) of that "
    "[legacy] table in reconcile.toml"
)
_OWN = Phrase("correct its line in mailbox_passwords_file, then: reconcile copy retry")


class LoginRefused(Problem):
    """The server answered and refused the credentials."""

    def __init__(self, endpoint: Endpoint, why: str) -> None:
        login = endpoint.login
        hint = _APPLICATION if isinstance(login, Token) else _MASTER if login.shared else _OWN
        super().__init__(
            "COPY02",
            Phrase("{endpoint} refuses the login {login}: {why}.", endpoint=endpoint, login=login.name, why=why),
            hint,
        )
        self.endpoint = endpoint

    @property
    def of_all(self) -> bool:
        """Whether every mailbox of the host would be refused, for one password opens them all."""
        return isinstance(self.endpoint.login, Password) and self.endpoint.login.shared


class LoginUnanswered(Unreachable):
    """The server hung up where it should have answered to a login. Dovecot does so where it lets the master user in
    and has no such mailbox; a network may do so too, so it is worth another try."""

    def __init__(self, endpoint: Endpoint, why: str) -> None:
        super().__init__(
            "COPY02",
            Phrase(
                "{endpoint} hung up on the login {login}: {why}.", endpoint=endpoint, login=endpoint.login.name, why=why
            ),
            "check legacy_login in the federation's file: a host may hang up on a login that has no mailbox; "
            "if it is right, is the host well?",
        )


@dataclasses.dataclass(frozen=True, slots=True)
class Endpoint:
    """A mailbox on a server, and how one logs in to it. ``connections``: as many at once, at most. ``largest``: bytes
    of the largest message it takes, 0 when not known. ``silences_receipts``: mark old unread mail that asks for a read
    receipt as answered. ``quota``: bytes the mailbox holds at most, 0 when not known. ``public_folder``: the folder of
    the shared namespace that is this mailbox, "" for the login's own."""

    host: str
    port: int
    login: Password | Token
    tls: Tls = True
    ca_file: Path | None = None
    connections: int = 2
    largest: int = 0
    silences_receipts: bool = False
    quota: int = 0
    public_folder: str = ""

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def connect(endpoint: Endpoint, stop: Callable[[], bool] = never) -> Session:
    """Open a session. ``stop()``: do not wait for slow answers any more, now or later.

    Raises ``Unreachable`` COPY01, ``LoginRefused`` or ``LoginUnanswered`` COPY02, ``Throttled``, ``Excess`` or
    ``Stopped``; none shows a secret.
    """
    connection, welcome = opened(endpoint.host, endpoint.port, endpoint.tls, endpoint.ca_file, stop)
    try:
        return _logged_in(connection, endpoint, Commands(connection, str(endpoint), stop), welcome)
    except BaseException:
        connection.close()
        raise


def _logged_in(connection: socket.socket, endpoint: Endpoint, commands: Commands, welcome: bytes) -> Session:
    """The session of a login that stands: Exchange may accept it and then be "authenticated but not connected".

    ``welcome``: the server's first line, b"" when it is still to come.
    """
    login = endpoint.login
    place = f"{endpoint}, login {login.name}"
    try:
        welcome = welcome or commands.greeting()
        if not welcome.upper().startswith(b"* OK"):
            raise_if_throttled(place, readable(welcome))
            raise ConnectionLost(readable(welcome))
    except Throttled:
        raise
    except ConnectionLost as error:
        raise Unreachable(
            "COPY01",
            Phrase(
                "{endpoint} hung up before the login of {name}: {error}.",
                endpoint=endpoint,
                name=login.name,
                error=error,
            ),
        ) from None
    try:
        answer, said = log_in(commands, login, welcome)
    except Throttled:
        raise
    except ConnectionLost as error:
        raise _unanswered(endpoint, Phrase("during the login of {name}", name=endpoint.login.name), error) from None
    except ValueError:
        raise LoginRefused(endpoint, Phrase("a login or password of several lines was not sent")) from None
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
        raise _unanswered(endpoint, Phrase("after the login of {name}", name=endpoint.login.name), error) from None


def _unanswered(endpoint: Endpoint, when: str, error: ConnectionLost) -> Unreachable:
    """Of a token Exchange says whether it takes it, so there it is the connection."""
    if isinstance(endpoint.login, Password):
        return LoginUnanswered(endpoint, sentence_of(error))
    return Unreachable(
        "COPY01", Phrase("{endpoint} hung up {when}: {error}.", endpoint=endpoint, when=when, error=error)
    )


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
        """Its folders, subscriptions and prefix, asked for in one burst.

        Raises ``ConnectionLost``, and ``Problem`` COPY19 where the public folder that it is does not show.
        """
        said: list[bytes] = []
        namespace = [b"NAMESPACE"] if "NAMESPACE" in self.capabilities else []
        public = self.endpoint.public_folder
        # A namespace may be hidden from a listing of everything.
        named = [b'LIST "" ' + quoted(encoded(public) + b"*")] if public else []
        asked = [b'LIST "" "*"', b'LSUB "" "*"', *namespace, *named]
        began = time.monotonic()
        answers = self.commands.run(asked, lambda _, lines: said.append(lines))
        self.answers_in = time.monotonic() - began
        for answer in answers[:2]:  # NAMESPACE may be refused
            if not answer.upper().startswith(b"OK"):
                raise ConnectionLost(
                    Phrase(
                        "{endpoint} does not list its folders: {answer}",
                        endpoint=self.endpoint,
                        answer=readable(answer),
                    )
                )
        with said_by(self.endpoint):
            layout = read_layout(b"".join(said))
        return as_mailbox(layout, public, str(self.endpoint)) if public else layout

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
