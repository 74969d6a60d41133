"""What only a .xls tells of itself: strikes, hidden rows, notes, merges, and whose workbook it is."""

from __future__ import annotations

import contextlib
import io
from typing import Any

from reconcile.answers.reading.marks import Marks


def read_marks(data: bytes) -> tuple[dict[str, Marks], dict[str, str]]:
    """The marks of each sheet, by its name, and the custom properties. Raises what xlrd does for a damaged file."""
    import xlrd

    with contextlib.redirect_stdout(io.StringIO()):
        book = xlrd.open_workbook(file_contents=data, formatting_info=True, logfile=io.StringIO())
    sheets = {sheet.name: _marks(book, sheet) for sheet in book.sheets()}
    return sheets, _properties(data)


def _marks(book: Any, sheet: Any) -> Marks:
    import xlrd

    marks = Marks()
    for row in range(sheet.nrows):
        for column in range(sheet.row_len(row)):
            kind = sheet.cell_type(row, column)
            if kind in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK):
                continue
            place = (row, column)
            value = sheet.cell_value(row, column)
            if value != "":
                marks.uses(place)
            style = book.xf_list[sheet.cell_xf_index(row, column)]
            runs = sheet.rich_text_runlist_map.get(place, ())
            if book.font_list[style.font_index].struck_out and all(book.font_list[font].struck_out for _, font in runs):
                marks.struck.add(place)
            if kind == xlrd.XL_CELL_ERROR:
                marks.kinds[place] = ("error", xlrd.error_text_from_code.get(value, "#ERREUR"))
            elif kind == xlrd.XL_CELL_NUMBER:
                marks.formats[place] = book.format_map[style.format_key].format_str
    marks.hidden = {row for row, info in sheet.rowinfo_map.items() if info.hidden}
    for (row, column), note in sheet.cell_note_map.items():
        if note.text.strip():
            marks.notes[row, column] = note.text.strip()
    for first, after, left, right in sheet.merged_cells:
        marks.merge((first, left, after - 1, right - 1))
    return marks


def _properties(data: bytes) -> dict[str, str]:
    import olefile

    with olefile.OleFileIO(io.BytesIO(data)) as storage:
        name = "\x05DocumentSummaryInformation"
        if not storage.exists(name):
            return {}
        return _custom(storage.openstream(name).read())


def _custom(stream: bytes) -> dict[str, str]:
    """The user-defined section of [MS-OLEPS]: a dictionary of names, and text values; others are left out."""
    if len(stream) < 28 or int.from_bytes(stream[24:28], "little") < 2:
        return {}
    section = stream[int.from_bytes(stream[64:68], "little") :]

    def number(at: int) -> int:
        return int.from_bytes(section[at : at + 4], "little")

    offsets = {number(8 + 8 * one): number(12 + 8 * one) for one in range(min(number(4), 200))}
    encoding = "cp1252"
    if 1 in offsets:
        page = int.from_bytes(section[offsets[1] + 4 : offsets[1] + 6], "little")
        encoding = {65001: "utf-8", 1200: "utf-16-le"}.get(page, "cp1252")
    names: dict[int, str] = {}
    if 0 in offsets:
        at = offsets[0] + 4
        for _ in range(min(number(offsets[0]), 200)):
            key, length = number(at), number(at + 4)
            size = length * 2 if encoding == "utf-16-le" else length
            names[key] = section[at + 8 : at + 8 + size].decode(encoding, "replace").strip("\0")
            at += 8 + (size + 3 & ~3 if encoding == "utf-16-le" else size)
    found = {}
    for key, name in names.items():
        if key in offsets and number(offsets[key]) in (0x1E, 0x1F):
            wide = number(offsets[key]) == 0x1F
            length = number(offsets[key] + 4) * (2 if wide else 1)
            raw = section[offsets[key] + 8 : offsets[key] + 8 + length]
            found[name] = raw.decode("utf-16-le" if wide else encoding, "replace").strip("\0").strip()
    return found
