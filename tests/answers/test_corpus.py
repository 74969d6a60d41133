"""Files that came back, each with what it must be taken for: what was meant, or a finding; never anything else."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from msoffcrypto.format.ooxml import OOXMLFile
from tests.answers.corpus import (
    Change,
    add,
    as_csv,
    changed,
    delete,
    fill,
    format_of,
    hide,
    note,
    patched,
    put,
    row_of,
    strike,
)
from tests.answers.meuse import ANCIEN, LUCIE, OLD, difference, understood

from reconcile.answers.federation_file import decided_tree
from reconcile.answers.reading.grid import Refused
from reconcile.answers.reading.read import read
from reconcile.answers.source import owner, source
from reconcile.answers.table import table
from reconcile.answers.understanding.understand import understand
from reconcile.cli.sheet.confined import read_confined
from reconcile.config.document.document import read_document
from reconcile.config.document.edit import edited
from reconcile.config.federation.federation import Federation
from reconcile.config.load import load_federations
from reconcile.documents.workbook.rows import rows_of

HAAS = "directory: {last_name: Haas, first_name: Lucie, job_title: Comptable"
PERSON = {"keep": "Oui", "licence": "E1", "last_name": "Roy", "first_name": "Léa"}

#: name → (changes, a line that comes into the file or "", codes found among those of Lucie or Ancien).
UNDERSTOOD: Mapping[str, tuple[tuple[Change, ...], str, set[str]]] = {
    "licence in small letters": ((fill(LUCIE, licence="e1"),), "licence: E1", {"WBK41"}),
    "licence with a blank": ((fill(LUCIE, licence="E 1"),), "licence: E1", {"WBK41"}),
    "licence with its brand": ((fill(LUCIE, licence="Office E1"),), "licence: E1", {"WBK41"}),
    "licence in Cyrillic": ((fill(LUCIE, licence="Е1"),), "licence: E1", {"WBK41"}),
    "licence as a number": ((fill(LUCIE, licence=1),), "licence: E1", {"WBK41"}),
    "two licences": ((fill(LUCIE, licence="E1/E3"),), "", {"WBK40"}),
    "a question mark": ((fill(LUCIE, licence="?"),), "", {"WBK40"}),
    "ditto for a licence": ((fill(LUCIE, licence="idem"),), "", {"WBK40"}),
    "licence shown by a format": ((fill(LUCIE, licence=1), format_of(LUCIE, "licence", '"E3"')), "", {"WBK62"}),
    "shared without accent": (
        (fill(ANCIEN, keep="Oui", licence="partagee", people="lou.petit@spf55.org", last_name="Compta"),),
        "display_name: Compta",
        {"WBK41"},
    ),
    "alias written in the licence": (
        (fill(ANCIEN, keep="Oui", licence="alias de lou.petit@spf55.org", old_mail="Fusionner"),),
        "aliases: [{address: ancien@spf55.org, legacy_mail: merge}]",
        {"WBK41"},
    ),
    "alias with mail nobody decided on": (
        (fill(ANCIEN, keep="Oui", licence="Alias", target="lou.petit@spf55.org"),),
        "",
        {"WBK44"},
    ),
    "alias to the outside": (
        (fill(ANCIEN, keep="Oui", licence="Alias", target="x@gmail.com", old_mail="Abandonner"),),
        "",
        {"WBK43"},
    ),
    "alias to nobody": (
        (fill(ANCIEN, keep="Oui", licence="Alias", target="x.y@spf55.org", old_mail="Abandonner"),),
        "",
        {"WBK42"},
    ),
    "alias to itself": (
        (fill(ANCIEN, keep="Oui", licence="Alias", target=ANCIEN, old_mail="Abandonner"),),
        "",
        {"WBK42"},
    ),
    "given up": ((fill(ANCIEN, keep="non"),), "- ancien@spf55.org", {"WBK38"}),
    "given up for a reason": (
        (fill(ANCIEN, keep="Non", remarks="parti en 2019"),),
        "- {address: ancien@spf55.org, why: parti en 2019}",
        {"WBK60"},
    ),
    "kept by a tick": ((fill(ANCIEN, **{**PERSON, "keep": "✓"}),), "ancien@spf55.org:", {"WBK38"}),
    "kept and nothing said": ((fill(ANCIEN, **{**PERSON, "keep": None}),), "ancien@spf55.org:", {"WBK38"}),
    "kept, perhaps": ((fill(ANCIEN, **{**PERSON, "keep": "peut-être"}),), "", {"WBK37"}),
    "kept without licence": ((fill(ANCIEN, keep="Oui"),), "", {"WBK39"}),
    "given up with a licence": ((fill(ANCIEN, keep="Non", licence="E1"),), "", {"WBK38"}),
    "nothing decided": ((), "", {"WBK30"}),
    "row deleted": ((delete(ANCIEN),), "", {"WBK31"}),
    "a space alone is nothing": ((fill(ANCIEN, keep=" "),), "", {"WBK30"}),
    "phone as a number": (
        (fill(LUCIE, phone=353010009.0),),
        'directory: {last_name: Haas, first_name: Lucie, job_title: Comptable, phone: "03 53 01 00 09"}',
        {"WBK51"},
    ),
    "phone by a format": (
        (fill(LUCIE, phone=353010009), format_of(LUCIE, "phone", "0# ## ## ## ##")),
        'directory: {last_name: Haas, first_name: Lucie, job_title: Comptable, phone: "03 53 01 00 09"}',
        set(),
    ),
    "phone with dots": (
        (fill(LUCIE, phone="03.53.01.00.09"),),
        'directory: {last_name: Haas, first_name: Lucie, job_title: Comptable, phone: "03 53 01 00 09"}',
        set(),
    ),
    "phone from abroad": (
        (fill(LUCIE, phone="+33 (0)3 53 01 00 09"),),
        'directory: {last_name: Haas, first_name: Lucie, job_title: Comptable, phone: "03 53 01 00 09"}',
        {"WBK51"},
    ),
    "two phones": (
        (fill(LUCIE, phone="03 53 01 00 09 / 06 11 22 33 44"),),
        'directory: {last_name: Haas, first_name: Lucie, job_title: Comptable, phone: "03 53 01 00 09"}',
        {"WBK51"},
    ),
    "no phone at all": ((fill(LUCIE, phone="voir Marie"),), "", {"WBK50"}),
    "phone emptied": (
        (fill(LUCIE, phone=None),),
        "directory: {last_name: Haas, first_name: Lucie, job_title: Comptable, phone: null}",
        {"WBK61"},
    ),
    "structure as a date": ((fill(LUCIE, atrium_id=dt.date(2025, 3, 1)),), "", {"WBK52"}),
    "structure as a whole code": (
        (fill(LUCIE, atrium_id="ANT CE 055 0 00000 002689"),),
        f'{HAAS}, phone: "03 53 01 00 03", atrium_id: 2689}}',
        set(),
    ),
    "structure of another department": (
        (fill(LUCIE, atrium_id="ANT CE 088 0 00000 002700"),),
        f'{HAAS}, phone: "03 53 01 00 03", atrium_id: 2700}}',
        {"WBK53"},
    ),
    "names in capitals": (
        (fill(ANCIEN, keep="Oui", licence="E1", last_name="DE LA TOUR", first_name="ANNE-MARIE"),),
        "directory: {last_name: de La Tour, first_name: Anne-Marie, phone: null}",
        {"WBK49"},
    ),
    "both names in one cell": (
        (fill(ANCIEN, keep="Oui", licence="E1", last_name="DUPONT Camille", first_name=None),),
        "directory: {last_name: Dupont, first_name: Camille, phone: null}",
        {"WBK49"},
    ),
    "no first name": ((fill(ANCIEN, keep="Oui", licence="E1", last_name="Roy"),), "", {"WBK48"}),
    "civility": (
        (fill(ANCIEN, keep="Oui", licence="E1", last_name="Mme Roy", first_name="Léa"),),
        "directory: {last_name: Roy, first_name: Léa, phone: null}",
        {"WBK49"},
    ),
    "accents in two code points": (
        (fill(ANCIEN, keep="Oui", licence="E1", last_name="Roy", first_name="Le\u0301a"),),
        "directory: {last_name: Roy, first_name: Léa, phone: null}",
        set(),
    ),
    "people by their names": (
        (fill(ANCIEN, keep="Oui", licence="Partagée", last_name="Ancien", people="Lou Petit et Lucie Haas"),),
        "delegates: [lou.petit@spf55.org, lucie.haas@spf55.org]",
        {"WBK47"},
    ),
    "people nobody knows": (
        (fill(ANCIEN, keep="Oui", licence="Partagée", last_name="Ancien", people="Marcel"),),
        "",
        {"WBK46"},
    ),
    "shared by nobody": ((fill(ANCIEN, keep="Oui", licence="Partagée", last_name="Ancien"),), "", {"WBK45"}),
    "shared by a shared mailbox": (
        (fill(ANCIEN, keep="Oui", licence="Partagée", last_name="Ancien", people="contact@spf55.org"),),
        "",
        {"WBK46"},
    ),
    "an error of the spreadsheet": ((fill(LUCIE, licence="#REF!"),), "", {"WBK54"}),
    "a formula without its value": ((fill(LUCIE, licence='=CONCATENATE("E";1)'),), "", {"WBK54"}),
    "row struck through": ((fill(LUCIE, licence="E1"), strike(LUCIE)), "licence: E1", {"WBK55"}),
    "row hidden": ((fill(LUCIE, licence="E1"), hide(LUCIE)), "licence: E1", {"WBK56"}),
    "a note": ((note(LUCIE, "licence", "à revoir"),), "", {"WBK60"}),
    "shifted by one column": ((fill(LUCIE, keep="E1", licence="Haas"),), "", {"WBK16"}),
    "title pasted below": ((fill(LUCIE, job_title="Fonction"),), "", {"WBK16"}),
}


@pytest.mark.parametrize("name", UNDERSTOOD)
def test_what_came_back_is_taken_for_what_was_meant(name: str, meuse: Federation, ours: Path) -> None:
    changes, comes, codes = UNDERSTOOD[name]
    answer = understood(meuse, changed(ours, *changes))
    about = {one.code for one in answer.findings if one.address in (LUCIE, ANCIEN) and one.code != "WBK30"}
    if name in ("nothing decided", "a space alone is nothing"):
        about = {one.code for one in answer.findings}
    assert about == codes
    came = difference(meuse, answer)[1]
    assert comes in came if comes else not came


def test_sorted_rows_say_the_same(meuse: Federation, ours: Path) -> None:
    import openpyxl

    book = openpyxl.load_workbook(ours)
    sheet = book["Adresses"]
    rows = [[cell.value for cell in row[:15]] for row in sheet.iter_rows(min_row=5, max_row=27)]
    for number, row in enumerate(reversed(rows), 5):
        for column, value in enumerate(row, 1):
            sheet.cell(number, column).value = value
    output = io.BytesIO()
    book.save(output)
    assert difference(meuse, understood(meuse, output.getvalue())) == (set(), set())


def test_the_same_row_twice_is_one_and_two_answers_are_none(meuse: Federation, ours: Path) -> None:
    twice = understood(meuse, changed(ours, fill(ANCIEN, **PERSON), add(address=ANCIEN, **PERSON)))
    assert "ancien@spf55.org:" in difference(meuse, twice)[1]
    torn = understood(meuse, changed(ours, fill(ANCIEN, **PERSON), add(address=ANCIEN, keep="Non")))
    assert {one.code for one in torn.errors} == {"WBK32"}
    assert not difference(meuse, torn)[1]
    assert ANCIEN in torn.undecided


@pytest.mark.parametrize(
    ("address", "code", "level"),
    [
        ("MAILTO:Lea.Roy@SPF55.org ", "WBK34", "corrected"),
        ("Léa Roy <lea.roy@spf55.org>", "WBK34", "corrected"),
        ("lea.roy", "WBK34", "confirm"),
        ("léa.roy@spf55.org", "WBK33", "error"),
        ("lea roy@spf55.org", "WBK33", "error"),
        ("lea.roy@spf55.fr", "WBK35", "error"),
        ("lea.roy@spf88.org", "WBK35", "error"),
        ("lea.roy@spf55.org, b@spf55.org", "WBK33", "error"),
    ],
)
def test_a_new_address_is_read_or_refused(address: str, code: str, level: str, meuse: Federation, ours: Path) -> None:
    answer = understood(meuse, changed(ours, add(address=address, licence="E1", last_name="Roy", first_name="Léa")))
    found = [one for one in answer.findings if one.code == code]
    assert [one.level for one in found] == [level]
    assert ("lea.roy@spf55.org:" in difference(meuse, answer)[1]) == (level != "error")


@pytest.mark.parametrize(
    ("address", "code", "why"),
    [
        ("camille.dupont@spf55.org", "WBK46", "contact@spf55.org"),
        ("anne-marie@spf55.org", "WBK42", "annemarie@spf55.org"),
    ],
)
def test_nobody_is_given_up_whom_another_address_needs(
    address: str, code: str, why: str, meuse: Federation, ours: Path
) -> None:
    answer = understood(meuse, changed(ours, fill(address, keep="Non")))
    said = {one.code: one.sentence for one in answer.errors if one.address == address}
    assert why in said[code]
    assert difference(meuse, answer) == (set(), set())


def _zip(**entries: bytes) -> bytes:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name.replace("__", "/").replace("_X_", "."), content)
    return output.getvalue()


def _encrypted(data: bytes) -> bytes:
    output = io.BytesIO()
    OOXMLFile(io.BytesIO(data)).encrypt("secret", output)
    return output.getvalue()


def _bomb(data: bytes) -> bytes:
    output = io.BytesIO(data)
    with zipfile.ZipFile(output, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/zeros.bin", bytes(110_000_000))
    return output.getvalue()


def _encrypted_ods(_: bytes) -> bytes:
    """As LibreOffice writes it: every part is there, and none can be read."""
    listed = (
        b'<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><manifest:file-entry '
        b'manifest:full-path="content.xml"><manifest:encryption-data/></manifest:file-entry></manifest:manifest>'
    )
    kind = b"application/vnd.oasis.opendocument.spreadsheet"
    return _zip(mimetype=kind, content_X_xml=bytes(range(256)), **{"META-INF__manifest_X_xml": listed})


REFUSED: Mapping[str, tuple[Callable[[bytes], bytes], str]] = {
    "encrypted": (_encrypted, "WBK01"),
    "an encrypted .ods": (_encrypted_ods, "WBK01"),
    "a PDF renamed": (lambda _: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "WBK02"),
    "a photo": (lambda _: b"\xff\xd8\xff\xe0" + bytes(200), "WBK03"),
    "a web page renamed": (lambda _: b"<html><table><tr><td>E1</td></tr></table></html>", "WBK04"),
    "a letter": (lambda _: _zip(word__document=b"<w/>"), "WBK05"),
    "a program": (lambda _: b"MZ\x90\0" + bytes(100), "WBK05"),
    "a bomb": (_bomb, "WBK06"),
    "cut short": (lambda data: data[: len(data) // 2], "WBK08"),
    "empty": (lambda _: b"", "WBK11"),
    "entities": (
        lambda data: patched(
            data,
            "xl/workbook.xml",
            r"\?>",
            '?><!DOCTYPE w [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>',
        ),
        "WBK10",
    ),
    "a cell in the last row": (
        lambda data: patched(
            data,
            "xl/worksheets/sheet1.xml",
            "</sheetData>",
            '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>',
        ),
        "WBK07",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_workbook_has_a_sentence_of_its_own(name: str, ours: Path) -> None:
    make, code = REFUSED[name]
    with pytest.raises(Refused) as refused:
        read_confined(make(ours.read_bytes()))
    assert refused.value.code == code
    assert refused.value.sentence.endswith((".", "?"))


def test_the_corpus_is_not_thinned_out() -> None:
    assert len(UNDERSTOOD) >= 50
    assert len(REFUSED) >= 12


def test_a_child_that_dies_is_an_answer_too(ours: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from reconcile.cli.sheet import confined

    monkeypatch.setattr(confined.sys, "executable", "/bin/false")
    with pytest.raises(Refused) as refused:
        read_confined(ours.read_bytes())
    assert refused.value.code == "WBK08"


def test_macros_are_told_and_not_run(ours: Path) -> None:
    output = io.BytesIO(ours.read_bytes())
    with zipfile.ZipFile(output, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0")
    assert read_confined(output.getvalue()).macros


@pytest.mark.parametrize(
    ("separator", "encoding"), [(";", "cp1252"), (";", "utf-8-sig"), (",", "utf-8"), ("\t", "utf-16")]
)
def test_a_text_file_is_read_whatever_wrote_it(separator: str, encoding: str, meuse: Federation, ours: Path) -> None:
    data = as_csv(ours, separator, encoding, fill(LUCIE, licence="E1"))
    returned = read_confined(data)
    assert source(returned) is None
    assert owner(returned, {"spf55": meuse.domains, "spf88": ("spf88.org",)}) == "spf55"
    came = difference(meuse, understood(meuse, data))
    assert came == ({"licence: E3"}, {"licence: E1"})


def test_columns_moved_and_titles_worn_are_found_again(meuse: Federation, ours: Path) -> None:
    def move(sheet: object) -> None:
        for row in sheet.iter_rows(min_row=4):  # type: ignore[attr-defined]
            row[4].value, row[5].value = row[5].value, row[4].value
        sheet["A4"].value = "  ADRESSE\nACTUELLE * "  # type: ignore[index]

    answer = understood(meuse, changed(ours, move))
    assert difference(meuse, answer) == (set(), set())
    assert {one.code for one in answer.findings} == {"WBK30"}


def test_without_a_column_or_the_titles_there_is_one_sentence(ours: Path) -> None:
    with pytest.raises(Refused) as refused:
        table(read(changed(ours, lambda sheet: put(sheet, 4, licence="x"))))
    assert refused.value.code == "WBK15"
    with pytest.raises(Refused) as refused:
        table(read(changed(ours, lambda sheet: sheet.delete_rows(4))))
    assert refused.value.code == "WBK14"


def test_who_it_is_survives_a_program_that_drops_properties(ours: Path) -> None:
    import openpyxl

    book = openpyxl.load_workbook(ours)
    for name in [one.name for one in book.custom_doc_props.props]:
        del book.custom_doc_props[name]
    output = io.BytesIO()
    book.save(output)
    found = source(read(output.getvalue()))
    assert found is not None
    assert (found.federation, found.version) == ("spf55", "1")


def test_merged_rows_share_their_value_and_what_is_hidden_below_is_told(meuse: Federation, ours: Path) -> None:
    def merge(sheet: object) -> None:
        first = row_of(sheet, "lou.petit@spf55.org")  # type: ignore[arg-type]
        sheet.merge_cells(f"L{first}:L{first + 1}")  # type: ignore[attr-defined]

    codes = {one.code for one in understood(meuse, changed(ours, merge)).findings}
    assert "WBK57" in codes


def test_a_second_sheet_that_is_filled_is_told(meuse: Federation, ours: Path) -> None:
    import openpyxl

    book = openpyxl.load_workbook(ours)
    copy = book.copy_worksheet(book["Adresses"])
    copy["A5"].value = "autre@spf55.org"
    output = io.BytesIO()
    book.save(output)
    assert "WBK19" in {one.code for one in understood(meuse, output.getvalue()).findings}


def test_taking_an_answer_twice_changes_nothing_more(meuse: Federation, ours: Path, tmp_path: Path) -> None:
    data = changed(ours, fill(ANCIEN, **PERSON), fill(LUCIE, licence="e1", phone=353010009))
    before = meuse.path.read_text(encoding="utf-8")
    answer = understood(meuse, data)
    after = edited(before, decided_tree(read_document(before).tree, meuse, answer.decisions), "spf55.yaml")
    (tmp_path / "spf55.yaml").write_text(after, encoding="utf-8")
    again = load_federations(tmp_path).select(["55"])[0]
    second = understand(table(read(data)), again, OLD, rows_of(again, OLD))
    assert decided_tree(read_document(after).tree, again, second.decisions) == read_document(after).tree
    assert not [one for one in second.findings if one.level == "error"]


def test_every_comment_of_the_file_is_still_there(meuse: Federation, ours: Path) -> None:
    answer = understood(meuse, changed(ours, fill(ANCIEN, **PERSON), fill(LUCIE, licence="E1")))
    before = meuse.path.read_text(encoding="utf-8")
    after = edited(before, decided_tree(read_document(before).tree, meuse, answer.decisions), "spf55.yaml")
    comments = [line.partition("#")[2] for line in before.splitlines() if "#" in line]
    assert all(comment in after for comment in comments)
