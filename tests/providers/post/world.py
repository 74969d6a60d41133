"""A post office for tests: a submission server that keeps what it took, and breaks off where it is told to."""

from __future__ import annotations

import asyncio
import email
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from tests.ports import free_port

from reconcile.providers.post.carrier import Found


class Office:
    """What was taken lies in ``folder``, one file a delivery and recipient, named after the Message-ID. ``mood``: "" to
    behave; "drop before" and "drop after" break the connection before a letter is taken, or once it is; a number is
    the answer to the letter, or with "rcpt" before it to the recipient."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mood = ""

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's names
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[Any]
    ) -> str:
        if self.mood.startswith("rcpt"):
            return f"{self.mood.split()[1]} 5.1.1 nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.mood == "drop before":
            return self._hang_up(server)
        if self.mood.isdigit():
            return f"{self.mood} 5.7.1 not this letter"
        assert isinstance(envelope.content, bytes)
        self.take(envelope.content, envelope.rcpt_tos)
        return self._hang_up(server) if self.mood == "drop after" else "250 OK"

    def take(self, data: bytes, recipients: list[str]) -> None:
        identifier = str(email.message_from_bytes(data)["Message-ID"])
        for recipient in recipients:
            stem = f"{named(identifier)}.{recipient}"
            number = len(list(self.folder.glob(f"{stem}.*")))
            (self.folder / f"{stem}.{number}.eml").write_bytes(data)

    def _hang_up(self, server: SMTP) -> str:
        assert server.transport is not None
        server.transport.abort()
        return "421 never heard"

    def delivered(self, recipient: str) -> list[bytes]:
        """Every copy that recipient was given."""
        return [path.read_bytes() for path in sorted(self.folder.glob(f"*.{recipient}.*.eml"))]

    def find(self, message_id: str) -> Found:
        return found_in(self.folder, message_id)


def found_in(folder: Path, message_id: str) -> Found:
    """Whether a letter of that Message-ID lies there."""
    return Found.LEFT if any(folder.glob(f"{named(message_id)}.*")) else Found.NOT_THERE


def named(message_id: str) -> str:
    return hashlib.sha256(message_id.encode()).hexdigest()[:20]


@contextmanager
def office(folder: Path, **options: Any) -> Iterator[tuple[Office, int]]:
    """The server and its port, on this machine."""
    folder.mkdir(exist_ok=True)
    handler, port = Office(folder), free_port()
    loop = asyncio.new_event_loop()
    controller = Controller(handler, hostname="127.0.0.1", port=port, ready_timeout=60, loop=loop, **options)
    controller.start()
    try:
        yield handler, port
    finally:
        controller.stop()
