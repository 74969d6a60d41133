"""The one way in: the bytes of a returned file, whatever they are, as ``Returned``."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Mapping, Sequence

from reconcile.answers.reading.grid import Cell, Grid, Refused, Returned
from reconcile.answers.reading.marks import COLUMNS_LIMIT, ROWS_LIMIT, Marks, displayed
from reconcile.answers.reading.sniff import kind_of

_DAMAGED = "Ce fichier est abîmé ou d’un format inattendu. Ouvrez-le, enregistrez-le en .xlsx et renvoyez-le."


def read(data: bytes) -> Returned:
    """Read it. Raises Refused; may also take more memory or time than there is, so it is called in a child."""
    kind = kind_of(data)
    if kind.shape == "csv":
        from reconcile.answers.reading.text import read_text

        return read_text(data)
    sheets: Mapping[str, Marks] = {}
    properties: Mapping[str, str] = {}
    unmarked = ""
    try:
        sheets, properties = _marks(kind.shape, data)
    except Refused:
        raise
    except Exception as error:
        unmarked = type(error).__name__
    grids = _values(data, sheets)
    if kind.shape == "xlsb":
        unmarked = "xlsb"
    return Returned(kind.shape, grids, dict(properties), kind.macros, unmarked)


def _marks(shape: str, data: bytes) -> tuple[Mapping[str, Marks], Mapping[str, str]]:
    if shape == "xls":
        from reconcile.answers.reading import xls

        return xls.read_marks(data)
    if shape == "xlsb":
        return {}, {}
    from reconcile.answers.reading import ods, xlsx

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return ods.read_marks(archive) if shape == "ods" else xlsx.read_marks(archive)


def _values(data: bytes, sheets: Mapping[str, Marks]) -> tuple[Grid, ...]:
    import python_calamine as calamine

    try:
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        grids = []
        for known in book.sheets_metadata:
            if known.typ != calamine.SheetTypeEnum.WorkSheet:
                continue
            marks = sheets.get(known.name, Marks())
            rows = book.get_sheet_by_name(known.name).to_python(skip_empty_area=False)
            grids.append(_grid(known.name, known.visible == calamine.SheetVisibleEnum.Visible, rows, marks))
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise Refused("WBK08", _DAMAGED) from error
    return tuple(grids)


def _grid(name: str, visible: bool, rows: Sequence[Sequence[object]], marks: Marks) -> Grid:
    cells: dict[tuple[int, int], Cell] = {}
    for number, row in enumerate(rows[: ROWS_LIMIT + 1]):
        for column, value in enumerate(row[: COLUMNS_LIMIT + 1]):
            place = (number, column)
            if value != "" and value is not None:
                marks.uses(place)
                cells[place] = _cell(value, marks.shown.get(place, ""), marks.formats.get(place, ""))
    for place, (kind, text) in marks.kinds.items():
        cells[place] = Cell(text, kind)
    return Grid(
        name,
        cells,
        visible,
        frozenset(marks.struck),
        frozenset(marks.hidden),
        marks.notes,
        tuple(marks.merges),
    )


def _cell(value: object, shown: str, code: str) -> Cell:
    if isinstance(value, bool):
        return Cell("VRAI" if value else "FAUX", "flag")
    if isinstance(value, int | float):
        text = str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(value)
        shown = shown or displayed(text, code)
        return Cell(text, "number", "" if shown == text else shown)
    if isinstance(value, dt.datetime | dt.date | dt.time | dt.timedelta):
        return Cell(str(value), "date")
    text = str(value)
    if text.startswith("PT") and text.endswith("S") and text[2:3].isdigit():  # how .ods gives 36 hours
        return Cell(text, "date")
    return Cell(text.replace("_x000D_", "\n"))
