"""The list of a federation's first passwords, as a workbook in French: one line a person."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence

from reconcile.documents.french import civil_day
from reconcile.documents.person_sheet import Person

_HEADS = ("Nom", "Adresse", "Licence", "Mot de passe provisoire", "Remarque")
_WIDTHS = (30, 38, 10, 42, 46)
_KEPT = "Compte existant : garde son mot de passe actuel."
_FIRST = "À changer à la première connexion."
_NOTES = (
    "Chacun reçoit le sien, et lui seul : ne transmettez pas cette liste.",
    (
        "À la première connexion, sur https://outlook.office.com : mot de passe provisoire, puis le sien, puis la "
        "double authentification (téléphone en main)."
    ),
    "Les boîtes partagées et les alias n’ont pas de mot de passe.",
    "Détruisez ce fichier et les feuilles une fois que tout le monde s’est connecté.",
)


def password_list(federation: str, people: Sequence[tuple[Person, str | None]], made: dt.date) -> bytes:
    """An .xlsx, not yet encrypted. Each person with their password, None for whoever keeps their own."""
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font, PatternFill

    book = Workbook()
    book.properties.title = f"Mots de passe provisoires – {federation}"
    book.properties.creator = "Secours populaire français"
    sheet = book.active
    sheet.title = "Mots de passe"
    rows: list[Sequence[str]] = [(book.properties.title,), (f"Liste du {civil_day(made)}",), (), _HEADS]
    for person, password in people:
        remark = _KEPT if password is None else _FIRST
        rows.append((person.name, person.address, person.licence, password or "–", remark))
    rows += [(), *((note,) for note in _NOTES)]
    for number, row in enumerate(rows, 1):
        for column, text in enumerate(row, 1):
            cell = sheet.cell(number, column)
            # A name is other people's: it must not become a formula, nor hold what no spreadsheet reads.
            cell.value = "".join(letter for letter in text if letter.isprintable())
            cell.data_type = "s"
            cell.number_format = "@"
    sheet["A1"].font = Font(bold=True, size=14)
    for column, width in enumerate(_WIDTHS, 1):
        head = sheet.cell(4, column)
        head.font, head.fill = Font(bold=True), PatternFill("solid", fgColor="EEEEEE")
        sheet.column_dimensions[head.column_letter].width = width
    for number in range(5, 5 + len(people)):
        sheet.cell(number, 4).font = Font(name="Consolas", size=12)
        sheet.cell(number, 4).alignment = Alignment(horizontal="left")
    sheet.freeze_panes = "A5"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = "4:4"
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()
