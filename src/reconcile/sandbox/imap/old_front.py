"""A thin IMAP front before the old Dovecot that answers as some old hosts do: impossible dates, odd folder lists."""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
import threading

#: Dates of arrival that old hosts have been seen to answer; one message in ``EVERY`` bears one of them.
ODD_DATES = (
    b'"00-Jan-0000 00:00:00 +0000"',
    b'"31-Jun-2015 10:00:00 +0200"',
    b'"10-Mar-2015 10:00:00 +9900"',
    b'"01-Jan-2099 00:00:00 +0000"',
    b"NIL",
)
EVERY = 5
#: A view of messages in other folders (RFC 6154), and whatever is asked of it.
VIEW = b'(\\HasNoChildren \\Flagged) "." "Suivis"'

_LITERAL = re.compile(rb"\{(\d+)\}\r\n$")
_UID = re.compile(rb"^\* \d+ FETCH \(.*\bUID (\d+)", re.IGNORECASE)
_DATE = re.compile(rb'INTERNALDATE "[^"]*"', re.IGNORECASE)
_INBOX = re.compile(rb'^(\* LIST .*) "?INBOX"?\r\n$', re.IGNORECASE)
_LINE = 1 << 20


class OldFront:
    """Listens on 127.0.0.1, over TLS when given a context; ``port`` is known once started."""

    def __init__(
        self, target: int, tls: ssl.SSLContext | None = None, target_tls: ssl.SSLContext | None = None
    ) -> None:
        self.port = 0
        self._target, self._tls, self._target_tls = target, tls, target_tls
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="old-front", daemon=True)

    def start(self) -> OldFront:
        """Listen, on a port of the system's choice."""
        self._thread.start()
        self.port = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        return self

    def stop(self) -> None:
        """Hang up on everybody. Harmless when stopped already."""
        if self._loop.is_running():
            asyncio.run_coroutine_threadsafe(self._hang_up(), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        if not self._loop.is_closed():
            self._loop.close()

    async def _listen(self) -> int:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self._tls, limit=_LINE)
        listening: int = self._server.sockets[0].getsockname()[1]
        return listening

    async def _hang_up(self) -> None:
        self._server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError, ValueError):
            server, to_server = await asyncio.open_connection(
                "127.0.0.1", self._target, ssl=self._target_tls, limit=_LINE
            )
            upwards = asyncio.create_task(_passed_on(reader, to_server))
            try:
                await _answers(server, writer)
            finally:
                upwards.cancel()
                to_server.close()
        writer.close()


def odd(line: bytes) -> bytes:
    """A line of the server as an old host may have it."""
    if uid := _UID.match(line):
        number = int(uid[1])
        if number % EVERY == 0:
            date = ODD_DATES[number // EVERY % len(ODD_DATES)]
            return _DATE.sub(lambda _: b"INTERNALDATE " + date, line)
    if inbox := _INBOX.match(line):
        return line + inbox[1] + b' "Inbox"\r\n* LIST ' + VIEW + b"\r\n"
    return line


async def _answers(server: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
    while line := await server.readline():
        client.write(odd(line))
        if literal := _LITERAL.search(line):
            left = int(literal[1])
            while left:
                part = await server.read(min(left, 1 << 18))
                if not part:
                    return
                left -= len(part)
                client.write(part)
                await client.drain()
        await client.drain()


async def _passed_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while part := await reader.read(1 << 16):
            writer.write(part)
            await writer.drain()
    writer.close()
