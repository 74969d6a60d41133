"""Mailboxes as the tests speak of them: put mail in, and read all of it back exactly."""

from __future__ import annotations

import dataclasses
import random
from collections import Counter
from pathlib import Path

import imapclient
from tests.mailcopy.dovecot import MASTER, MASTER_PASSWORD, PASSWORD, Dovecot

from reconcile.mailcopy.imap.commands import Commands
from reconcile.mailcopy.imap.grammar import quoted
from reconcile.mailcopy.imap.session import Endpoint, Password


@dataclasses.dataclass(frozen=True)
class Mail:
    body: bytes
    flags: tuple[str, ...] = ()
    date: str = "01-Mar-2019 08:30:00 +0100"


@dataclasses.dataclass(frozen=True)
class Box:
    host: Dovecot
    user: str

    def endpoint(self, *, master: bool = False, port: int = 0, connections: int = 2) -> Endpoint:
        login = Password(f"{self.user}*{MASTER}", MASTER_PASSWORD) if master else Password(self.user, PASSWORD)
        return Endpoint("127.0.0.1", port or self.host.port, login, tls=False, connections=connections)

    def client(self) -> imapclient.IMAPClient:
        client = imapclient.IMAPClient("127.0.0.1", self.host.port, ssl=False)
        client.normalise_times = False
        client.login(self.user, PASSWORD)
        return client

    def put(self, folder: str, *mails: Mail, subscribe: bool = False) -> None:
        with self.client() as client:
            if folder != "INBOX" and not client.folder_exists(folder):
                client.create_folder(folder)
            if subscribe:
                client.subscribe_folder(folder)
            commands = Commands(client.socket(), "test")
            name = quoted(imapclient.imap_utf7.encode(folder))
            head = b'APPEND %b (%b) "%b"'
            answers = commands.run(
                [(head % (name, " ".join(m.flags).encode(), m.date.encode()), m.body) for m in mails]
            )
            refused = [answer for answer in answers if not answer.startswith(b"OK")]
            assert not refused, refused[0]

    def put_file(self, folder: str, body: bytes, name: str) -> None:
        """A maildir file as another program may have left it, however odd."""
        path = self.host.mail / self.user / "Maildir" / folder / "cur" / name
        path.write_bytes(body)

    def folders(self) -> set[str]:
        with self.client() as client:
            return {name for _, _, name in client.list_folders()}

    def subscribed(self) -> set[str]:
        with self.client() as client:
            return {name for _, _, name in client.list_sub_folders()}

    def contents(self, folder: str) -> Counter[tuple[bytes, tuple[str, ...], str]]:
        """Every message of a folder: bytes, flags but \\Recent, INTERNALDATE as the same moment."""
        with self.client() as client:
            client.select_folder(folder, readonly=True)
            rows = client.fetch(client.search(), ["BODY.PEEK[]", "FLAGS", "INTERNALDATE"])
            return Counter(
                (
                    row[b"BODY[]"],
                    tuple(sorted(flag.decode() for flag in row[b"FLAGS"] if flag != b"\\Recent")),
                    str(row[b"INTERNALDATE"].timestamp()),
                )
                for row in rows.values()
            )


def letter(number: int, size: int = 600) -> Mail:
    """An ordinary message, different for each number."""
    rng = random.Random(number)  # noqa: S311
    head = f"Message-ID: <{number}@spf55.org>\r\nSubject: Lettre {number}\r\n\r\n".encode()
    text = b"".join(b"%032x\r\n" % rng.getrandbits(128) for _ in range(max(1, (size - len(head)) // 34)))
    date = f"{number % 27 + 1:02d}-Jun-{2010 + number % 12} 10:{number % 60:02d}:00 +0200"
    return Mail(head + text, ("\\Seen",) if number % 2 else (), date)


def ledger_path(folder: Path, user: str) -> Path:
    return folder / f"{user}.sqlite"
