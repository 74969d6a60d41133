"""Returned workbooks, made by script: each is ours, filled in, then treated as people and their programs treat it."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
from openpyxl.comments import Comment
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

from reconcile.documents.workbook.columns import FIRST_ROW, KEYS, Key

Change = Callable[[Worksheet], None]


def letter(key: Key) -> str:
    return chr(ord("A") + KEYS.index(key))


def row_of(sheet: Worksheet, address: str) -> int:
    return next(row for row in range(FIRST_ROW + 1, sheet.max_row + 1) if sheet.cell(row, 1).value == address)


def free_row(sheet: Worksheet) -> int:
    return next(row for row in range(FIRST_ROW + 1, sheet.max_row + 1) if not sheet.cell(row, 1).value)


def put(sheet: Worksheet, row: int, **cells: object) -> None:
    for key, value in cells.items():
        sheet[f"{letter(key)}{row}"].value = value  # type: ignore[index]


def fill(address: str, **cells: object) -> Change:
    """The row of that address, filled in so."""
    return lambda sheet: put(sheet, row_of(sheet, address), **cells)


def add(**cells: object) -> Change:
    """One of the free rows, filled in so."""
    return lambda sheet: put(sheet, free_row(sheet), **cells)


def changed(path: Path, *changes: Change) -> bytes:
    """The workbook at ``path`` after these changes, saved by another program."""
    book = openpyxl.load_workbook(path)
    for change in changes:
        change(book["Adresses"])
    output = io.BytesIO()
    book.save(output)
    return output.getvalue()


def strike(address: str) -> Change:
    def change(sheet: Worksheet) -> None:
        for cell in sheet[row_of(sheet, address)]:
            cell.font = Font(strike=True)

    return change


def note(address: str, key: Key, text: str) -> Change:
    def change(sheet: Worksheet) -> None:
        sheet[f"{letter(key)}{row_of(sheet, address)}"].comment = Comment(text, "X")

    return change


def hide(address: str) -> Change:
    def change(sheet: Worksheet) -> None:
        sheet.row_dimensions[row_of(sheet, address)].hidden = True

    return change


def format_of(address: str, key: Key, code: str) -> Change:
    def change(sheet: Worksheet) -> None:
        sheet[f"{letter(key)}{row_of(sheet, address)}"].number_format = code

    return change


def delete(address: str) -> Change:
    return lambda sheet: sheet.delete_rows(row_of(sheet, address))


def patched(data: bytes, part: str, pattern: str, new: str) -> bytes:
    """The archive with one of its XML parts changed."""
    output = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as made:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename == part:
                text, count = re.subn(pattern, new, content.decode(), count=1)
                assert count, "nothing was changed"
                content = text.encode()
            made.writestr(entry.filename, content)
    return output.getvalue()


def as_csv(path: Path, separator: str, encoding: str, *changes: Change) -> bytes:
    book = openpyxl.load_workbook(path, data_only=True)
    for change in changes:
        change(book["Adresses"])
    lines = [
        separator.join('"' + str("" if one is None else one).replace('"', '""') + '"' for one in row)
        for row in book["Adresses"].iter_rows(values_only=True)
    ]
    return "\r\n".join(lines).encode(encoding, "replace")
