"""A thin IMAP front before Dovecot that behaves as Exchange Online does where Dovecot would not."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import dataclasses
import re
import ssl
import time
from collections import Counter
from collections.abc import Callable

from reconcile.sandbox.imap.exchange_behaviour import FRENCH, GREETING, ExchangeBehaviour
from reconcile.sandbox.imap.front import Front
from reconcile.sandbox.imap.maildir import modified_utf7

_LITERAL = re.compile(rb"\{(\d+)(\+?)\}\r\n$")
_ANSWER_LITERAL = re.compile(rb"\{(\d+)\}\r\n$")
_APPEND = re.compile(rb'^(\S+ APPEND (?:"(?:\\.|[^"\\])*"|[^ "]+)) \(([^)]*)\) ', re.IGNORECASE)
_PERMANENT = re.compile(rb"\[PERMANENTFLAGS \([^)]*\)\]", re.IGNORECASE)
_FLAGS = rb"[PERMANENTFLAGS (\\Seen \\Answered \\Flagged \\Deleted \\Draft $MDNSent)]"
_USER = re.compile(rb"user=([^\x01]+)\x01")


@dataclasses.dataclass(slots=True)
class Mailbox:
    """What the front remembers of one mailbox. ``hasty``: logins before a backoff was over."""

    connections: int = 0
    appends: int = 0
    throttled_until: float = 0.0
    throttlings: int = 0
    hasty: int = 0
    sign_ins: int = 0


class ExchangeFront(Front):
    """Behaves before every client as ``behaviour`` says, which is asked at each connection."""

    def __init__(
        self,
        target: int,
        behaviour: Callable[[], ExchangeBehaviour],
        *,
        tls: ssl.SSLContext | None = None,
        target_tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(target, tls, target_tls)
        self.mailboxes: dict[str, Mailbox] = {}
        self.refusals: Counter[bytes] = Counter()
        self._behaviour = behaviour

    async def _converse(
        self,
        client: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        server: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        await _Conversation(self, self._behaviour(), client, server).run()


class _Conversation:
    """One connection: commands are carried out one after the other, so that answers come in order."""

    def __init__(
        self,
        front: ExchangeFront,
        behaviour: ExchangeBehaviour,
        client: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        server: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        self._front, self._behaviour = front, behaviour
        self._client, self._to_client = client
        self._server, self._to_server = server
        self._mailbox: Mailbox | None = None
        self._connected = True
        self._errors = 0
        self._appends = 0

    async def run(self) -> None:
        await self._server.readline()
        self._to_client.write(GREETING)
        try:
            while parts := await self._command():
                await self._carry_out(parts)
                await self._to_client.drain()
                if self._behaviour.session_lasts and self._appends >= self._behaviour.session_lasts:
                    self._to_client.write(b"* BYE Session invalidated - AccessTokenExpired\r\n")
                    return
                if self._behaviour.errors and self._errors >= self._behaviour.errors:
                    self._to_client.write(b"* BYE Connection closed. 14\r\n")
                    return
        finally:
            if self._mailbox is not None:
                self._mailbox.connections -= 1

    async def _command(self) -> list[bytes]:
        """A command: text, literal, text…; [] at the end of the connection."""
        parts = [await self._client.readline()]
        while literal := _LITERAL.search(parts[-1]):
            if not literal[2]:
                self._to_client.write(b"+ Ready for additional command text.\r\n")
            parts += [await self._client.readexactly(int(literal[1])), await self._client.readline()]
        return parts if parts[-1] else []

    async def _carry_out(self, parts: list[bytes]) -> None:
        tag, _, rest = parts[0].partition(b" ")
        verb = rest.split(None, 1)[0].upper() if rest.split() else b""
        box = self._mailbox
        if not self._connected and verb != b"LOGOUT":
            self._refuse(tag, b"BAD User is authenticated but not connected.")
        elif verb == b"AUTHENTICATE" or verb == b"LOGIN":
            await self._log_in(tag, parts)
        elif box is not None and (wait := box.throttled_until - time.monotonic()) > 0 and verb != b"LOGOUT":
            self._refuse(tag, b"NO Request is throttled. Suggested Backoff Time: %d milliseconds" % (wait * 1000))
        elif verb == b"APPEND" and box is not None:
            await self._append(tag, parts, box)
        else:
            self._to_server.write(b"".join(parts))
            await self._answer(tag)

    async def _log_in(self, tag: bytes, parts: list[bytes]) -> None:
        self._to_server.write(b"".join(parts))
        said = [parts[0]]
        if (await self._answer(tag, said)).upper().startswith(b"OK"):
            name = _name(said)
            self._mailbox = self._front.mailboxes.setdefault(name, Mailbox())
            self._mailbox.connections += 1
            self._mailbox.sign_ins += 1
            if self._mailbox.sign_ins == self._behaviour.renamed_at_sign_in:
                await self._rename_folders()
            self._mailbox.hasty += time.monotonic() < self._mailbox.throttled_until
            self._connected = (
                not self._behaviour.connections or self._mailbox.connections <= self._behaviour.connections
            )

    async def _rename_folders(self) -> None:
        for name, french in FRENCH.items():
            self._to_server.write(b'R RENAME "%b" "%b"\r\n' % (name.encode(), modified_utf7(french).encode()))
            while not (await self._server.readline()).startswith(b"R "):
                pass

    async def _append(self, tag: bytes, parts: list[bytes], box: Mailbox) -> None:
        found = _APPEND.match(parts[0])
        if len(parts) != 3 or not found or parts[2] != b"\r\n":
            self._refuse(tag, b"BAD Command Argument Error. 11")
            return
        box.appends += 1
        self._appends += 1
        if self._behaviour.throttle_after and box.appends % self._behaviour.throttle_after == 0:
            box.throttled_until = time.monotonic() + self._behaviour.backoff
            box.throttlings += 1
            wait = self._behaviour.backoff * 1000
            self._refuse(tag, b"NO Request is throttled. Suggested Backoff Time: %d milliseconds" % wait)
            return
        if why := self._behaviour.refusal(parts[1], found[2]):
            self._refuse(tag, why)
            return
        await asyncio.sleep(self._behaviour.append_takes)
        message = self._behaviour.stored(parts[1])
        rest = _LITERAL.sub(b"", parts[0][found.end() :])
        head = b"%b (%b) %b{%d+}\r\n" % (found[1], self._behaviour.kept(found[2]), rest, len(message))
        self._to_server.write(head + message + b"\r\n")
        await self._answer(tag)

    def _refuse(self, tag: bytes, why: bytes) -> None:
        self._errors += 1
        self._front.refusals[why.partition(b":")[0]] += 1
        self._to_client.write(tag + b" " + why + b"\r\n")

    async def _answer(self, tag: bytes, said: list[bytes] | None = None) -> bytes:
        """Pass on what the server says until the command's own answer, which is returned without its tag. What the
        client is asked for meanwhile is noted in ``said``."""
        while True:
            await self._to_client.drain()
            line = await self._server.readline()
            if not line:
                raise asyncio.IncompleteReadError(b"", None)
            if self._behaviour.drops_keywords:
                line = _PERMANENT.sub(lambda _: _FLAGS, line)
            self._to_client.write(line)
            if literal := _ANSWER_LITERAL.search(line):
                await self._pass_on(int(literal[1]))
            elif line.startswith(b"+"):
                reply = await self._client.readline()
                self._to_server.write(reply)
                if said is not None:
                    said.append(reply)
            elif line.startswith(tag + b" "):
                answer = line[len(tag) + 1 :]
                self._errors += answer[:3].upper() in (b"NO ", b"BAD")
                return answer

    async def _pass_on(self, size: int) -> None:
        while size:
            part = await self._server.read(min(size, 1 << 18))
            if not part:
                raise asyncio.IncompleteReadError(b"", size)
            size -= len(part)
            self._to_client.write(part)
            await self._to_client.drain()


def _name(said: list[bytes]) -> str:
    """Whose mailbox was opened: from LOGIN's words, or from what XOAUTH2 encodes."""
    words = b" ".join(said).split()
    if words[1].upper() == b"LOGIN":
        return words[2].strip(b'"').decode("utf-8", "replace").lower()
    for word in words[3:]:
        with contextlib.suppress(ValueError):
            if found := _USER.search(base64.b64decode(word, validate=True)):
                return found[1].decode("utf-8", "replace").lower()
    return ""
