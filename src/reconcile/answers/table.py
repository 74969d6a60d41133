"""The table inside a returned file: which sheet, which row has the titles, which column is what; then its rows."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping

from reconcile.answers.cells.text import clean, folded
from reconcile.answers.finding import Finding, Said
from reconcile.answers.reading.grid import Cell, Grid, Place, Refused, Returned
from reconcile.documents.workbook.columns import ADDRESSES, COLUMNS, REQUIRED, Key

#: How far down titles are looked for.
_HEADER_ROWS = 15
_EMPTY = Cell("")


@dataclasses.dataclass(frozen=True, slots=True)
class Record:
    """One row that says something. ``cells``: by column, cleaned text; ``raw``: as they were; ``said``: what is
    remarked before any of it is understood, by column."""

    sheet: str
    row: int
    columns: Mapping[Key, int]
    cells: Mapping[Key, str]
    raw: Mapping[Key, Cell]
    said: tuple[tuple[Key, Said], ...] = ()
    note: str = ""

    def at(self, key: Key) -> str:
        """``D17``."""
        return name_of((self.row, self.columns.get(key, 0)))


@dataclasses.dataclass(frozen=True, slots=True)
class Table:
    records: tuple[Record, ...]
    findings: tuple[Finding, ...]
    columns: Mapping[Key, int]


def table(returned: Returned) -> Table:
    """The rows of the best sheet. Raises Refused WBK14 (no titles), WBK15 (a column we need is missing)."""
    found = [
        (columns, row, grid)
        for grid in returned.grids
        if grid.visible and (best := _titles(grid))
        for columns, row in [best]
    ]
    whole = [one for one in found if all(key in one[0] for key in REQUIRED)]
    if not whole:
        if not found:
            raise Refused(
                "WBK14", "Les titres du tableau (Adresse actuelle, Conserver ?, Licence…) ont disparu du fichier."
            )
        missing = ", ".join(COLUMNS[key].title for key in REQUIRED if key not in found[0][0])
        raise Refused("WBK15", f"Il manque au tableau : {missing}. Remettez les colonnes avec leurs titres.")
    whole.sort(key=lambda one: (-len(_addresses(one)), one[2].name != ADDRESSES))
    columns, header, grid = whole[0]
    findings = [_other(one) for one in whole[1:] if _addresses(one) - _addresses(whole[0])]
    if folded(grid.name) != folded(ADDRESSES) and grid.name:
        told = f"La feuille lue est « {grid.name} » : notre feuille s’appelait {ADDRESSES}."
        findings.append(Finding("WBK22", "corrected", told, grid.name))
    records, more = _records(grid, header, columns)
    return Table(tuple(records), (*findings, *more), columns)


_Found = tuple[dict[Key, int], int, Grid]


def _titles(grid: Grid) -> tuple[dict[Key, int], int] | None:
    """The row with the most titles; None when no row has two."""
    best: tuple[dict[Key, int], int] = ({}, 0)
    rows: dict[int, list[tuple[int, str]]] = {}
    for (row, column), cell in grid.cells.items():
        if row < _HEADER_ROWS:
            rows.setdefault(row, []).append((column, _title(cell.text)))
    for row, texts in sorted(rows.items()):
        columns: dict[Key, int] = {}
        for column, text in sorted(texts):
            key = _KNOWN.get(text)
            if key is not None:
                columns.setdefault(key, column)
        if len(columns) > len(best[0]):
            best = (columns, row)
    return best if len(best[0]) >= 2 else None


def _title(text: str) -> str:
    return re.sub(r"[\s?:*.]+", " ", folded(text)).strip()


_KNOWN: Mapping[str, Key] = {
    _title(name): key for key, column in COLUMNS.items() for name in (column.title, *column.names)
}


def _addresses(found: _Found) -> set[str]:
    columns, header, grid = found
    column = columns["address"]
    return {
        folded(cell.text)
        for (row, at), cell in grid.cells.items()
        if at == column and row > header and "@" in cell.text
    }


def _other(found: _Found) -> Finding:
    name = found[2].name
    told = f"La feuille « {name} » est remplie aussi : elle n’a pas été lue. Regroupez tout sur la feuille {ADDRESSES}."
    return Finding("WBK19", "error", told, name)


def _records(grid: Grid, header: int, columns: Mapping[Key, int]) -> tuple[list[Record], list[Finding]]:
    records, findings = [], []
    merged, covered = _merged(grid, header, columns)
    last = max((row for row, _ in grid.cells), default=0)
    for row in range(header + 1, last + 1):
        raw = {
            key: merged.get((row, column)) or grid.cells.get((row, column), _EMPTY) for key, column in columns.items()
        }
        said = [(key, told) for key, column in columns.items() for told in covered.get((row, column), ())]
        cells = {
            key: clean(cell.text)
            for key, cell in raw.items()
            if key not in ("today", "size", "last_used", "control", "reply")
        }
        filled = {key: text for key, text in cells.items() if text}
        if not filled:
            continue
        where = name_of((row, columns["address"]))
        if len(filled) >= 2 and all(_KNOWN.get(_title(text)) == key for key, text in filled.items()):
            findings.append(
                Finding(
                    "WBK63", "corrected", "Les titres répétés n’ont pas été lus comme une adresse.", grid.name, where
                )
            )
            continue
        if "@" not in cells.get("address", "") and len(filled) == 1 and not _looks_local(next(iter(filled.values()))):
            text = next(iter(filled.values()))
            told = f"« {text} » a été lu comme un intertitre."
            findings.append(Finding("WBK63", "corrected", told, grid.name, where, read=text))
            continue
        said += _cell_faults(raw)
        said += [
            (key, Said("WBK16", "error", f"« {text} » est le titre d’une colonne, pas une réponse."))
            for key, text in filled.items()
            if _KNOWN.get(_title(text)) == key and key != "remarks"
        ]
        record = Record(grid.name, row, columns, cells, raw, tuple(said), _notes(grid, row))
        records.append(_with_marks(record, grid))
    return records, findings


def _looks_local(text: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9]+[._-][A-Za-z0-9._-]+|[a-z0-9]{3,}", text) is not None


def _cell_faults(raw: Mapping[Key, Cell]) -> Iterator[tuple[Key, Said]]:
    for key, cell in raw.items():
        if not (COLUMNS[key].filled or key == "address"):
            continue
        if cell.kind == "error":
            yield (
                key,
                Said(
                    "WBK54",
                    "error",
                    f"La cellule contient l’erreur {cell.text or '#ERREUR'} : écrivez la réponse elle-même.",
                ),
            )
        elif cell.kind == "formula":
            yield (
                key,
                Said("WBK54", "error", "La cellule contient une formule sans résultat : écrivez la réponse elle-même."),
            )
        elif cell.shown and key in ("keep", "licence") and folded(cell.shown) != folded(cell.text):
            told = f"La cellule affiche « {cell.shown} » et contient « {cell.text} » : écrivez la réponse elle-même."
            yield key, Said("WBK62", "error", told)


def _with_marks(record: Record, grid: Grid) -> Record:
    filled = [(key, column) for key, column in record.columns.items() if record.cells.get(key)]
    struck = [key for key, column in filled if (record.row, column) in grid.struck]
    said: list[tuple[Key, Said]] = []
    if struck and ("address" in struck or len(struck) * 2 > len(filled)):
        said.append(
            (
                "address",
                Said("WBK55", "confirm", "Cette ligne est barrée : ce qui y est écrit a été lu quand même, confirmez."),
            )
        )
    if record.row in grid.hidden:
        said.append(
            ("address", Said("WBK56", "confirm", "Cette ligne est masquée : elle a été lue quand même, confirmez."))
        )
    return dataclasses.replace(record, said=(*record.said, *said))


def _notes(grid: Grid, row: int) -> str:
    return " / ".join(clean(text) for (at, _), text in sorted(grid.notes.items()) if at == row)


def _merged(grid: Grid, header: int, columns: Mapping[Key, int]) -> tuple[dict[Place, Cell], dict[Place, list[Said]]]:
    """Cells of merged ranges have the value of the first; what stood below is told."""
    values: dict[Place, Cell] = {}
    said: dict[Place, list[Said]] = {}
    used = set(columns.values())
    for top, left, bottom, right in grid.merges:
        if top <= header:
            continue
        value = grid.cells.get((top, left), _EMPTY)
        area = [
            (row, column)
            for row in range(top, min(bottom, top + 400) + 1)
            for column in range(left, right + 1)
            if column in used
        ]
        for place in area:
            hidden = grid.cells.get(place, _EMPTY)
            if place != (top, left) and hidden.text and hidden.text != value.text:
                told = f"« {clean(hidden.text)} » est caché sous des cellules fusionnées : défusionnez-les."
                said.setdefault(place, []).append(Said("WBK58", "error", told))
            values[place] = value
            if value.text and place[1] == left and bottom > top:
                told = f"Des cellules fusionnées : « {clean(value.text)} » a été lu pour chaque ligne, confirmez."
                said.setdefault(place, []).append(Said("WBK57", "confirm", told))
            if place[1] != left:
                values[place] = _EMPTY
                if value.text:
                    told = "Des colonnes sont fusionnées : séparez-les."
                    said.setdefault(place, []).append(Said("WBK58", "error", told))
    return values, said


def name_of(place: Place) -> str:
    """``D17``."""
    row, column = place
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"{letters}{row + 1}"
