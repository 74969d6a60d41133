"""The sender's mailbox over IMAP: whether a letter's blind copy is there, and the reports that say one came back."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import imaplib
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError, LoginError

from reconcile.bounded_imap_client import BoundedImapClient
from reconcile.bounded_mail import Bounds, Place
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.post.bounces import LARGEST_REPORT
from reconcile.providers.post.carrier import Found

#: Half an hour and two gigabytes hold every report of a mailbox that is looked after.
_BOUNDS = Bounds(wait=60, seconds=1800, octets=2_000_000_000)
#: Reports read at a time; a mailbox that holds more is told to be looked at.
MOST_REPORTS = 2000


@dataclasses.dataclass(frozen=True, slots=True)
class MailboxServer:
    """Where the mailbox is, and who opens it."""

    host: str
    port: int
    tls: bool
    user: str
    password: Callable[[], str] = dataclasses.field(default=str, repr=False)
    ca_file: Path | None = None


class SenderBox:
    """Reads, and changes nothing: no flag is set. Raises ``Problem`` LET30 when the mailbox cannot be read."""

    def __init__(self, server: MailboxServer) -> None:
        self._server = server

    def find(self, message_id: str) -> Found:
        """Whether a letter of that Message-ID is in the inbox or among what was sent."""
        with self._open() as client:
            for folder in _folders(client):
                client.select_folder(folder, readonly=True)
                if client.search(["HEADER", "Message-ID", message_id.strip("<>")]):
                    return Found.LEFT
        return Found.NOT_THERE

    def reports(self, since: dt.date) -> Iterator[bytes]:
        """Every delivery report of the inbox and the junk folder since that day, whole."""
        with self._open() as client:
            for folder in dict.fromkeys(("INBOX", *_special(client, b"\\Junk"))):
                client.select_folder(folder, readonly=True)
                criteria = ["SINCE", since, "HEADER", "Content-Type", "report", "SMALLER", LARGEST_REPORT]
                for uid in sorted(client.search(criteria), reverse=True)[:MOST_REPORTS]:
                    for parts in client.fetch([uid], ["BODY.PEEK[]"]).values():
                        if isinstance(data := parts.get(b"BODY[]"), bytes):
                            yield data

    @contextlib.contextmanager
    def _open(self) -> Iterator[IMAPClient]:
        server = self._server
        try:
            context = ssl.create_default_context(cafile=str(server.ca_file) if server.ca_file else None)
            place = Place(server.host, server.port, context if server.tls else None)
            with BoundedImapClient(place, _BOUNDS) as client:
                client.login(server.user, server.password())
                yield client
        except LoginError:
            hint = "check user and password_file of [letters.mailbox]"
            raise Problem(
                "LET30", Phrase("{host} refused the login {user}.", host=server.host, user=server.user), hint
            ) from None
        except (IMAPClientError, imaplib.IMAP4.error, OSError, ValueError) as error:
            why = (getattr(error, "strerror", "") or type(error).__name__)[:200]
            message = Phrase(
                "The mailbox of {user} at {host}:{port} cannot be read ({why}).",
                user=server.user,
                host=server.host,
                port=server.port,
                why=why,
            )
            raise Problem("LET30", message, "check [letters.mailbox], then run it again") from None


def _folders(client: IMAPClient) -> list[str]:
    return list(dict.fromkeys(("INBOX", *_special(client, b"\\Sent"), *_special(client, b"\\Junk"))))


def _special(client: IMAPClient, flag: bytes) -> list[str]:
    return [name for flags, _, name in client.list_folders() if flag in flags]
