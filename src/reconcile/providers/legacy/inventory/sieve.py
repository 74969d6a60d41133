"""What a Sieve script does that the new host will not: an automatic reply, messages sent on. Pure."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

from reconcile.providers.legacy.inventory.contract import clean_address

# RFC 5228 §8.1: comments, texts of several lines, quoted texts, words with their tags, and single marks.
_TOKEN = re.compile(
    r"(?P<skipped>\s+|\#[^\n]*(?:\n|$)|/\*.*?(?:\*/|\Z))"
    r"|text:[ \t]*(?:\#[^\n]*)?\r?\n(?P<lines>.*?)(?:^\.\r?$|\Z)"
    r'|"(?P<text>(?:\\.|[^"\\])*)(?:"|\Z)'
    r"|(?P<word>:?[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<mark>.)",
    re.DOTALL | re.MULTILINE,
)


@dataclasses.dataclass(frozen=True, slots=True)
class SieveFacts:
    """``vacation``: it answers by itself. ``redirects``: the addresses it sends messages on to."""

    vacation: bool
    redirects: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class _Token:
    kind: str  # text, word or mark
    value: str


def read_sieve(script: str) -> SieveFacts:
    """Read a script, whatever it is: what is no Sieve does nothing. A rule switched off with ``if false``, as Roundcube
    does, does nothing either."""
    vacation, redirects, command = False, list[str](), ""
    for token in _in_force(list(_tokens(script))):
        if token.kind == "mark" and token.value in ";{}":
            command = ""
        elif token.kind == "word" and not token.value.startswith(":") and not command:
            command = token.value.lower()
            vacation = vacation or command == "vacation"
        elif token.kind == "text" and command == "redirect" and (address := clean_address(token.value)):
            redirects.append(address)
    return SieveFacts(vacation, tuple(dict.fromkeys(redirects)))


def _tokens(script: str) -> Iterator[_Token]:
    for found in _TOKEN.finditer(script):
        kind = found.lastgroup or ""
        if kind == "lines":
            yield _Token("text", found["lines"])
        elif kind == "text":
            yield _Token("text", re.sub(r"\\(.)", r"\1", found["text"], flags=re.DOTALL))
        elif kind in ("word", "mark"):
            yield _Token(kind, found[kind])


def _in_force(tokens: list[_Token]) -> Iterator[_Token]:
    """The tokens without the blocks of ``if false``."""
    position = 0
    while position < len(tokens):
        ahead = [token.value.lower() for token in tokens[position : position + 3] if token.kind != "text"]
        if ahead == ["if", "false", "{"]:
            position = _after_block(tokens, position + 2)
            continue
        yield tokens[position]
        position += 1


def _after_block(tokens: list[_Token], opening: int) -> int:
    depth = 0
    for position in range(opening, len(tokens)):
        if tokens[position].kind == "mark":
            depth += {"{": 1, "}": -1}.get(tokens[position].value, 0)
            if depth == 0:
                return position + 1
    return len(tokens)
