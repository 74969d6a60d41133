"""The peers, each a process of its own: ``python -m bench.file.bare write CELLS.json OUT.xlsx`` or ``… load FILE``."""

from __future__ import annotations

import json
import sys
from pathlib import Path


def write(cells: str, path: str) -> None:
    """The same values in the same places by XlsxWriter, and nothing else: no look, no list, no protection."""
    import xlsxwriter

    sheets = json.loads(Path(cells).read_text(encoding="utf-8"))
    book = xlsxwriter.Workbook(path, {"strings_to_formulas": False})
    for name, places in sheets.items():
        sheet = book.add_worksheet(name)
        for row, column, value in places:
            sheet.write(row, column, value)
    book.close()


def load(path: str) -> None:
    """Every cell by openpyxl, which is what reads notes, strikes and hidden rows as well as values."""
    import openpyxl

    book = openpyxl.load_workbook(path)
    print(sum(cell.value is not None for sheet in book for row in sheet.iter_rows() for cell in row))


def values(path: str) -> None:
    """Every value by calamine, which reads nothing else."""
    import python_calamine

    book = python_calamine.CalamineWorkbook.from_path(path)
    sheets = [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]
    print(sum(value != "" for rows in sheets for row in rows for value in row))


if __name__ == "__main__":
    {"write": write, "load": load, "values": values}[sys.argv[1]](*sys.argv[2:])
