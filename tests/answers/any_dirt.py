"""What people and their programs do to a filled-in row, as Hypothesis draws it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence

from hypothesis import strategies as st
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet
from tests.answers.corpus import free_row, letter

from reconcile.documents.workbook.columns import KEYS, Key

#: Changes one row of the sheet.
Dirt = Callable[[Worksheet, int], None]


def _spelled(*ways: Callable[[str], object]) -> Sequence[Callable[[str], object]]:
    return (lambda text: f" {text}\u00a0", lambda text: text[:1] + "\u200b" + text[1:], *ways)


#: Other ways to write the same, by column.
_SPELLINGS: Mapping[Key, Sequence[Callable[[str], object]]] = {
    "address": _spelled(str.upper, "mailto:{}".format, "{},".format, "Nom <{}>".format),
    "keep": _spelled(str.upper, str.lower, lambda text: {"Oui": "x", "Non": "N"}.get(text, text)),
    "licence": _spelled(str.lower, str.upper, "licence {}".format, lambda text: {"E1": 1, "E3": "E-3"}.get(text, text)),
    "target": _spelled(str.upper, lambda text: text.replace("@spf55.org", "")),
    "people": _spelled(lambda text: text.replace(" ; ", "\n"), lambda text: text.replace(" ; ", ", "), str.upper),
    "last_name": _spelled(str.upper, "M. {}".format),
    "first_name": _spelled(str.upper),
    "job_title": _spelled(),
    "phone": _spelled(lambda text: text.replace(" ", "."), lambda text: int(text.replace(" ", "") or 0)),
    "atrium_id": _spelled("00{}".format, lambda text: float(text or 0), "ANT CE 055 0 00000 00{}".format),
}
#: What says something else, or nothing, anywhere but where any text is an answer.
_WRONG: tuple[object, ...] = ("?", "idem", "E1/E3", "#REF!", "=1/0", "peut-être", dt.date(2025, 3, 1), 36.5, None)


@st.composite
def dirt(draw: st.DrawFn) -> Dirt:
    kind = draw(st.sampled_from(("spelling", "spelling", "spelling", "wrong", "mark")))
    if kind == "mark":
        return draw(st.sampled_from((_strike, _hide, _repeat, delete, _shift, _merge)))
    if kind == "wrong":
        where = draw(st.sampled_from(sorted(_SPELLINGS.keys() - {"job_title"})))
        return _written(where, draw(st.sampled_from(_WRONG)))
    key = draw(st.sampled_from(sorted(_SPELLINGS)))
    spell = draw(st.sampled_from(_SPELLINGS[key]))

    def change(sheet: Worksheet, row: int) -> None:
        cell = sheet[f"{letter(key)}{row}"]
        if cell.value:
            cell.value = spell(str(cell.value))

    return change


def _written(key: Key, value: object) -> Dirt:
    def change(sheet: Worksheet, row: int) -> None:
        sheet[f"{letter(key)}{row}"].value = value  # type: ignore[assignment]

    return change


def _strike(sheet: Worksheet, row: int) -> None:
    for cell in sheet[row]:
        cell.font = Font(strike=True)


def _hide(sheet: Worksheet, row: int) -> None:
    sheet.row_dimensions[row].hidden = True


def delete(sheet: Worksheet, row: int) -> None:
    for cell in sheet[row]:
        cell.value = None


def _repeat(sheet: Worksheet, row: int) -> None:
    copy = free_row(sheet)
    for cell in sheet[row]:
        sheet.cell(copy, cell.column).value = cell.value


def _shift(sheet: Worksheet, row: int) -> None:
    """Pasted one column to the right, from Conserver on."""
    values = [sheet[f"{letter(key)}{row}"].value for key in KEYS]
    for place in range(KEYS.index("keep"), KEYS.index("remarks")):
        sheet.cell(row, place + 2).value = values[place]
    sheet[f"{letter('keep')}{row}"].value = None


def _merge(sheet: Worksheet, row: int) -> None:
    """The last name over the row and the next, as a program does that keeps what it hides."""
    column = letter("last_name")
    sheet.merge_cells(f"{column}{row}:{column}{row + 1}")
