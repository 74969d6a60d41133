"""Marks of a .xlsx: strikes, hidden rows, notes, merges, errors, formats, and the custom properties."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Callable
from typing import IO

from reconcile.answers.reading.marks import Marks, area_of, place_of, stream


class Package:
    """The parts of the archive, by name; some programs write them with backslashes, or another case."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._names = {name.replace("\\", "/").lstrip("/").lower(): name for name in archive.namelist()}

    def open(self, name: str) -> IO[bytes] | None:
        real = self._names.get(name.lstrip("/").lower())
        return self._archive.open(real) if real is not None else None

    def relations(self, part: str) -> dict[str, tuple[str, str]]:
        """id → (kind, target) of a part's relationships."""
        folder, name = posixpath.split(part)
        found: dict[str, tuple[str, str]] = {}

        def start(tag: str, attributes: dict[str, str]) -> None:
            if tag == "Relationship" and attributes.get("TargetMode") != "External":
                target = attributes.get("Target", "").replace("\\", "/")
                whole = target if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
                kind = attributes.get("Type", "").rpartition("/")[2]
                found[attributes.get("Id", "")] = (kind, whole.lstrip("/"))

        self.each(f"{folder}/_rels/{name}.rels", start)
        return found

    def each(self, name: str, start: Callable[[str, dict[str, str]], None]) -> None:
        if (file := self.open(name)) is not None:
            with file:
                stream(file, start)


def read_marks(archive: zipfile.ZipFile) -> tuple[dict[str, Marks], dict[str, str]]:
    """The marks of each sheet, by its name, and the custom properties. Raises Refused; expat.ExpatError and others for
    a file that is not as it should be."""
    package = Package(archive)
    struck, formats = _styles(package)
    partly = _partly_struck(package)
    relations = package.relations("xl/workbook.xml")
    sheets: dict[str, Marks] = {}
    for name, relation in _sheets(package):
        part = relations.get(relation, ("", ""))[1]
        file = package.open(part)
        if file is None:
            continue
        with file:
            sheets[name] = _Sheet(struck, formats, partly).read(file)
        for kind, target in package.relations(part).values():
            if kind in ("comments", "threadedComment"):
                _notes(package, target, sheets[name])
    return sheets, _properties(package)


def _sheets(package: Package) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag == "sheet":
            found.append((attributes.get("name", ""), attributes.get("id", "")))

    package.each("xl/workbook.xml", start)
    return found


def _styles(package: Package) -> tuple[list[bool], list[str]]:
    """For each cell style: whether it is struck through, and its number format."""
    inside, fonts, codes = [""], [], {9: "0%", 10: "0.00%", 49: "@"}
    struck: list[bool] = []
    formats: list[str] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag in ("fonts", "cellXfs", "cellStyleXfs", "dxfs"):
            inside[0] = tag
        elif tag == "numFmt" and inside[0] != "dxfs":
            codes[int(attributes["numFmtId"])] = attributes.get("formatCode", "")
        elif tag == "font" and inside[0] == "fonts":
            fonts.append(False)
        elif tag == "strike" and inside[0] == "fonts" and fonts:
            fonts[-1] = attributes.get("val", "1") not in ("0", "false")
        elif tag == "xf" and inside[0] == "cellXfs":
            font = int(attributes.get("fontId") or 0)
            struck.append(font < len(fonts) and fonts[font])
            formats.append(codes.get(int(attributes.get("numFmtId") or 0), ""))

    def end(tag: str) -> None:
        if tag == inside[0]:
            inside[0] = ""

    if (file := package.open("xl/styles.xml")) is not None:
        with file:
            stream(file, start, end)
    return struck, formats


def _partly_struck(package: Package) -> frozenset[str]:
    """The shared texts, by their number, of which some letters are not struck through: LibreOffice strikes the whole
    cell of a text that is struck in part."""
    found: set[str] = set()
    count, run, struck = [-1], [False], [False]

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag == "si":
            count[0] += 1
        elif tag == "r":
            run[0], struck[0] = True, False
        elif tag == "strike" and run[0]:
            struck[0] = attributes.get("val", "1") not in ("0", "false")

    def end(tag: str) -> None:
        if tag == "r":
            run[0] = False
            if not struck[0]:
                found.add(str(count[0]))

    if (file := package.open("xl/sharedStrings.xml")) is not None:
        with file:
            stream(file, start, end)
    return frozenset(found)


class _Sheet:
    """One walk over a sheet's cells."""

    def __init__(self, struck: list[bool], formats: list[str], partly: frozenset[str]) -> None:
        self.struck, self.formats, self.partly = struck, formats, partly
        self.marks = Marks()
        self.row = self.column = -1
        self.style = 0
        self.type = ""
        self.filled = self.formula = self.valued = False
        self.value = ""
        self.reading = False

    def read(self, file: IO[bytes]) -> Marks:
        stream(file, self.start, self.end, self.text)
        return self.marks

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "c":
            place = place_of(attributes.get("r", ""))
            self.row, self.column = place or (self.row, self.column + 1)
            self.style = int(attributes.get("s") or 0)
            self.type = attributes.get("t", "n")
            self.filled = self.formula = self.valued = False
            self.value = ""
        elif tag in ("v", "is"):
            self.filled, self.reading = True, tag == "v"
        elif tag == "f":
            self.formula = True
        elif tag == "row":
            number = attributes.get("r", "")
            self.row, self.column = int(number) - 1 if number.isdigit() else self.row + 1, -1
            if attributes.get("hidden") in ("1", "true") and self.row < 100_000:
                self.marks.hidden.add(self.row)
        elif tag == "mergeCell" and (area := area_of(attributes.get("ref", ""))):
            self.marks.merge(area)

    def text(self, text: str) -> None:
        if self.reading:
            self.value += text

    def end(self, tag: str) -> None:
        if tag == "v":
            self.reading = False
        if tag != "c" or not (self.filled or self.formula):
            return
        place = (self.row, self.column)
        valued = bool(self.value) or self.type == "inlineStr"
        if valued or self.formula:
            self.marks.uses(place)
        if self.type == "e":
            self.marks.kinds[place] = ("error", self.value)
        elif self.formula and not self.value and self.type != "str":
            self.marks.kinds[place] = ("formula", "")
        if self.style < len(self.struck):
            if self.struck[self.style] and not (self.type == "s" and self.value in self.partly):
                self.marks.struck.add(place)
            if self.type == "n" and self.formats[self.style]:
                self.marks.formats[place] = self.formats[self.style]


def _notes(package: Package, part: str, marks: Marks) -> None:
    file = package.open(part)
    if file is None:
        return
    at: list[str] = [""]
    said: list[str] = []
    reading = [False]

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag in ("comment", "threadedComment"):
            at[0] = attributes.get("ref", "")
            said.clear()
        reading[0] = tag in ("t", "text")

    def text(part: str) -> None:
        if reading[0]:
            said.append(part)

    def end(tag: str) -> None:
        reading[0] = False
        if tag in ("comment", "threadedComment") and (place := place_of(at[0])) and "".join(said).strip():
            marks.notes.setdefault(place, "".join(said).strip())

    with file:
        stream(file, start, end, text)


def _properties(package: Package) -> dict[str, str]:
    file = package.open("docProps/custom.xml")
    found: dict[str, str] = {}
    name = [""]

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag == "property":
            name[0] = attributes.get("name", "")

    def text(part: str) -> None:
        if name[0]:
            found[name[0]] = (found.get(name[0], "") + part).strip()

    def end(tag: str) -> None:
        if tag == "property":
            name[0] = ""

    if file is not None:
        with file:
            stream(file, start, end, text)
    return found
