"""Sheets as people hold them: one page, whatever the names; every letter printed; the password whole or not at all."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader
from tests.documents.artefacts import picture

from reconcile.config.load import load_federations
from reconcile.config.settings.tables.letters import Letters, Links
from reconcile.documents.people import people
from reconcile.documents.person_sheet import Person, person_sheet, person_sheets, setup_sheet

NETWORK = Letters(
    contact="postmaster@secourspopulaire.example",
    phone="01 99 00 00 00",
    links=Links(
        tutorials="https://wiki.secourspopulaire.example/messagerie",
        exports="https://wiki.secourspopulaire.example/messagerie/exports",
        outlook="https://wiki.secourspopulaire.example/messagerie/outlook",
        thunderbird="https://wiki.secourspopulaire.example/messagerie/thunderbird",
        phone="https://wiki.secourspopulaire.example/messagerie/telephone",
    ),
)
CAMILLE = Person(
    "Françoise Cœur-Łukasiewicz",
    "francoise.coeur@spf55.org",
    "E3",
    "Fédération de la Meuse",
    dt.date(2025, 1, 20),
    ("contact@spf55.org", "accueil@spf55.org"),
    NETWORK,
)
PASSWORD = "Tailler-fiole-enjeu-peplum-75"


def pages(pdf: bytes) -> list[str]:
    return [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]


def links(pdf: bytes) -> set[str]:
    [page] = PdfReader(io.BytesIO(pdf)).pages
    return {str(note.get_object()["/A"]["/URI"]) for note in page.get("/Annots", ())}


def test_the_sheet_says_who_the_address_the_password_and_the_first_day() -> None:
    [said] = pages(person_sheet(CAMILLE, PASSWORD))
    for words in (
        CAMILLE.name,
        CAMILLE.address,
        PASSWORD,
        "lundi 20 janvier 2025",
        "accueil@spf55.org",
        "01 99 00 00 00",
    ):
        assert words in said.replace("\N{NO-BREAK SPACE}", " ")
    assert picture("person-sheet", person_sheet(CAMILLE, PASSWORD)).stat().st_size > 20_000


def test_without_a_password_there_is_no_place_for_one() -> None:
    [said] = pages(person_sheet(CAMILLE, None))
    assert "Mot de passe provisoire" not in said


def test_it_leads_to_every_page_the_settings_name() -> None:
    named = {value for value in NETWORK.links.model_dump().values() if value}
    assert links(person_sheet(CAMILLE, PASSWORD)) == named


def test_who_has_no_outlook_installed_is_not_sent_to_it() -> None:
    [said] = pages(person_sheet(dataclasses.replace(CAMILLE, licence="E1"), None))
    assert "ne comprend pas Outlook" in said.replace("\n", " ")


def test_shared_mailboxes_are_explained_to_those_who_have_some() -> None:
    alone = dataclasses.replace(CAMILLE, shared=())
    assert "n’a pas de mot de passe" in pages(person_sheet(CAMILLE, None))[0]
    assert "n’a pas de mot de passe" not in pages(person_sheet(alone, None))[0]


def test_the_sheet_that_names_nobody_holds_the_same_instructions() -> None:
    pdf = setup_sheet("Fédération de la Meuse", NETWORK)
    [said] = pages(pdf)
    assert "outlook.office365.com" in said
    assert "@spf55.org" not in said
    assert picture("setup-sheet", pdf).exists()


def test_the_same_sheet_is_the_same_bytes() -> None:
    assert person_sheet(CAMILLE, PASSWORD) == person_sheet(CAMILLE, PASSWORD)


@settings(max_examples=15)
@given(
    name=st.text(min_size=1, max_size=300),
    address=st.text(alphabet="abcm.-@", min_size=3, max_size=113),
    shared=st.lists(st.text(alphabet="m.@", min_size=3, max_size=80), max_size=60),
    federation=st.text(max_size=200),
    password=st.text(alphabet=[chr(code) for code in range(33, 127)], min_size=8, max_size=64),
)
def test_whatever_it_is_told_the_sheet_is_one_page_with_the_whole_password(
    name: str, address: str, shared: list[str], federation: str, password: str
) -> None:
    person = Person(name, address, "E1", federation, dt.date(2025, 3, 3), shared, NETWORK)
    [said] = pages(person_sheet(person, password))
    assert password in said


def test_whoever_signs_in_has_a_sheet_with_the_shared_mailboxes_they_work_in() -> None:
    [meuse] = load_federations(Path("federations")).select(["spf55"])
    found = {person.address: person for person in people(meuse.file, NETWORK)}
    assert found.keys() == {address for address, box in meuse.file.mailboxes.items() if box.licence != "shared"}
    assert found["lou.petit@spf55.org"].shared == ("accueil@spf55.org", "scanner@spf55.org")
    assert found["vacances@verdun.spf55.org"].name == "Vacances – Secours populaire de Verdun"
    assert found["anne-marie@spf55.org"].day == dt.date(2025, 1, 20)


def test_planning_loads_no_pdf_library() -> None:
    program = "import sys, reconcile.documents.person_sheet; sys.exit('fpdf' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=Path.cwd()).returncode == 0


@pytest.mark.parametrize("face", ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"])
def test_the_faces_hold_every_letter_of_the_languages_of_names(face: str) -> None:
    from fontTools.ttLib import TTFont

    from reconcile.documents import page

    known = TTFont(Path(page.__file__).parent / "fonts" / face).getBestCmap()
    wanted = "àâäçéèêëîïôöùûüÿœæÀÂÇÉÈÊËÎÏÔŒÙÛŁłŚśŠšŽžČčĞğİıŞşȚțőűĐđÑñÕõØøÅåẤế«»’‘“”–—…€·•\u00a0\u202f"
    assert [letter for letter in wanted if ord(letter) not in known] == []


def test_sheets_in_one_document_are_those_of_each_alone_whatever_has_to_be_set_smaller() -> None:
    crowded = dataclasses.replace(CAMILLE, shared=tuple(f"service{number}@spf55.org" for number in range(60)))
    chosen = [(CAMILLE, PASSWORD), (crowded, PASSWORD), (CAMILLE, None), (crowded, None)]
    together = pages(person_sheets(chosen, "Feuilles individuelles"))
    assert together == [pages(person_sheet(*one))[0] for one in chosen]
