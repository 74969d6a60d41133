"""Our workbook in LibreOffice: what people do to it there comes back from each format as what was meant, or is told.

What survives in which format was measured on LibreOffice 7.4 and 25.2; each fact is a test here.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from tests.answers.corpus import letter, row_of
from tests.answers.meuse import ANCIEN, LUCIE, OLD, difference, understood
from tests.answers.office.libreoffice import WORKBOOKS, Deed, Office
from tests.documents.artefacts import picture

from reconcile.answers.reading.grid import Refused
from reconcile.answers.reading.read import read
from reconcile.answers.source import source
from reconcile.cli.sheet.confined import read_confined
from reconcile.config.federation.federation import Federation
from reconcile.documents.workbook.columns import FIRST_ROW, Key
from reconcile.documents.workbook.control import control
from reconcile.documents.workbook.rows import rows_of

pytestmark = pytest.mark.office

SHEET = "Adresses"
EVERY = (*WORKBOOKS, "csv")
LUCIE_IS = "directory: {last_name: Haas, first_name: Lucie, job_title: Comptable"
PHONE = f'{LUCIE_IS}, phone: "03 53 01 00 09"}}'
UNPROTECT: Deed = ("unprotect", SHEET)


@pytest.fixture(scope="session")
def at(ours: Path) -> Callable[[str, Key], str]:
    """Where the cell of an address stands, as D17."""
    sheet = openpyxl.load_workbook(ours)[SHEET]
    rows = {address: row_of(sheet, address) for address in (LUCIE, ANCIEN)}
    return lambda address, key: f"{letter(key)}{rows[address]}"


At = Callable[[str, Key], str]
Deeds = Callable[[At], tuple[Deed, ...]]


def types(key: Key, text: str, code: str = "") -> Deeds:
    """Typed into the row of Lucie, whose cell first gets that number format."""

    def deeds(at: At) -> tuple[Deed, ...]:
        place = at(LUCIE, key)
        formatted: tuple[Deed, ...] = (("format", SHEET, place, code),) if code else ()
        return (UNPROTECT, *formatted, ("type", SHEET, place, text))

    return deeds


def row(at: At) -> str:
    return f"{at(LUCIE, 'address')}:{at(LUCIE, 'remarks')}"


def with_note(at: At) -> tuple[Deed, ...]:
    return (UNPROTECT, ("note", SHEET, at(LUCIE, "target"), "à revoir"))


def merged(at: At) -> tuple[Deed, ...]:
    place = at(LUCIE, "job_title")
    return (UNPROTECT, ("merge", SHEET, f"{place}:{place[0]}{int(place[1:]) + 1}"))


#: name → (what is done, the line that comes into the file or "", codes on Lucie's row), and what differs by format.
FACTS: Mapping[str, tuple[Deeds, str, set[str]]] = {
    "a phone typed where cells are text": (types("phone", "0353010009"), PHONE, set()),
    "a phone that became a number": (types("phone", "353010009", "General"), PHONE, {"WBK51"}),
    "a phone shown by a French format": (types("phone", "353010009", "0# ## ## ## ##"), PHONE, set()),
    "a phone shown by pairs": (types("phone", "353010009", '00" "00" "00" "00" "00'), PHONE, set()),
    "a phone shown by zeros": (types("phone", "353010009", "0000000000"), PHONE, set()),
    "a structure shown by zeros": (
        types("atrium_id", "2689", "000000"),
        f'{LUCIE_IS}, phone: "03 53 01 00 03", atrium_id: 2689}}',
        set(),
    ),
    "an address with blanks": (types("address", f"  {LUCIE}   "), "", set()),
    "a title on two lines": (
        types("job_title", "Comptable\nadjointe"),
        f'{LUCIE_IS} adjointe, phone: "03 53 01 00 03"}}',
        set(),
    ),
    "not available": (types("licence", "=NA()", "General"), "", {"WBK54"}),
    "divided by nothing": (types("phone", "=1/0", "General"), "", {"WBK54"}),
    "a row struck through": (lambda at: (UNPROTECT, ("strike", SHEET, row(at))), "", {"WBK55"}),
    "letters struck through": (lambda at: (UNPROTECT, ("strike part", SHEET, at(LUCIE, "address"), 3)), "", set()),
    "a row hidden": (lambda at: (UNPROTECT, ("hide", SHEET, at(LUCIE, "address"))), "", {"WBK56"}),
    "a note on an empty cell": (with_note, "", {"WBK60"}),
    "cells merged over another answer": (merged, "", {"WBK57"}),
}
#: What a format loses, or says otherwise: (name, format) → the same two.
OTHERWISE: Mapping[tuple[str, str], tuple[str, set[str]]] = {
    **{(name, "csv"): ("", set()) for name in FACTS if FACTS[name][2] & {"WBK55", "WBK56", "WBK60", "WBK57"}},
}


@pytest.mark.parametrize("name", FACTS)
def test_what_is_done_there_comes_back_from_each_format(
    name: str, office: Office, meuse: Federation, ours: Path, at: At
) -> None:
    deeds, comes, codes = FACTS[name]
    saved = office.saved(ours.read_bytes(), *deeds(at), formats=EVERY)
    found = {}
    for shape, data in saved.items():
        answer = understood(meuse, data)
        said = {one.code for one in answer.findings if one.address == LUCIE}
        line, wanted = OTHERWISE.get((name, shape), (comes, codes))
        came = difference(meuse, answer)[1]
        found[shape] = (said == wanted, bool(came) == bool(line) and (not line or line in came), said, came)
    assert all(same and right for same, right, _, _ in found.values()), found


def test_what_is_only_opened_and_saved_again_changes_nothing(office: Office, meuse: Federation, ours: Path) -> None:
    for shape, data in office.saved(ours.read_bytes(), formats=EVERY).items():
        answer = understood(meuse, data)
        assert difference(meuse, answer) == (set(), set()), shape
        assert {(one.code, one.address) for one in answer.findings} == {("WBK30", ANCIEN)}, shape


def test_whose_it_is_survives_every_format_but_text(office: Office, ours: Path) -> None:
    for shape, data in office.saved(ours.read_bytes(), formats=EVERY).items():
        found = source(read_confined(data))
        assert (found is None) == (shape == "csv"), shape
        assert found is None or (found.federation, found.version) == ("spf55", "1")


def test_drop_downs_and_protection_are_there_after_a_way_through_ods(office: Office, ours: Path) -> None:
    ods = office.saved(ours.read_bytes(), formats=("ods",))["ods"]
    sheet = openpyxl.load_workbook(io.BytesIO(office.saved(ods, formats=("xlsx",))["xlsx"]))[SHEET]
    lists = {str(one.formula1) for one in sheet.data_validations.dataValidation}
    assert {'"Oui,Non"', '"E1,E3,Partagée,Alias"', '"Fusionner,Abandonner"'} <= lists
    assert sheet.protection.sheet
    assert sheet.cell(FIRST_ROW + 1, 1).protection.locked
    assert not sheet[f"{letter('licence')}{FIRST_ROW + 1}"].protection.locked
    assert sheet[f"{letter('phone')}{sheet.max_row}"].number_format == "@"


def test_its_formulas_come_to_the_values_we_wrote(office: Office, meuse: Federation, ours: Path) -> None:
    data = office.saved(ours.read_bytes(), ("recalculate",), formats=("xlsx",))["xlsx"]
    written, computed = (_values(one) for one in (ours.read_bytes(), data))
    assert computed == written
    rows = rows_of(meuse, OLD)
    known = {row["address"] for row in rows}
    said = [computed[SHEET, f"{letter('control')}{FIRST_ROW + 1 + place}"] for place in range(len(rows))]
    assert said == [control(row.cells, known, free=False) for row in rows]


def _values(data: bytes) -> dict[tuple[str, str], Any]:
    """The value of each formula; amounts to the hundredth, nothing as ""."""
    formulas, values = (openpyxl.load_workbook(io.BytesIO(data), data_only=only) for only in (False, True))
    return {
        (sheet.title, cell.coordinate): _rounded(values[sheet.title][cell.coordinate].value)
        for sheet in formulas
        for cells in sheet.iter_rows()
        for cell in cells
        if cell.data_type == "f"
    }


def _rounded(value: Any) -> Any:
    return round(value, 6) if isinstance(value, int | float) else value or ""


def test_a_row_filtered_out_is_told_and_read(office: Office, meuse: Federation, ours: Path, at: At) -> None:
    whole = f"A{FIRST_ROW}:{letter('control')}{FIRST_ROW + len(rows_of(meuse, OLD))}"
    shown: Deed = ("filter", SHEET, whole, ord(letter("licence")) - ord("A"), "E1")
    saved = office.saved(ours.read_bytes(), UNPROTECT, shown, formats=EVERY)
    for shape, data in saved.items():
        answer = understood(meuse, data)
        said = {one.code for one in answer.findings if one.address == LUCIE}
        assert said == (set() if shape == "csv" else {"WBK56"}), shape
        assert difference(meuse, answer) == (set(), set()), shape


def test_a_second_sheet_filled_in_is_told_and_a_text_file_has_the_first_alone(
    office: Office, meuse: Federation, ours: Path
) -> None:
    deeds: tuple[Deed, ...] = (("copy", SHEET, "Copie"), ("unprotect", "Copie"))
    typed: Deed = ("type", "Copie", f"A{FIRST_ROW + 1}", "autre@spf55.org")
    saved = office.saved(ours.read_bytes(), *deeds, typed, formats=EVERY)
    for shape, data in saved.items():
        assert ("WBK19" in {one.code for one in understood(meuse, data).findings}) == (shape != "csv"), shape


def test_a_row_put_in_between_moves_nobody_s_answer(office: Office, meuse: Federation, ours: Path) -> None:
    saved = office.saved(ours.read_bytes(), UNPROTECT, ("insert", SHEET, FIRST_ROW + 2), formats=EVERY)
    for shape, data in saved.items():
        assert difference(meuse, understood(meuse, data)) == (set(), set()), shape


@pytest.mark.parametrize("shape", ["ods", "xls"])
def test_what_it_encrypts_is_told_as_such(shape: str, office: Office, ours: Path) -> None:
    data = office.saved(ours.read_bytes(), formats=(shape,), password="secret")[shape]
    with pytest.raises(Refused) as refused:
        read_confined(data)
    assert refused.value.code == "WBK01"
    assert "enregistrez-le sans mot de passe" in refused.value.sentence


def test_it_is_printed_on_pages_to_look_at(office: Office, ours: Path) -> None:
    data = office.saved(ours.read_bytes(), formats=("pdf",))["pdf"]
    assert picture("workbook", data).stat().st_size > 10_000
    assert len(read(ours.read_bytes()).grids) == 4
