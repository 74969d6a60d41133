"""« Adresses »: the only sheet to complete, one row for each address and free ones for those to come."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from typing import Any

from reconcile.documents.french import civil_day, spaced
from reconcile.documents.workbook.columns import (
    ADDRESSES,
    ALIAS,
    COLUMNS,
    DROP,
    FIRST_ROW,
    FREE_ROWS,
    HEADER_ROW,
    KEYS,
    LICENCES,
    MERGE,
    NO,
    SHARED,
    YES,
    Column,
    Key,
)
from reconcile.documents.workbook.control import GIVEN_UP, OK, control, formula
from reconcile.documents.workbook.rows import Row
from reconcile.documents.workbook.sheets.lists import structure_range
from reconcile.documents.workbook.sheets.style import AMBER, GREEN, GREY, ROSE, Style
from reconcile.documents.workbook.workbook import Reply, Workbook

_LEVELS = {"error": ROSE, "confirm": AMBER, "corrected": GREEN}
_HEADER_HEIGHT = 48


def addresses_sheet(book: Any, style: Style, workbook: Workbook) -> None:
    """Add the sheet."""
    sheet = book.add_worksheet(ADDRESSES)
    columns = [key for key in KEYS if key != "reply" or workbook.replies]
    letters = {key: _letter(place) for place, key in enumerate(columns)}
    first, last = FIRST_ROW + 1, FIRST_ROW + len(workbook.rows) + FREE_ROWS
    _head(sheet, style, workbook, columns)
    known = {row["address"].lower() for row in workbook.rows}
    for place in range(len(workbook.rows) + FREE_ROWS):
        free = place >= len(workbook.rows)
        row = Row({}) if free else workbook.rows[place]
        reply = workbook.replies[place] if place < len(workbook.replies) else Reply()
        number = FIRST_ROW + place
        said = formula(letters, number + 1, last, first, free=free)
        line = _Line(number, row, reply, free, said, control(row.cells, known, free=free))
        _write(sheet, style, columns, line)
        if not free:
            sheet.set_row(number, _height(row, reply))
    _drop_downs(sheet, workbook, letters, last)
    _colours(sheet, style, letters, last)
    _paper(sheet, workbook, len(columns), last)


def _head(sheet: Any, style: Style, workbook: Workbook, columns: list[Key]) -> None:
    sheet.set_row(0, 28)
    sheet.write_string(0, 0, f"{workbook.name} : vos adresses mail", style.title)
    ask = "Complétez les cases blanches et les lignes libres, une ligne par adresse"
    by = f", et renvoyez ce fichier au plus tard le {civil_day(workbook.answer_by)}" if workbook.answer_by else ""
    sheet.write_string(1, 0, spaced(f"{ask}{by}. La feuille Notice explique chaque choix."), style.subtitle)
    day = f"Migration prévue le {civil_day(workbook.day)}. " if workbook.day else ""
    help_at = f"Questions : {workbook.contact}. " if workbook.contact else ""
    sheet.write_string(2, 0, spaced(f"{day}{help_at}À ouvrir sur un ordinateur.".strip()), style.subtitle)
    sheet.set_row(HEADER_ROW, _HEADER_HEIGHT)
    for place, key in enumerate(columns):
        sheet.set_column(place, place, COLUMNS[key].width)
        sheet.write_string(HEADER_ROW, place, COLUMNS[key].title, style.header)


@dataclasses.dataclass(frozen=True, slots=True)
class _Line:
    """One line of the sheet. ``free``: for an address not listed yet. ``formula`` and ``control``: what the last column
    computes, and shows until it does."""

    number: int
    row: Row
    reply: Reply
    free: bool
    formula: str
    control: str


def _write(sheet: Any, style: Style, columns: list[Key], line: _Line) -> None:
    number, row, reply = line.number, line.row, line.reply
    for place, key in enumerate(columns):
        look = _look(style, COLUMNS[key], key, line.free)
        if key == "size" and row.size is not None:
            sheet.write_number(number, place, row.size, look)
        elif key == "last_used" and row.last_used is not None:
            sheet.write_datetime(number, place, dt.datetime.combine(row.last_used, dt.time()), look)
        elif key == "control":
            sheet.write_formula(number, place, line.formula, look, line.control)
        elif text := reply.text if key == "reply" else row[key]:
            sheet.write_string(number, place, text, look)
        else:
            sheet.write_blank(number, place, None, look)
        if note := reply.notes.get(key):
            sheet.write_comment(number, place, note, {"author": "reconcile", "x_scale": 2.5, "y_scale": 1.2})


def _look(style: Style, column: Column, key: Key, free: bool) -> Any:
    kind = {"size": "size", "last_used": "date"}.get(key, "")
    return style.cell(filled=column.filled or (free and key == "address"), text=column.text, free=free, kind=kind)


def _drop_downs(sheet: Any, workbook: Workbook, letters: dict[Key, str], last: int) -> None:
    """Lists that help; what comes back is judged again, for a paste takes them away."""
    first, places = FIRST_ROW + 1, {key: f"{letter}{FIRST_ROW + 1}:{letter}{last}" for key, letter in letters.items()}
    choose = {"validate": "list", "ignore_blank": True, "error_type": "stop", "error_title": "Choix impossible"}
    sheet.data_validation(
        places["keep"],
        {**choose, "source": [YES, NO], "error_message": "Répondez Oui ou Non."},
    )
    told = (
        "E1 : dans le navigateur, 50 Go. E3 : Outlook installé, 100 Go. "
        "Partagée : plusieurs personnes. Alias : renvoie vers une autre adresse."
    )
    own = "Si l’adresse a aujourd’hui sa propre boîte : fusionner ses messages dans l’adresse cible, ou les abandonner."
    sheet.data_validation(
        places["licence"],
        {
            **choose,
            "source": list(LICENCES),
            "error_message": f"Choisissez {', '.join(LICENCES[:-1])} ou {LICENCES[-1]}.",
            "input_title": "Licence ou option",
            "input_message": told,
        },
    )
    sheet.data_validation(
        places["old_mail"],
        {
            **choose,
            "source": [MERGE, DROP],
            "error_message": f"Choisissez {MERGE} ou {DROP}.",
            "input_title": "Pour un alias",
            "input_message": own,
        },
    )
    listed = f"=${letters['address']}${first}:${letters['address']}${last}"
    sheet.data_validation(
        places["target"],
        {
            "validate": "list",
            "source": listed,
            "error_type": "information",
            "error_title": "Adresse inconnue",
            "error_message": "Cette adresse n’est pas dans la première colonne : vérifiez-la.",
        },
    )
    if where := structure_range(workbook):
        sheet.data_validation(
            places["atrium_id"],
            {
                "validate": "list",
                "source": where,
                "error_type": "information",
                "error_title": "Implantation inconnue",
                "error_message": "Cet identifiant n’est pas dans notre liste : vérifiez-le dans PopStructure.",
            },
        )


def _colours(sheet: Any, style: Style, letters: dict[Key, str], last: int) -> None:
    first = FIRST_ROW + 1
    at = {key: f"${letter}{first}" for key, letter in letters.items()}

    def rule(key: Key, criteria: str, look: Any, until: Key | None = None) -> None:
        area = f"{letters[key]}{first}:{letters[until or key]}{last}"
        sheet.conditional_format(area, {"type": "formula", "criteria": f"={criteria}", "format": look})

    idle = style.tint("#E7E3DF", GREY)
    chosen = f'{at["licence"]}<>""'
    rule("target", f'OR(AND({chosen},{at["licence"]}<>"{ALIAS}"),{at["keep"]}="{NO}")', idle, "old_mail")
    rule("people", f'OR(AND({chosen},{at["licence"]}<>"{SHARED}"),{at["keep"]}="{NO}")', idle)
    rule("last_name", f'OR({at["licence"]}="{ALIAS}",{at["keep"]}="{NO}")', idle, "atrium_id")
    rule("licence", f'{at["keep"]}="{NO}"', idle)
    rule("control", f'{at["control"]}="{OK}"', style.tint(GREEN))
    rule("control", f'{at["control"]}="{GIVEN_UP}"', idle)
    rule("control", f'{at["control"]}<>""', style.tint(AMBER))
    if "reply" in letters:
        for word, colour in (("Erreur", ROSE), ("À confirmer", AMBER), ("Corrigé", GREEN)):
            rule("reply", f'ISNUMBER(SEARCH("{word}",{at["reply"]}))', style.tint(colour))


def _paper(sheet: Any, workbook: Workbook, columns: int, last: int) -> None:
    sheet.freeze_panes(HEADER_ROW + 1, 1)
    sheet.autofilter(HEADER_ROW, 0, last - 1, columns - 1)
    allowed = ("objects", "scenarios", "format_cells", "format_columns", "format_rows", "sort", "autofilter")
    sheet.protect("", dict.fromkeys(allowed, True))
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(HEADER_ROW)
    sheet.print_area(0, 0, FIRST_ROW + len(workbook.rows) + 7, columns - 1)
    sheet.set_footer(f"&L{workbook.name.replace('&', '&&')}&RPage &P / &N")
    sheet.set_zoom(90)


def _height(row: Row, reply: Reply) -> float:
    """Enough for the longest text of the row once it is wrapped: not every program sees to it."""
    texts = [*row.cells.items(), ("reply", reply.text)]
    lines = max(
        sum(math.ceil(max(1, len(part)) / (COLUMNS[key].width * 0.95)) for part in text.split("\n"))
        for key, text in texts
    )
    return 15.0 * max(1, min(lines, 10)) + 1


def _letter(place: int) -> str:
    return chr(ord("A") + place)
