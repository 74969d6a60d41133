"""Filters and automatic replies of mailboxes whose logins are known, by ManageSieve (RFC 5804), as the master user."""

from __future__ import annotations

import base64
import re
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, cast

from reconcile.bounded_mail import Bounds, Line, Place
from reconcile.config.inventory.inventory import Aspect
from reconcile.language.lists import first_of
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.legacy.inventory.contract import Found, Reading, Scope, clean_text
from reconcile.providers.legacy.inventory.many_logins import signed_in
from reconcile.providers.legacy.inventory.sieve import read_sieve
from reconcile.providers.legacy.sign_in import SignIn

#: For one mailbox: some hundred scripts of some kilobytes.
_BOUNDS = Bounds(wait=30, seconds=300, octets=50_000_000)
_LONGEST_LINE, _LARGEST_SCRIPT = 65536, 10_000_000
_NAMED = 5

#: A quoted text, the length of a literal at the end of its line, or a word.
_TOKEN = re.compile(
    rb'[ \t]*(?:"(?P<text>(?:\\.|[^"\\])*)"|\{(?P<length>\d{1,9})\+?\}\r?\n|(?P<word>[^\s"{]+))', re.DOTALL
)


class Refused(Exception):
    """The server said no, or something else than ManageSieve."""


class ManageSieve:
    """``tls``: over STARTTLS, for the master user's password goes over the line."""

    name = "managesieve"

    def __init__(self, host: str, port: int, sign_in: SignIn, *, tls: bool = True, ca_file: Path | None = None) -> None:
        self._host, self._port = host, port
        self._sign_in = sign_in
        self._context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None) if tls else None

    def read(self, scope: Scope) -> Reading:
        """Raises Problem INV15 when the host refuses the first logins, INV16 when it cannot be reached."""
        told = dict(signed_in(sorted(scope.logins), self._filters, f"{self._host}:{self._port}", self._sign_in))
        troubles: dict[Aspect, str] = {}
        if refused := [login for login, one in told.items() if one is None]:
            troubles["filters"] = Phrase("it does not tell those of {logins}", logins=first_of(refused, _NAMED))
        found = (self._found(login, one, scope) for login, one in told.items() if one is not None)
        return Reading(tuple(found), frozenset(), troubles)

    def _found(self, login: str, scripts: Sequence[tuple[str, str]], scope: Scope) -> Found:
        facts = [read_sieve(script) for _, script in scripts]
        return Found(
            address=scope.address_of(login),
            kind="mailbox",
            login=login,
            targets=tuple(dict.fromkeys(address for fact in facts for address in fact.redirects)),
            filters=tuple(name for name, _ in scripts),
            vacation=any(fact.vacation for fact in facts),
        )

    def _filters(self, name: str, password: str) -> list[tuple[str, str]] | None:
        """The active scripts, by name; None when the login is refused, or they cannot be read."""
        try:
            session = _Session(self._host, self._port, self._context)
        except (OSError, Refused) as error:
            why = getattr(error, "strerror", None) or str(error) or type(error).__name__
            message = Phrase(
                "Cannot reach ManageSieve at {host}:{port}: {why}.", host=self._host, port=self._port, why=why
            )
            raise Problem("INV16", message, "is its port right, and TLS on?") from None
        try:
            session.log_in(name, password)
            return session.active_scripts()
        except (OSError, Refused):
            return None
        finally:
            session.close()


class _Session:
    def __init__(self, host: str, port: int, context: ssl.SSLContext | None) -> None:
        line = Line(Place(host, port, context, starttls=context is not None), _BOUNDS)
        self._socket = line.opened()
        self._stream = cast("BinaryIO", self._socket.makefile("rb"))
        try:
            self._answer()
            if context is not None:
                self._ask("STARTTLS")
                self._socket = line.wrap_socket(self._socket, server_hostname=host)
                self._stream = cast("BinaryIO", self._socket.makefile("rb"))
                self._answer()
        except BaseException:
            self.close()
            raise

    def log_in(self, name: str, password: str) -> None:
        """Raises Refused."""
        proof = base64.b64encode(f"\0{name}\0{password}".encode()).decode()
        self._ask(f'AUTHENTICATE "PLAIN" "{proof}"')

    def active_scripts(self) -> list[tuple[str, str]]:
        rows = self._ask("LISTSCRIPTS")
        names = [row[0] for row in rows if len(row) > 1 and row[1].upper() == "ACTIVE"]
        return [(clean_text(name) or "?", self._script(name)) for name in names]

    def close(self) -> None:
        self._stream.close()
        self._socket.close()

    def _script(self, name: str) -> str:
        quoted = re.sub(r'(["\\])', r"\\\1", name)
        rows = self._ask(f'GETSCRIPT "{quoted}"')
        return rows[0][0] if rows else ""

    def _ask(self, command: str) -> list[list[str]]:
        self._socket.sendall(f"{command}\r\n".encode())
        return self._answer()

    def _answer(self) -> list[list[str]]:
        """The lines before OK. Raises Refused on NO, BYE and the unexpected."""
        rows: list[list[str]] = []
        while True:
            row = self._row()
            match row[0].upper() if row else "":
                case "OK":
                    return rows
                case "NO" | "BYE":
                    raise Refused(Phrase("it refuses"))
            rows.append(row)

    def _row(self) -> list[str]:
        words: list[str] = []
        line, place = self._line(), 0
        while line[place:].strip():
            found = _TOKEN.match(line, place)
            if found is None:
                raise Refused(Phrase("it does not speak ManageSieve"))
            place = found.end()
            if found["length"] is not None:
                words.append(self._literal(int(found["length"])))
                line, place = self._line(), 0
            else:
                text = (
                    found["word"]
                    if found["text"] is None
                    else re.sub(rb"\\(.)", rb"\1", found["text"], flags=re.DOTALL)
                )
                words.append(text.decode(errors="replace"))
        return words

    def _line(self) -> bytes:
        line = self._stream.readline(_LONGEST_LINE)
        if not line.endswith(b"\n"):
            raise Refused(Phrase("it hung up"))
        return line

    def _literal(self, length: int) -> str:
        data = self._stream.read(length) if length <= _LARGEST_SCRIPT else b""
        if len(data) != length:
            raise Refused(Phrase("it hung up"))
        return data.decode(errors="replace")
