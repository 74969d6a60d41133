"""Signing in: a password by LOGIN or, where it is not ASCII, by SASL PLAIN in UTF-8 (RFC 4616); a token by XOAUTH2."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable

from reconcile.mailcopy.imap.commands import Commands
from reconcile.mailcopy.imap.grammar import quoted
from reconcile.mailcopy.imap.interruptions import ConnectionLost, Throttled
from reconcile.masking import masked

_CAPABILITIES = re.compile(rb"(?:^\* |\[)CAPABILITY ([^\]\r\n]*)", re.IGNORECASE | re.MULTILINE)


@dataclasses.dataclass(frozen=True, slots=True)
class Password:
    """Login by name and password. ``shared``: by a master user (``mailbox*master``), whose password opens all of
    the host's mailboxes."""

    name: str
    password: str = dataclasses.field(repr=False)
    shared: bool = True


@dataclasses.dataclass(frozen=True, slots=True)
class Token:
    """Login to a mailbox by XOAUTH2. ``token`` is asked at every connection, so that an expired one is renewed."""

    name: str
    token: Callable[[], str] = dataclasses.field(repr=False)


def log_in(commands: Commands, login: Password | Token, welcome: bytes) -> tuple[bytes, bytes]:
    """The tagged answer, and what was answered before it. ``welcome``: the server's first line.

    Raises ValueError for what no line may hold, and ``ConnectionLost``.
    """
    if isinstance(login, Token):
        if not login.name.isprintable():
            raise ValueError("a control character in a name")
        response = f"user={login.name}\1auth=Bearer {login.token()}\1\1"
        return commands.authenticate(b"XOAUTH2", response.encode())
    name, password = (text.encode("utf-8", "surrogateescape") for text in (login.name, login.password))
    if re.search(rb"[\r\n\0]", name + password):
        raise ValueError("a line end in a name or password")
    try:
        if (name + password).isascii():
            return _by_login(commands, name, password)
        offered = capabilities(commands, welcome)
        if "AUTH=PLAIN" in offered:
            return commands.authenticate(b"PLAIN", b"\0" + name + b"\0" + password)
        return commands.with_literals([b"LOGIN", name, password])
    except Throttled as throttled:
        raise Throttled(without_secrets(str(throttled), login), throttled.seconds) from None


def capabilities(commands: Commands, answers: bytes) -> frozenset[str]:
    """What the server offers: as it said in ``answers``, else asked for. Raises ``ConnectionLost``."""
    if not (found := _CAPABILITIES.search(answers)):
        lines: list[bytes] = []
        answer = commands.run([b"CAPABILITY"], lambda _, block: lines.append(block))[0]
        if not answer.upper().startswith(b"OK"):
            raise ConnectionLost(answer.decode("utf-8", "replace"))
        found = _CAPABILITIES.search(b"".join(lines))
    return frozenset(found[1].decode("latin-1").upper().split()) if found else frozenset()


def without_secrets(text: str, login: Password | Token) -> str:
    """The server's reason. A token's refusal may quote the token, so only its first plain words are kept."""
    if isinstance(login, Password):
        return masked(text.partition(" ")[2] or text, login.password).rstrip(".")
    return text.partition("{")[0].partition(" ")[2][:80].rstrip(".") or "token refused"


def _by_login(commands: Commands, name: bytes, password: bytes) -> tuple[bytes, bytes]:
    lines: list[bytes] = []
    words = quoted(name), quoted(password)
    (answer,) = commands.run([b"LOGIN %b %b" % words], lambda _, block: lines.append(block))
    return answer, b"".join(lines)
