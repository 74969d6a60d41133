"""The first passwords of a federation, from the seal to the account that receives them, whatever dies on the way."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msoffcrypto
import openpyxl
import pypdf
import pyrage
import pytest
import requests
from tests.federations import MEUSE_WITH_VERDUN
from tests.proofs.outside import VAULT, Outside
from tests.proofs.project import Forks, Project

ZONES = {"spf55.org": ["verdun.spf55.org"]}
PEOPLE = ("camille.dupont@spf55.org", "lou.petit@spf55.org", "passage@verdun.spf55.org")
CONTACT = "contact: {name: Claude Morel, email: claude.morel@example.net, poptransfert: meuse}"
FEDERATION = (
    MEUSE_WITH_VERDUN.replace("legacy:", f"{CONTACT}\nlegacy:", 1)
    + """\
  camille.dupont@spf55.org: {licence: E3, new: true, directory: {last_name: Dupont, first_name: Camille}}
  lou.petit@spf55.org: {licence: E1, new: true, directory: {last_name: Petit, first_name: Lou}}
  passage@verdun.spf55.org: {licence: E1, new: true, directory: {last_name: Passage, first_name: Dominique}}
  contact@spf55.org: {licence: Partagée, new: true, delegates: [lou.petit@spf55.org]}
"""
)
JOINS = "  emma.roux@spf55.org: {licence: E1, new: true, directory: {last_name: Roux, first_name: Emma}}\n"
APPLY = ("apply", "--yes")


class Passwords:
    """One federation before its world, and the account that receives."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.folder = project.folder
        self.account = self.folder / ".sandbox" / "deliveries" / "meuse"

    def given(self, address: str) -> list[str]:
        """Every password the tenant was given for the account."""
        tenant = self.project.outside.tenant
        answer = requests.get(f"{tenant.control}/password/{address}", verify=str(tenant.ca_file), timeout=30)
        assert answer.ok, answer.text
        return list(answer.json()["password"])

    def opening(self) -> str:
        """What the contact is told by telephone."""
        (file,) = (self.folder / "spfstate" / "vault" / "spf55" / "ouverture").iterdir()
        return str(json.loads(pyrage.decrypt(file.read_bytes(), [VAULT]))["password"])

    def lists(self) -> list[dict[str, str]]:
        """The lists in the account, the oldest first: address → password."""
        found = []
        for file in sorted(self.account.glob("*.xlsx"), key=lambda one: one.stat().st_mtime_ns):
            opened = io.BytesIO()
            book = msoffcrypto.OfficeFile(io.BytesIO(file.read_bytes()))
            book.load_key(password=self.opening())
            book.decrypt(opened)
            rows = openpyxl.load_workbook(opened).active.iter_rows(min_row=5, values_only=True)
            found.append({str(row[1]): str(row[3]) for row in rows if row[1]})
        return found

    def receipts(self) -> list[Any]:
        folder = self.folder / "spfstate" / "deliveries" / "spf55"
        return [json.loads(one.read_text()) for one in sorted(folder.glob("*/receipt.json"))]

    def all_right(self, *people: str) -> None:
        """Whoever is named has the password that their account has, in one list and no other."""
        lists = self.lists()
        for address in people:
            told = [one[address] for one in lists if address in one]
            assert told == [self.given(address)[-1]], address
        assert {address for one in lists for address in one} == set(people)
        assert len(list(self.account.iterdir())) == 2 * len(lists)


@pytest.fixture
def passwords(forks: Forks, tmp_path: Path) -> Iterator[Passwords]:
    with Outside(tmp_path, ZONES) as outside:
        project = Project.before(outside, forks)
        project.write("spf55", FEDERATION)
        yield Passwords(project)


def test_each_persons_password_reaches_the_account_once(passwords: Passwords) -> None:
    passwords.project.run(*APPLY)
    passwords.all_right(*PEOPLE)
    passwords.project.run("plan", "--detailed-exitcode")
    (receipt,) = passwords.receipts()
    assert receipt["people"].keys() == set(PEOPLE)
    # Somebody who joins later is a delivery of its own.
    passwords.project.write("spf55", FEDERATION + JOINS)
    passwords.project.run(*APPLY)
    passwords.all_right(*PEOPLE, "emma.roux@spf55.org")
    assert [sorted(one["people"]) for one in passwords.receipts()] == [sorted(PEOPLE), ["emma.roux@spf55.org"]]


def test_every_person_has_a_sheet_with_their_own_password(passwords: Passwords) -> None:
    passwords.project.run(*APPLY)
    (file,) = passwords.account.glob("*.pdf")
    sheets = pypdf.PdfReader(file)
    assert sheets.is_encrypted
    assert sheets.decrypt(passwords.opening())
    pages = [page.extract_text() for page in sheets.pages]
    assert len(pages) == len(PEOPLE)
    for address, page in zip(PEOPLE, pages, strict=True):
        assert address in page
        assert [one for one in PEOPLE if passwords.given(one)[-1] in page] == [address]
