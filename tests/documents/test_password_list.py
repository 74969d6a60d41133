"""The list a federation receives: opened with its passphrase, harmless whatever people are called."""

from __future__ import annotations

import datetime as dt
import io

import msoffcrypto
import openpyxl
import pypdf
import pytest
from msoffcrypto.exceptions import InvalidKeyError

from reconcile.documents.encrypted import encrypted_pages, encrypted_workbook
from reconcile.documents.password_list import password_list
from reconcile.documents.person_sheet import Person, person_sheets

DAY = dt.date(2025, 1, 19)
KEY, PHRASE = "Corniche-pixel-ralentir-chose-52", "Tailler-fiole-enjeu-peplum-75"


def person(name: str, address: str = "anne.petit@spf55.org") -> Person:
    return Person(name, address, "E1", "Fédération de la Meuse", dt.date(2025, 1, 20))


def cells(workbook: bytes) -> list[tuple[str | None, ...]]:
    return list(openpyxl.load_workbook(io.BytesIO(workbook)).active.iter_rows(min_row=5, values_only=True))


def opened(sealed: bytes, key: str) -> bytes:
    book = msoffcrypto.OfficeFile(io.BytesIO(sealed))
    book.load_key(password=key, verify_password=True)
    plain = io.BytesIO()
    book.decrypt(plain)
    return plain.getvalue()


def test_each_person_has_a_line_and_who_had_an_account_keeps_their_password() -> None:
    people = [(person("Anne Petit"), PHRASE), (person("Lou Œuvré", "lou@spf55.org"), None)]
    first, second = cells(password_list("Meuse", people, DAY))[:2]
    assert first[:4] == ("Anne Petit", "anne.petit@spf55.org", "E1", PHRASE)
    assert second[:4] == ("Lou Œuvré", "lou@spf55.org", "E1", "–")
    assert "garde son mot de passe" in str(second[4])


@pytest.mark.parametrize("name", ["=1+1", "+cmd|' /C calc'!A0", "@SUM(A1)", "-2", "a\x00b\x0bc", "{=A1}", "é" * 300])
def test_no_name_becomes_a_formula_or_breaks_the_file(name: str) -> None:
    written = openpyxl.load_workbook(io.BytesIO(password_list("Meuse", [(person(name), PHRASE)], DAY)))
    cell = written.active["A5"]
    assert cell.data_type == "s"
    assert cell.number_format == "@"
    assert written.active["D5"].value == PHRASE


def test_the_passphrase_opens_it_and_another_does_not() -> None:
    sealed = encrypted_workbook(password_list("Meuse", [(person("Anne Petit"), PHRASE)], DAY), KEY)
    assert PHRASE.encode() not in sealed
    assert cells(opened(sealed, KEY))[0][3] == PHRASE
    with pytest.raises(InvalidKeyError):
        opened(sealed, KEY.lower())


def test_the_sheets_are_pages_of_one_file_that_the_passphrase_opens() -> None:
    sheets = person_sheets([(person(f"Personne {number}"), f"{PHRASE}{number}") for number in range(3)], "Feuilles")
    sealed = encrypted_pages(sheets, KEY)
    book = pypdf.PdfReader(io.BytesIO(sealed))
    assert book.is_encrypted
    assert not book.decrypt("Faux")
    assert book.decrypt(KEY)
    assert len(book.pages) == 3
    assert book.metadata is not None
    assert book.metadata.title == "Feuilles"
    for number, page in enumerate(book.pages):
        assert f"{PHRASE}{number}" in page.extract_text()
