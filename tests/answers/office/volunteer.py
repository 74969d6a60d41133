"""Somebody at LibreOffice, by its own interface (UNO): opens a workbook, does what is asked, saves it in each format.

Run by the Python that LibreOffice comes with: ``volunteer.py PIPE``, a JSON request on standard input. Knows nothing of
the project.
"""

import json
import os
import sys
import time

import uno
from com.sun.star.beans import PropertyValue
from com.sun.star.connection import NoConnectException
from com.sun.star.util.NumberFormat import TEXT


def main() -> None:
    request = json.load(sys.stdin)
    desktop = _desktop(sys.argv[1])
    document = desktop.loadComponentFromURL(_url(request["open"]), "_blank", 0, _properties(Hidden=True))
    try:
        for verb, *arguments in request["do"]:
            _DEEDS[verb](document, *arguments)
        for path, kept in request["save"]:
            document.storeToURL(_url(path), _properties(**kept))
    finally:
        document.close(True)


def _desktop(pipe):
    local = uno.getComponentContext()
    resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
    for _ in range(600):
        try:
            context = resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
            return context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)
        except NoConnectException:
            time.sleep(0.1)
    raise SystemExit("LibreOffice does not answer")


def _url(path):
    return uno.systemPathToFileUrl(path)


def _properties(**pairs):
    return tuple(PropertyValue(name, 0, value, 0) for name, value in pairs.items())


def _range(document, sheet, place):
    return document.Sheets.getByName(sheet).getCellRangeByName(place)


def _unprotect(document, sheet):
    document.Sheets.getByName(sheet).unprotect("")


def _type(document, sheet, place, text):
    """As typed on the keyboard: a number becomes one, unless the cell is text."""
    cell = _range(document, sheet, place)
    kind = document.NumberFormats.getByKey(cell.NumberFormat).Type
    if kind & TEXT:
        cell.setString(text)
    else:
        cell.setFormula(text)


def _format(document, sheet, place, code):
    locale = uno.createUnoStruct("com.sun.star.lang.Locale")
    formats = document.NumberFormats
    key = formats.queryKey(code, locale, True)
    _range(document, sheet, place).NumberFormat = key if key >= 0 else formats.addNew(code, locale)


def _strike(document, sheet, place):
    _range(document, sheet, place).CharStrikeout = 1


def _strike_part(document, sheet, place, letters):
    """Struck through from the first letter on, as with the mouse."""
    cell = _range(document, sheet, place)
    cursor = cell.createTextCursor()
    cursor.gotoStart(False)
    cursor.goRight(letters, True)
    cursor.CharStrikeout = 1


def _hide(document, sheet, place):
    _range(document, sheet, place).Rows.IsVisible = False


def _filter(document, sheet, place, column, value):
    """Rows of which that column says something else are filtered out."""
    area = _range(document, sheet, place)
    descriptor = area.createFilterDescriptor(True)
    field = uno.createUnoStruct("com.sun.star.sheet.TableFilterField")
    field.Field, field.IsNumeric, field.StringValue = column, False, value
    field.Operator = uno.Enum("com.sun.star.sheet.FilterOperator", "EQUAL")
    descriptor.setFilterFields((field,))
    descriptor.ContainsHeader = True
    area.filter(descriptor)


def _merge(document, sheet, place):
    """Merged, what stood below kept: the choice in the window that hides it."""
    _range(document, sheet, place).merge(True)


def _note(document, sheet, place, text):
    cell = _range(document, sheet, place)
    cell.Spreadsheet.Annotations.insertNew(cell.CellAddress, text)


def _copy(document, sheet, name):
    document.Sheets.copyByName(sheet, name, document.Sheets.Count)


def _insert(document, sheet, row):
    document.Sheets.getByName(sheet).Rows.insertByIndex(row, 1)


def _recalculate(document):
    document.calculateAll()


_DEEDS = {
    "unprotect": _unprotect,
    "type": _type,
    "format": _format,
    "strike": _strike,
    "strike part": _strike_part,
    "hide": _hide,
    "filter": _filter,
    "merge": _merge,
    "note": _note,
    "copy": _copy,
    "insert": _insert,
    "recalculate": _recalculate,
}

if __name__ == "__main__":
    main()
    # All is saved: UNO's threads, taken down with the interpreter, may take the process with them.
    sys.stdout.flush()
    os._exit(0)
