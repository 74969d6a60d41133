"""A .csv: which characters, which separator, then rows."""

from __future__ import annotations

import csv
import io
import re

from reconcile.answers.reading.grid import Cell, CellKind, Grid, Refused, Returned
from reconcile.answers.reading.marks import COLUMNS_LIMIT, ROWS_LIMIT

#: In this order: a mark at the beginning says it; what is no UTF-8 was written by Excel.
_ENCODINGS = ("utf-8-sig", "utf-16", "cp1252")


def read_text(data: bytes) -> Returned:
    """Raises Refused WBK07, WBK08."""
    text = _decoded(data)
    lines = text.splitlines()
    if lines and lines[0].lower().startswith("sep="):  # a hint to Excel, which other programs leave as a row
        separator, text = lines[0][4:5] or ";", text.partition("\n")[2]
    else:
        separator = _separator(lines)
    cells = {}
    try:
        for number, row in enumerate(csv.reader(io.StringIO(text), delimiter=separator)):
            for column, value in enumerate(row):
                if not value:
                    continue
                if number >= ROWS_LIMIT or column >= COLUMNS_LIMIT:
                    raise Refused("WBK07", f"Ce fichier va jusqu’à la ligne {number + 1} : ce n’est pas notre tableau.")
                cells[number, column] = Cell(value, _kind(value))
    except csv.Error as error:
        raise Refused(
            "WBK08", "Ce fichier texte ne se lit pas comme un tableau. Renvoyez le classeur (.xlsx)."
        ) from error
    return Returned("csv", (Grid("", cells),))


def _kind(value: str) -> CellKind:
    """What the cell was: a text file keeps no types, and a phone that was a number has lost its zero."""
    if re.fullmatch(r"#[A-Z0-9/]+[!?]?", value):
        return "error"
    return "number" if value.isdecimal() else "text"


def _decoded(data: bytes) -> str:
    utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in _ENCODINGS:
        if (encoding == "utf-16") != utf16:
            continue
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")


def _separator(lines: list[str]) -> str:
    """The one that is most frequent in the line that has the most of them, among the first: titles stand there."""
    counts = {one: max((line.count(one) for line in lines[:15]), default=0) for one in (";", "\t", ",")}
    return max(counts, key=lambda one: counts[one])
