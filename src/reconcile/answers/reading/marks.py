"""What a format tells beside the values, gathered while its XML is streamed: the used range first, for a library
that is handed a sheet reaching down a million rows takes the machine's memory without a word."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from typing import IO, Any
from xml.parsers import expat

from reconcile.answers.reading.grid import CellKind, Place, Refused

#: Rows and columns that hold something; a federation has some hundreds of addresses.
ROWS_LIMIT, COLUMNS_LIMIT = 5_000, 200
MERGES_LIMIT = 2_000


@dataclasses.dataclass(slots=True)
class Marks:
    """Gathered for one sheet. ``kinds``: cells that are errors or formulas without a value. ``shown``: what a number's
    format displays. ``formats``: the format of each number."""

    used: Place = (0, 0)
    struck: set[Place] = dataclasses.field(default_factory=set)
    hidden: set[int] = dataclasses.field(default_factory=set)
    notes: dict[Place, str] = dataclasses.field(default_factory=dict)
    merges: list[tuple[int, int, int, int]] = dataclasses.field(default_factory=list)
    kinds: dict[Place, tuple[CellKind, str]] = dataclasses.field(default_factory=dict)
    shown: dict[Place, str] = dataclasses.field(default_factory=dict)
    formats: dict[Place, str] = dataclasses.field(default_factory=dict)

    def uses(self, place: Place) -> None:
        """Something stands there. Raises Refused WBK07 beyond the limits."""
        row, column = place
        if row >= ROWS_LIMIT or column >= COLUMNS_LIMIT:
            told = f"Ce classeur va jusqu’à la ligne {row + 1} : supprimez ce qui est loin sous le tableau."
            if column >= COLUMNS_LIMIT:
                told = f"Ce classeur va jusqu’à la colonne n° {column + 1} : supprimez ce qui est loin à droite."
            raise Refused("WBK07", told)
        self.used = (max(self.used[0], row + 1), max(self.used[1], column + 1))

    def merge(self, area: tuple[int, int, int, int]) -> None:
        if len(self.merges) == MERGES_LIMIT:
            raise Refused("WBK07", "Ce classeur a des milliers de cellules fusionnées : défusionnez-les.")
        self.merges.append(area)


Attributes = Mapping[str, str]


def stream(
    file: IO[bytes],
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] = lambda _: None,
    text: Callable[[str], None] | None = None,
) -> None:
    """Read XML with names without their namespaces. No document type is let through, so no entity is defined: raises
    Refused WBK10. Raises expat.ExpatError for what is no XML."""
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True

    def refuse(*_: Any) -> None:
        raise Refused("WBK10", "Ce fichier définit des entités XML, ce qu’aucun tableur n’écrit : il n’a pas été lu.")

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.StartElementHandler = lambda name, attributes: start(
        name.rpartition(" ")[2], {key.rpartition(" ")[2]: value for key, value in attributes.items()}
    )
    parser.EndElementHandler = lambda name: end(name.rpartition(" ")[2])
    if text is not None:
        parser.CharacterDataHandler = text
    parser.ParseFile(file)


def place_of(reference: str) -> Place | None:
    """Row and column of ``D17``; None for what is no reference."""
    match = re.fullmatch(r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})", reference)
    if match is None or match[2] == "0":
        return None
    column = 0
    for letter in match[1].upper():
        column = column * 26 + ord(letter) - ord("A") + 1
    return int(match[2]) - 1, column - 1


def area_of(reference: str) -> tuple[int, int, int, int] | None:
    first, _, last = reference.partition(":")
    start, stop = place_of(first), place_of(last or first)
    return (*start, *stop) if start and stop else None


def displayed(value: str, code: str) -> str:
    """What a number format makes of a whole number, for the formats people give to phones and identifiers: digits
    filled into places (``00 00 00 00 00``), or words of its own (``"E3"``). "" when it shows the number itself."""
    code = code.split(";", maxsplit=1)[0]
    if re.fullmatch(r"General|0|@|#|#,##0|", code):
        return ""
    quoted = "".join(re.findall(r'"([^"]*)"', code))
    bare = re.sub(
        r'"[^"]*"|\\.|\[[^\]]*\]', lambda m: m[0][1] if m[0][0] == "\\" else " " if m[0] == '" "' else "", code
    )
    if re.search(r"[A-Za-z]", quoted):
        return quoted.strip()
    if not value.isdigit() or not re.fullmatch(r"[0# .\-/()]+", bare) or bare.count("0") + bare.count("#") < 2:
        return ""
    if "." in bare and not re.search(r"[0#]\.[0#]{2}(\.[0#]{2})+", bare):
        return ""
    return _filled(value, bare)


def _filled(digits: str, places: str) -> str:
    """The digits in the format's places, from the right; a 0 is filled up, a # is left out."""
    left, made = list(digits), ""
    for character in reversed(places):
        if character not in "0#":
            made = character + made
        elif left:
            made = left.pop() + made
        elif character == "0":
            made = "0" + made
    return ("".join(left) + made).strip()
