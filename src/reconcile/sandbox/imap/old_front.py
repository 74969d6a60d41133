"""A thin IMAP front before the old Dovecot that answers as some old hosts do: impossible dates, odd folder lists."""

from __future__ import annotations

import asyncio
import contextlib
import re

from reconcile.sandbox.imap.front import Front

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


class OldFront(Front):
    """Answers to every client as the server behind does, but for what is odd."""

    async def _converse(
        self,
        client: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        server: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        upwards = asyncio.create_task(_passed_on(client[0], server[1]))
        try:
            await _answers(server[0], client[1])
        finally:
            upwards.cancel()


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
