"""Rows of a delimited text file (CSV) as people export and re-save them: any usual encoding and separator."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from reconcile.language.phrase import Phrase

#: The largest file that is read, in bytes.
LARGEST = 50_000_000


class Unreadable(Exception):
    """The file is no delimited text that can be read; the message says why, in a few words."""


class Row(NamedTuple):
    """A row that is not blank. ``line``: the last of its lines in the file, from 1."""

    line: int
    cells: tuple[str, ...]


def read_text(file: Path) -> str:
    """The whole file. Raises ``Unreadable``."""
    return _decoded(_bytes(file))


def separators(text: str) -> tuple[str, ...]:
    """What may separate the cells of this text, the likeliest first: what its first line names, or holds most often."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    if named := _NAMED.fullmatch(first.strip()):
        return (named[1],)
    return tuple(sorted(";,\t|", key=first.count, reverse=True))


def rows(text: str, separator: str) -> Iterator[Row]:
    """The rows that are not blank, as they stand, without the line that names the separator. Raises ``Unreadable``,
    also midway."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        for number, cells in enumerate(row for row in reader if any(cell.strip() for cell in row)):
            if number or not _NAMED.fullmatch(separator.join(cells).strip()):
                yield Row(reader.line_num, tuple(cells))
    except csv.Error as error:
        raise Unreadable(Phrase("it is not CSV: {error}", error=error)) from None


def letters(text: str) -> str:
    """A title or a word without accents, spaces, digits, marks and capitals."""
    return re.sub("[^a-z]", "", unicodedata.normalize("NFD", text).encode("ascii", "ignore").decode().lower())


#: Excel's own line before the titles.
_NAMED = re.compile(r"sep=(.)")


def _bytes(file: Path) -> bytes:
    if file.exists() and not file.is_file():  # a pipe would be waited for
        raise Unreadable(Phrase("it is no ordinary file"))
    try:
        with file.open("rb") as opened:
            data = opened.read(LARGEST + 1)
    except OSError as error:
        raise Unreadable(error.strerror or type(error).__name__) from None
    if len(data) > LARGEST:
        raise Unreadable(Phrase("it is larger than {largest} MB", largest=LARGEST // 10**6))
    if data[:4] == b"PK\x03\x04" or data[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise Unreadable(Phrase("it is a workbook, not CSV: save it as CSV"))
    return data


def _decoded(data: bytes) -> str:
    """UTF-8 with or without its mark, UTF-16 (Excel's « Texte Unicode »), else Windows' Western European."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            return data.decode("utf-16")
        except UnicodeDecodeError:
            raise Unreadable(Phrase("it begins as UTF-16 and is not")) from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")
