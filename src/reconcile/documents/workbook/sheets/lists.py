"""« Listes », hidden: what drop-downs offer, and whose workbook this is."""

from __future__ import annotations

from typing import Any

from reconcile.documents.workbook.columns import LISTS
from reconcile.documents.workbook.workbook import Workbook


def lists_sheet(book: Any, workbook: Workbook) -> None:
    """Add the sheet."""
    sheet = book.add_worksheet(LISTS)
    text = book.add_format({"num_format": "@"})
    sheet.write_string(0, 0, "Implantation")
    sheet.write_string(0, 1, "Nom")
    for place, (number, name) in enumerate(sorted(workbook.structures.items()), 1):
        sheet.write_string(place, 0, str(number), text)
        sheet.write_string(place, 1, name)
    for place, (name, value) in enumerate(workbook.identity.properties().items()):
        sheet.write_string(place, 3, name)
        sheet.write_string(place, 4, value, text)
    sheet.hide()


def structure_range(workbook: Workbook) -> str:
    """Where the structures stand, for a drop-down; "" without any."""
    return f"={LISTS}!$A$2:$A${len(workbook.structures) + 1}" if workbook.structures else ""
