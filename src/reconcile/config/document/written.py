"""How a value is written in a federation file: which are quoted, and what fits on one line."""

from __future__ import annotations

import functools
import re
from typing import Any

import yaml

#: Line length beyond which a mapping or a list is written over several lines.
_WIDTH = 120
#: Text that looks like a number and is none: always in quotes.
_QUOTED = frozenset(("code", "phone", "postal_code", "monthly"))
#: Values that are no text, so that quotes would say the wrong thing.
_TYPED = frozenset(
    (
        *("schema", "atrium_id", "dates", "date", "rehearsed", "confirmed", "closed"),
        *("new", "hidden", "single_user", "protected"),
    )
)
_resolve: Any = yaml.SafeLoader("").resolve
_PLAIN = re.compile(r"[^\s\-?:,\[\]{}#&*!|>'\"%@`].*|-[^\s].*", re.DOTALL)


def scalar(key: str, value: str | None) -> str:
    """One value as it is written under that key, in a block or between brackets."""
    if value is None:
        return "null"
    if key not in _QUOTED and _is_plain(key, value):
        return value
    return '"' + "".join(_escaped(one) for one in value) + '"'


def inline(key: str, value: Any) -> str:
    """A whole value on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{scalar('', name)}: {inline(name, one)}" for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(inline(key, one) for one in value) + "]"
    return scalar(key, value)


def entry(key: str, value: Any, indent: int) -> list[str]:
    """The lines of ``key: value``: on one line what has no mapping of lists in it and fits, else as a block."""
    start = " " * indent + scalar("", key) + ":"
    if not isinstance(value, dict | list):
        return [f"{start} {scalar(key, value)}"]
    if not value or (not _is_deep(key, value) and len(f"{start} {inline(key, value)}") <= _WIDTH):
        return [f"{start} {inline(key, value)}"]
    if isinstance(value, dict):
        return [start, *(line for name, one in value.items() for line in entry(name, one, indent + 2))]
    return [start, *(line for one in value for line in element(key, one, indent + 2))]


def element(key: str, value: Any, indent: int) -> list[str]:
    """The lines of one element of a list."""
    return [f"{' ' * indent}- {inline(key, value)}"]


def _is_deep(key: str, value: Any) -> bool:
    """Whether it is a block whatever its length: the file's sections, and each mailbox."""
    return key in ("mailboxes", "not_migrated") or (isinstance(value, dict) and "licence" in value)


@functools.lru_cache(8192)  # a file says the same words again and again, and is written several times
def _is_plain(key: str, value: str) -> bool:
    if not value or value != value.strip() or not _PLAIN.fullmatch(value) or not value.isprintable():
        return False
    if re.search(r": |:$| #|[\[\]{},]", value):
        return False
    tag = _resolve(yaml.ScalarNode, value, (True, False))
    return key in _TYPED or tag == "tag:yaml.org,2002:str"


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    return (
        character
        if character.isprintable() or character == "\N{NO-BREAK SPACE}" or character == "\u202f"
        else f"\\u{ord(character):04x}"
        if ord(character) < 0x10000
        else f"\\U{ord(character):08x}"
    )
