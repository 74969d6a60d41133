"""The folders of a mailbox, read from the answers to LIST, LSUB and NAMESPACE. Pure."""

from __future__ import annotations

import dataclasses
import re

from reconcile.mailcopy.imap.grammar import unquoted

_QUOTED = rb'"(?:\\.|[^"\\])*"'
_ROW = re.compile(
    rb"^\* (LIST|LSUB) \(([^)]*)\) (NIL|" + _QUOTED + rb") (?:\{(\d+)\}\r\n|(" + _QUOTED + rb")|([^\r\n]+))",
    re.MULTILINE | re.IGNORECASE,
)
_PREFIX = re.compile(rb"^\* NAMESPACE \(\((" + _QUOTED + rb")", re.MULTILINE | re.IGNORECASE)


@dataclasses.dataclass(frozen=True, slots=True)
class Folder:
    """A folder as LIST shows it. ``name`` is raw (modified UTF-7), ``flags`` lower case (``\\sent``…)."""

    name: bytes
    separator: str
    flags: frozenset[str]

    @property
    def selectable(self) -> bool:
        return not self.flags & {"\\noselect", "\\nonexistent"}


@dataclasses.dataclass(frozen=True, slots=True)
class Layout:
    """``prefix``: of the personal namespace (RFC 2342), b"" or b"INBOX." for instance."""

    folders: list[Folder]
    subscribed: frozenset[bytes]
    prefix: bytes = b""


def read_layout(answers: bytes) -> Layout:
    """The untagged answers, whole, in any order. A name comes as a quoted string, a literal or an atom."""
    folders: list[Folder] = []
    subscribed: set[bytes] = set()
    position = 0
    while row := _ROW.search(answers, position):
        position = row.end()
        if row[4] is not None:
            name = answers[position : position + int(row[4])]
            position += int(row[4])
        else:
            name = unquoted(row[5][1:-1]) if row[5] is not None else row[6]
        if row[1].upper() == b"LSUB":
            subscribed.add(name)
        else:
            separator = "" if row[3].upper() == b"NIL" else unquoted(row[3][1:-1]).decode("latin-1")
            folders.append(Folder(name, separator, frozenset(row[2].decode("latin-1").lower().split())))
    prefix = _PREFIX.search(answers)
    return Layout(folders, frozenset(subscribed), unquoted(prefix[1][1:-1]) if prefix else b"")
