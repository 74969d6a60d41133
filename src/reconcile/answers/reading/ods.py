"""Marks of a .ods: strikes, hidden rows, notes, merges, errors, what numbers show, and the custom properties."""

from __future__ import annotations

import zipfile

from reconcile.answers.reading.marks import COLUMNS_LIMIT, ROWS_LIMIT, Marks, stream


def read_marks(archive: zipfile.ZipFile) -> tuple[dict[str, Marks], dict[str, str]]:
    """The marks of each sheet, by its name, and the custom properties. Raises as its counterpart of .xlsx does."""
    content = _Content()
    with archive.open("content.xml") as file:
        stream(file, content.start, content.end, content.text)
    properties: dict[str, str] = {}
    if "meta.xml" in archive.namelist():
        with archive.open("meta.xml") as file:
            name = [""]

            def start(tag: str, attributes: dict[str, str]) -> None:
                name[0] = attributes.get("name", "") if tag == "user-defined" else ""

            def text(part: str) -> None:
                if name[0]:
                    properties[name[0]] = (properties.get(name[0], "") + part).strip()

            def end(_: str) -> None:
                name[0] = ""

            stream(file, start, end, text)
    return content.sheets, properties


class _Content:
    """One walk over content.xml."""

    def __init__(self) -> None:
        self.sheets: dict[str, Marks] = {}
        self.marks = Marks()
        self.styles: set[str] = set()
        self.style = ""
        self.row = self.column = 0
        self.rows = self.columns = 1
        self.cell: dict[str, str] = {}
        self.note: list[str] | None = None
        self.said: list[str] = []
        self.paragraph = False
        self.any = False
        self.inside = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "style" and attributes.get("family") == "table-cell":
            self.style = attributes.get("name", "")
        elif tag == "text-properties" and self.style:
            if attributes.get("text-line-through-style", "none") != "none":
                self.styles.add(self.style)
        elif tag == "table":
            self.marks = self.sheets.setdefault(attributes.get("name", ""), Marks())
            self.row = self.column = 0
        elif tag == "table-row":
            self.rows, self.column, self.any = _repeats(attributes, "number-rows-repeated"), 0, False
            if attributes.get("visibility") in ("collapse", "filter"):
                self.marks.hidden.update(range(self.row, min(self.row + self.rows, ROWS_LIMIT)))
        elif tag in ("table-cell", "covered-table-cell"):
            self.cell, self.said, self.inside = attributes, [], True
            self.columns = _repeats(attributes, "number-columns-repeated")
            self._merge(attributes)
        elif tag == "annotation":
            self.note = []
        elif tag in ("p", "line-break"):
            self.paragraph = self.inside
            into = self.said if self.note is None else self.note
            if into:
                into.append("\n")

    def _merge(self, attributes: dict[str, str]) -> None:
        down, right = _repeats(attributes, "number-rows-spanned"), _repeats(attributes, "number-columns-spanned")
        if down > 1 or right > 1:
            self.marks.merge((self.row, self.column, self.row + down - 1, self.column + right - 1))

    def text(self, part: str) -> None:
        if self.paragraph:
            (self.said if self.note is None else self.note).append(part)

    def end(self, tag: str) -> None:
        if tag == "style":
            self.style = ""
        elif tag == "p":
            self.paragraph = False
        elif tag == "annotation":
            if (said := "".join(self.note or ()).strip()) and self.row < ROWS_LIMIT and self.column < COLUMNS_LIMIT:
                self.marks.notes[self.row, self.column] = said
            self.note = None
        elif tag in ("table-cell", "covered-table-cell"):
            self.inside = False
            self._cell("".join(self.said).strip())
            self.column += self.columns
        elif tag == "table-row":
            if self.any:
                self.marks.uses((self.row + self.rows - 1, 0))
            self.row += self.rows

    def _cell(self, said: str) -> None:
        kind = self.cell.get("value-type", "")
        if not kind and not said:
            return
        self.any = True
        place = (self.row, self.column)
        self.marks.uses((self.row, self.column + self.columns - 1))
        if self.cell.get("style-name", "") in self.styles:
            self.marks.struck.add(place)
        if kind == "error" or (self.cell.get("formula") and said.startswith("#")):
            self.marks.kinds[place] = ("error", said)
        elif kind == "float" and said:
            self.marks.shown[place] = said


def _repeats(attributes: dict[str, str], name: str) -> int:
    text = attributes.get(name, "1")
    return int(text) if text.isdigit() and len(text) < 9 and int(text) else 1
