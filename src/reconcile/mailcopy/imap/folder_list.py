"""The folders of a mailbox, read from the answers to LIST, LSUB and NAMESPACE. Pure."""

from __future__ import annotations

import dataclasses
import re

from reconcile.mailcopy.imap.grammar import is_name, number, unquoted
from reconcile.mailcopy.imap.limits import FOLDERS, Excess

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
    """``prefix``: of the personal namespace (RFC 2342), b"" or b"INBOX." for instance. ``unusable``: names no command
    can hold, with a line end for instance; nothing is asked about these."""

    folders: list[Folder]
    subscribed: frozenset[bytes]
    prefix: bytes = b""
    unusable: tuple[bytes, ...] = ()


def read_layout(answers: bytes) -> Layout:
    """The untagged answers, whole, in any order. A name comes as a quoted string, a literal or an atom.

    Raises ``Excess`` for more folders than a mailbox has.
    """
    folders: list[Folder] = []
    unusable: list[bytes] = []
    subscribed: set[bytes] = set()
    position = 0
    while row := _ROW.search(answers, position):
        position = row.end()
        if row[4] is not None:
            length = number(row[4])
            name = answers[position : position + length]
            position += length
        else:
            name = unquoted(row[5][1:-1]) if row[5] is not None else row[6]
        if not is_name(name):
            unusable.append(name)
        elif row[1].upper() == b"LSUB":
            subscribed.add(name)
        else:
            separator = "" if row[3].upper() == b"NIL" else unquoted(row[3][1:-1]).decode("latin-1")
            separator = separator if len(separator) == 1 and separator.isprintable() else ""
            folders.append(Folder(name, separator, frozenset(row[2].decode("latin-1").lower().split())))
        if max(len(folders), len(subscribed), len(unusable)) > FOLDERS:
            raise Excess(f"more than {FOLDERS:,} folders")
    found = _PREFIX.search(answers)
    prefix = unquoted(found[1][1:-1]) if found else b""
    return Layout(folders, frozenset(subscribed), prefix if is_name(prefix) else b"", tuple(unusable))
