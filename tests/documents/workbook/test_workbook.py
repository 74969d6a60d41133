"""The workbook a federation completes, read by another library than the one that writes it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
import zipfile
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from reconcile.config.federation.federation import Federation
from reconcile.config.inventory.inventory import Inventory, LegacyAddress
from reconcile.config.load import load_federations
from reconcile.config.settings.tables.tenant.prices import Prices
from reconcile.documents.workbook.columns import COLUMNS, FIRST_ROW, FREE_ROWS, KEYS, Key
from reconcile.documents.workbook.control import control
from reconcile.documents.workbook.identity import Identity, identity
from reconcile.documents.workbook.rows import digest, rows_of
from reconcile.documents.workbook.workbook import Reply, Workbook, write

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def meuse() -> Federation:
    return load_federations(ROOT / "federations").select(["55"])[0]


def inventory(*addresses: LegacyAddress) -> Inventory:
    taken = dt.datetime(2025, 1, 6, 8, tzinfo=dt.UTC)
    return Inventory("spf55", "mutualise", taken, ("spf55.org",), ("csv",), {one.address: one for one in addresses})


OLD = inventory(
    LegacyAddress("camille.dupont@spf55.org", "mailbox", "k0412", (), 3_400_000_000, 12_034, dt.date(2025, 1, 5)),
    LegacyAddress("ancien@spf55.org", "mailbox", "ancien", (), 82_000, 1, dt.date(2019, 1, 4)),
    LegacyAddress("president@spf55.org", "forward", "", ("x.y@gmail.com",)),
    LegacyAddress("@spf55.org", "catch_all", "", ("camille.dupont@spf55.org",)),
)


def workbook(meuse: Federation, **changed: object) -> Workbook:
    rows = rows_of(meuse, OLD)
    made = Identity("spf55", "1", OLD.taken.isoformat(), digest(rows), "2025-01-06T09:00:00+00:00")
    whole = Workbook(
        identity=made,
        name=meuse.file.name,
        rows=rows,
        day=dt.date(2025, 1, 20),
        answer_by=dt.date(2025, 1, 13),
        prices=Prices(),
        on=dt.date(2025, 1, 20),
        structures={2650: "Siège", 2689: "Verdun"},
        contact="postmaster@secourspopulaire.fr",
    )
    return dataclasses.replace(whole, **changed)


def opened(data: bytes, *, values: bool = False) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(data), data_only=values)


def cells(sheet: Worksheet, key: Key) -> list[object]:
    letter = chr(ord("A") + KEYS.index(key))
    return [sheet[f"{letter}{number}"].value for number in range(FIRST_ROW + 1, sheet.max_row + 1)]


def test_every_address_of_the_old_host_and_of_the_file_has_one_row(meuse: Federation) -> None:
    rows = rows_of(meuse, OLD)
    addresses = [row["address"] for row in rows]
    assert len(addresses) == len(set(addresses))
    file = meuse.file
    decided = {*file.mailboxes, *(one.address for one in file.not_migrated)}
    decided |= {alias.address for box in file.mailboxes.values() for alias in box.aliases}
    assert set(addresses) == decided | {"ancien@spf55.org", "president@spf55.org"}


def test_what_the_file_decides_is_filled_in_and_nothing_is_suggested(meuse: Federation) -> None:
    rows = {row["address"]: row for row in rows_of(meuse, OLD)}
    assert rows["ancien@spf55.org"]["keep"] == rows["president@spf55.org"]["licence"] == ""
    assert rows["president@spf55.org"]["today"] == "Redirigée à l’extérieur vers x.y@gmail.com"
    assert rows["camille.dupont@spf55.org"]["today"] == "Boîte, 12\N{NARROW NO-BREAK SPACE}034 messages"
    contact = rows["contact@spf55.org"]
    assert (contact["licence"], contact["last_name"]) == ("Partagée", "Secours populaire – Meuse")
    assert contact["people"] == "camille.dupont@spf55.org ; anne-marie@spf55.org ; jean.martin@verdun.spf55.org"
    assert rows["info@spf55.org"]["target"] == "contact@spf55.org"
    assert rows["jean.martin@verdun.spf55.org"]["atrium_id"] == "2689"
    assert rows["ancien.stagiaire@spf55.org"]["keep"] == "Non"


def test_a_renamed_mailbox_stands_under_its_new_name_alone(meuse: Federation) -> None:
    boxes = dict(meuse.file.mailboxes)
    boxes["lucie.haas@spf55.org"] = boxes["lucie.haas@spf55.org"].model_copy(update={"was": "ancien@spf55.org"})
    renamed = dataclasses.replace(meuse, file=meuse.file.model_copy(update={"mailboxes": boxes}))
    rows = {row["address"]: row for row in rows_of(renamed, OLD)}
    assert "ancien@spf55.org" not in rows
    assert "s’appelait ancien@spf55.org" in rows["lucie.haas@spf55.org"]["today"]


def test_the_sheets_are_four_and_only_the_lists_are_hidden(meuse: Federation) -> None:
    book = opened(write(workbook(meuse)))
    assert book.sheetnames == ["Adresses", "Notice", "Récapitulatif", "Listes"]
    assert [sheet.sheet_state for sheet in book] == ["visible", "visible", "visible", "hidden"]


def test_it_says_whose_it_is_in_its_properties_and_in_its_lists(meuse: Federation) -> None:
    whole = workbook(meuse)
    book = opened(write(whole))
    properties = {one.name: one.value for one in book.custom_doc_props.props}
    assert all(isinstance(value, str) for value in properties.values())
    assert identity(properties) == whole.identity
    lists = book["Listes"]
    listed = {lists[f"D{row}"].value: lists[f"E{row}"].value for row in range(1, 10)}
    assert identity({name: value for name, value in listed.items() if name}) == whole.identity


def test_only_what_is_to_be_filled_is_unlocked_and_free_rows_take_an_address(meuse: Federation) -> None:
    sheet = opened(write(workbook(meuse)))["Adresses"]
    known, free = sheet[FIRST_ROW + 1], sheet[sheet.max_row]
    filled = {key for key in KEYS if COLUMNS[key].filled}
    assert {key for key, cell in zip(KEYS, known, strict=False) if not cell.protection.locked} == filled
    assert {key for key, cell in zip(KEYS, free, strict=False) if not cell.protection.locked} == filled | {"address"}
    assert sheet.max_row == FIRST_ROW + len(rows_of(meuse, OLD)) + FREE_ROWS
    protection = sheet.protection
    assert protection.sheet
    assert protection.password is None
    assert not any((protection.sort, protection.autoFilter, protection.formatCells, protection.objects))


def test_phones_and_identifiers_stay_text(meuse: Federation) -> None:
    sheet = opened(write(workbook(meuse)))["Adresses"]
    for key in ("phone", "atrium_id"):
        letter = chr(ord("A") + KEYS.index(key))
        assert {sheet[f"{letter}{row}"].number_format for row in range(FIRST_ROW + 1, sheet.max_row + 1)} == {"@"}


def test_drop_downs_hold_and_none_lives_on_another_sheet_but_that_of_structures(meuse: Federation) -> None:
    sheet = opened(write(workbook(meuse)))["Adresses"]
    lists = {str(one.sqref)[0]: one for one in sheet.data_validations.dataValidation}
    assert lists["E"].formula1 == '"Oui,Non"'
    assert lists["F"].formula1 == '"E1,E3,Partagée,Alias"'
    assert {one.errorStyle for key, one in lists.items() if key in "EFH"} <= {None, "stop"}
    assert all(one.showErrorMessage for one in lists.values())
    assert lists["N"].formula1 == "Listes!$A$2:$A$3"


def test_strings_are_shared_for_telephones_show_no_others(meuse: Federation) -> None:
    archive = zipfile.ZipFile(io.BytesIO(write(workbook(meuse))))
    assert "xl/sharedStrings.xml" in archive.namelist()
    assert b"inlineStr" not in archive.read("xl/worksheets/sheet1.xml")


def test_formulas_hold_their_values(meuse: Federation) -> None:
    book = opened(write(workbook(meuse)), values=True)
    rows = rows_of(meuse, OLD)
    known = {row["address"] for row in rows}
    said = cells(book["Adresses"], "control")
    assert said[: len(rows)] == [control(row.cells, known, free=False) for row in rows]
    assert not any(said[len(rows) :])
    summary = {row[0].value: row[1].value for row in book["Récapitulatif"].iter_rows(min_row=4, max_row=16)}
    assert summary["Licences E1"] == 8
    assert summary["Licences E3"] == 3
    assert summary["Adresses sur lesquelles il reste à décider"] == 2
    assert summary["Surcoût possible, TTC par mois"] == 0


def test_text_is_never_a_formula(meuse: Federation) -> None:
    boxes = dict(meuse.file.mailboxes)
    who = boxes["lucie.haas@spf55.org"]
    evil = who.directory.model_copy(update={"last_name": "=cmd|'/c calc'!A0", "job_title": "https://example.org"})
    boxes["lucie.haas@spf55.org"] = who.model_copy(update={"directory": evil})
    changed = dataclasses.replace(meuse, file=meuse.file.model_copy(update={"mailboxes": boxes}))
    sheet = opened(write(workbook(changed, rows=rows_of(changed, OLD))))["Adresses"]
    found = [cell for row in sheet for cell in row if cell.value == "=cmd|'/c calc'!A0"]
    assert [cell.data_type for cell in found] == ["s"]
    assert not [cell for row in sheet for cell in row if cell.hyperlink]


def test_the_same_workbook_is_the_same_bytes(meuse: Federation) -> None:
    assert write(workbook(meuse)) == write(workbook(meuse))


def test_replies_stand_in_a_column_of_their_own_with_notes_on_the_cells(meuse: Federation) -> None:
    rows = rows_of(meuse, OLD)
    replies = [Reply("Erreur : licence à choisir", "error", {"licence": "Rien n’est écrit ici."})]
    sheet = opened(write(workbook(meuse, replies=replies + [Reply()] * (len(rows) - 1))))["Adresses"]
    row = sheet[FIRST_ROW + 1]
    assert sheet.cell(FIRST_ROW, len(KEYS)).value == "Notre réponse"
    assert row[KEYS.index("reply")].value == "Erreur : licence à choisir"
    assert row[KEYS.index("licence")].comment.text == "Rien n’est écrit ici."


def test_a_federation_without_date_or_addresses_has_a_workbook_too(meuse: Federation) -> None:
    book = opened(write(workbook(meuse, rows=(), day=None, answer_by=None, contact="", structures={})), values=True)
    assert book["Adresses"].max_row == FIRST_ROW + FREE_ROWS
    assert book["Récapitulatif"]["B4"].value == 0
