"""The two servers of a comparison, mail in memory so that the tools and not the disk are compared."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from pathlib import Path

import imapclient
from bench.copy.corpus import Message
from imapclient import imap_utf7
from tests.mailcopy.dovecot import EXCHANGE, MAILDIR, PASSWORD, SDBOX, Dovecot
from tests.ports import free_port

from reconcile.mailcopy.imap.commands import Commands
from reconcile.mailcopy.imap.grammar import quoted
from reconcile.sandbox.imap.configuration import Settings

USER = "contact"
MEMORY = Path("/dev/shm")  # noqa: S108 - memory is the point


@contextlib.contextmanager
def hosts(*, batches: bool, tls: bool = False) -> Iterator[tuple[Dovecot, Dovecot]]:
    """The old host (maildir) and the new one (sdbox); ``batches``: the new one offers MULTIAPPEND."""
    with tempfile.TemporaryDirectory(prefix="reconcile-bench-", dir=MEMORY, ignore_cleanup_errors=True) as folder:
        old = Dovecot(Path(folder), "old", mail=MAILDIR, tls=tls)
        capability: Settings = {} if batches else {"imap_capability": EXCHANGE}
        new = Dovecot(Path(folder), "new", mail=SDBOX, settings=capability, tls=tls)
        try:
            yield old.start(), new.start()
        finally:
            old.stop()
            new.stop()


def fill(host: Dovecot, messages: Iterable[Message], user: str = USER) -> int:
    """Put the messages in; how many."""
    count = 0
    with imapclient.IMAPClient("127.0.0.1", host.port, ssl=False) as client:
        client.login(user, PASSWORD)
        commands = Commands(client.socket(), "bench")
        for folder, group in groupby(messages, key=lambda message: message.folder):
            name = quoted(imap_utf7.encode(folder))
            commands.run([b"CREATE " + name, b"SUBSCRIBE " + name])
            while part := list(islice(group, 50)):
                head = b'APPEND %b (%b) "%b"'
                answers = commands.run([(head % (name, m.flags.encode(), m.date.encode()), m.body) for m in part])
                assert all(answer.startswith(b"OK") for answer in answers), answers
                count += len(part)
    return count


def deliver(host: Dovecot, folder: str, messages: Iterable[Message]) -> None:
    """Put messages in as a delivery agent does, file by file: a hundred thousand APPENDs would take minutes."""
    place = host.mail / USER / "Maildir" / folder / "cur"
    places = [place, place.parent / "new", place.parent / "tmp"]
    for number, message in enumerate(messages):
        for needed in places if not number else ():
            needed.mkdir(parents=True, exist_ok=True)
        size = len(message.body)
        (place / f"{1_500_000_000 + number}.M{number}.bench,S={size},W={size}:2,S").write_bytes(message.body)
    own(host)


def own(host: Dovecot) -> None:
    """Give what was put there file by file to the mail's owner."""
    if os.geteuid() == 0:
        subprocess.run(["chown", "-R", "--reference", str(host.mail), str(host.mail)], check=True)


def messages_in(host: Dovecot, user: str = USER) -> int:
    with imapclient.IMAPClient("127.0.0.1", host.port, ssl=False) as client:
        client.login(user, PASSWORD)
        names = [
            name
            for flags, _, name in client.list_folders()
            if b"\\NoSelect" not in flags and b"\\Noselect" not in flags
        ]
        return sum(client.folder_status(name, ["MESSAGES"])[b"MESSAGES"] for name in names)


@contextlib.contextmanager
def far_away(ports: Iterable[int], *, delay: float, append: float = 0) -> Iterator[list[int]]:
    """The ports as seen from ``delay`` milliseconds away, each way."""
    pairs = [(free_port(), port) for port in ports]
    command = [sys.executable, "-m", "bench.copy.latency", *(f"{near}:{far}" for near, far in pairs)]
    relay = subprocess.Popen([*command, "--delay", str(delay), "--append", str(append)])
    time.sleep(0.5)
    try:
        yield [near for near, _ in pairs]
    finally:
        relay.terminate()
        relay.wait()
