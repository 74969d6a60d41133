"""A small SMTP server on loopback, which asks its owner about each recipient and gives it each message."""

from __future__ import annotations

import asyncio
import threading
from typing import Any, Protocol

from aiosmtpd.smtp import SMTP, Envelope, Session, syntax


class Owner(Protocol):
    """Both methods run in a thread of their own: they may take their time, and speak SMTP themselves."""

    def asked(self, client: str, sender: str, recipient: str) -> str:
        """The refusal of a recipient, as a reply of SMTP; "" to take it."""

    def given(self, client: str, sender: str, recipients: list[str], message: bytes) -> str:
        """The refusal of a message for those recipients; "" when it is taken."""


class SmtpListener:
    """Listens on ``port`` of 127.0.0.1, known once started. Whoever connects may say by XCLIENT for whom it speaks."""

    def __init__(self, name: str, owner: Owner) -> None:
        self.port = 0
        self._name = name
        self._owner = owner
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._server: asyncio.Server | None = None

    def start(self) -> None:
        self._thread.start()
        self.port = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()

    def stop(self) -> None:
        """Harmless when stopped already."""
        if self._loop.is_running():
            asyncio.run_coroutine_threadsafe(self._hang_up(), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        if not self._loop.is_closed():
            self._loop.close()

    async def _listen(self) -> int:
        handler = _Handler(self._owner)
        self._server = await self._loop.create_server(
            lambda: _Smtp(handler, hostname=self._name, ident="ESMTP", enable_SMTPUTF8=True, loop=self._loop),
            "127.0.0.1",
        )
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def _hang_up(self) -> None:
        if self._server is not None:
            self._server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


class _Smtp(SMTP):
    """aiosmtpd's, with Postfix's XCLIENT (its XCLIENT_README): a proxy says whose connection it passes on."""

    @syntax("XCLIENT ADDR=address")
    async def smtp_XCLIENT(self, arg: str | None) -> None:  # noqa: N802 - aiosmtpd finds it by this name
        name, _, value = (arg or "").partition("=")
        if name.upper() != "ADDR" or not value:
            await self.push("501 5.5.4 Bad XCLIENT parameter")
            return
        session: Any = self.session
        session.peer = (value, 0)
        await self.push("220 ESMTP")


class _Handler:
    def __init__(self, owner: Owner) -> None:
        self._owner = owner

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [*responses[:-1], "250-XCLIENT ADDR", responses[-1]]

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        refusal = await asyncio.to_thread(self._owner.asked, _client(session), envelope.mail_from or "", address)
        if refusal:
            return refusal
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 Recipient OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        message: Any = envelope.content
        refusal = await asyncio.to_thread(
            self._owner.given, _client(session), envelope.mail_from or "", list(envelope.rcpt_tos), bytes(message)
        )
        return refusal or "250 2.6.0 Queued mail for delivery"


def _client(session: Session) -> str:
    peer: Any = session.peer
    return str(peer[0])
