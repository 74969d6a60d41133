"""The first passwords of a federation, from the seal to the account that receives them, whatever dies on the way."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import shutil
import signal
import threading
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
from tests.proofs.dying import FULL, PASSWORDS, half_written
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


#: The seals of three people, the seal of what opens the files, the delivery's three files, two laid, its receipt.
WRITES = 10


@pytest.mark.parametrize("point", PASSWORDS)
@pytest.mark.parametrize("number", range(WRITES))
def test_killed_around_any_write_everybody_gets_the_password_they_have(
    passwords: Passwords, number: int, point: str
) -> None:
    code, said = passwords.project.attempt(*APPLY, kill={"number": number, "point": point})
    assert code == -signal.SIGKILL, said
    # What Microsoft could not tell yet, a first run leaves to the next.
    passwords.project.run(*APPLY, expect=None)
    passwords.project.run(*APPLY)
    passwords.all_right(*PEOPLE)
    passwords.project.run("plan", "--detailed-exitcode")


def test_a_disk_that_fills_up_at_any_file_costs_nobody_their_password_and_leaves_none_half_written(
    passwords: Passwords,
) -> None:
    """The seals, the delivery's files and its receipt among them: each run gets further than the one before."""
    told = 0
    for number in range(0, 200, 3):
        code, said = passwords.project.attempt(*APPLY, kill={"number": number, "point": FULL})
        assert half_written(passwords.folder / "spfstate") == []
        if "STA01" not in said:
            break
        assert code in (1, 6), said
        told += 1
    assert told >= 5, said
    passwords.project.run(*APPLY, expect=None)
    passwords.project.run(*APPLY)
    passwords.all_right(*PEOPLE)
    passwords.project.run("plan", "--detailed-exitcode")


@pytest.mark.parametrize("fault", ["drop_answer", "late_error", "unavailable"])
def test_answers_lost_at_creation_leave_nobody_with_another_password(passwords: Passwords, fault: str) -> None:
    passwords.project.outside.fault(fault, "/v1.0/users", count=3)
    passwords.project.run(*APPLY)
    passwords.all_right(*PEOPLE)


def test_nothing_is_delivered_before_the_switch(passwords: Passwords) -> None:
    passwords.project.run(*APPLY, "--target", "spf55/mailbox/*")
    assert not passwords.account.exists()
    said = passwords.project.run("secrets", "deliver", "spf55")
    assert "not switched yet" in said
    assert not passwords.account.exists()
    passwords.project.run(*APPLY)
    passwords.all_right(*PEOPLE)


def test_who_lost_theirs_gets_another_and_only_they(passwords: Passwords) -> None:
    passwords.project.run(*APPLY)
    lou = "lou.petit@spf55.org"
    passwords.project.run("secrets", "reset", lou, expect=5)
    said = passwords.project.run("secrets", "reset", lou, "--yes")
    former, current = passwords.given(lou)
    assert former != current
    assert former not in said
    assert current not in said
    first, second = passwords.lists()
    assert second == {lou: current}
    assert first[lou] == former
    world = passwords.project.outside.world
    with world.lock:
        assert world.user_named(lou).sessions_from is not None  # type: ignore[union-attr]
        assert world.user_named(PEOPLE[0]).sessions_from is None  # type: ignore[union-attr]
    passwords.project.run("plan", "--detailed-exitcode")
    assert "3 people: 3 delivered, 0 to deliver" in passwords.project.run("secrets", "list")


@pytest.mark.parametrize("point", PASSWORDS)
@pytest.mark.parametrize("number", range(3))
def test_a_reset_that_was_killed_is_finished_by_saying_it_again(passwords: Passwords, number: int, point: str) -> None:
    passwords.project.run(*APPLY)
    lou = "lou.petit@spf55.org"
    passwords.project.attempt("secrets", "reset", lou, "--yes", kill={"number": number, "point": point})
    passwords.project.run("force-unlock", "spf55", "--yes", expect=None)
    passwords.project.run("secrets", "reset", lou, "--yes")
    assert passwords.lists()[-1] == {lou: passwords.given(lou)[-1]}


def test_the_vault_is_emptied_only_once_all_is_over(passwords: Passwords) -> None:
    passwords.project.run(*APPLY)
    assert "SEC20" in passwords.project.run("secrets", "purge", "spf55", expect=5)
    closed = FEDERATION.replace("confirmed: 2025-01-15", "confirmed: 2025-01-15, closed: 2025-03-01")
    passwords.project.write("spf55", closed + JOINS)
    passwords.project.run(*APPLY, "--target", "spf55/mailbox/*")
    assert "SEC21" in passwords.project.run("secrets", "purge", "spf55", expect=5)
    assert (passwords.folder / "spfstate" / "vault" / "spf55").exists()
    passwords.project.run(*APPLY)
    passwords.project.run("secrets", "purge")
    assert not (passwords.folder / "spfstate" / "vault" / "spf55").exists()
    passwords.project.run("plan", "--detailed-exitcode")


def test_by_hand_they_wait_until_somebody_says_that_they_were_carried(passwords: Passwords) -> None:
    settings = passwords.folder / ".sandbox" / "settings.toml"
    settings.write_text(settings.read_text().replace('way = "folder"', 'way = "by_hand"'))
    said = passwords.project.run(*APPLY, expect=6)
    assert "SEC16" in said
    waiting = next((passwords.folder / "spfstate" / "deliveries" / "spf55").glob("2*"))
    assert len(list(waiting.glob("*.xlsx"))) == 1
    passwords.account.mkdir(parents=True)
    for file in (*waiting.glob("*.xlsx"), *waiting.glob("*.pdf")):
        shutil.copy(file, passwords.account)
    passwords.project.run("secrets", "deliver", "spf55", "--carried")
    passwords.all_right(*PEOPLE)
    assert [one["place"] for one in passwords.receipts()] == ["by hand"]
    assert not list(waiting.glob("*.xlsx"))
    passwords.project.run("plan", "--detailed-exitcode")


def test_without_the_key_the_delivery_alone_waits(passwords: Passwords) -> None:
    key = passwords.folder / ".sandbox" / "vault-key"
    kept = key.read_text()
    key.unlink()
    said = passwords.project.run(*APPLY, expect=6)
    assert "AUTH01" in said
    assert passwords.project.outside.content()["mailboxes"]
    key.write_text(str(pyrage.x25519.Identity.generate()))
    assert "SEC04" in passwords.project.run("secrets", "deliver", expect=1)
    key.write_text(kept)
    passwords.project.run("secrets", "deliver")
    passwords.all_right(*PEOPLE)


def test_a_vault_that_was_lost_is_said_and_a_reset_mends_it(passwords: Passwords) -> None:
    passwords.project.run(*APPLY, "--target", "spf55/mailbox/*")
    shutil.rmtree(passwords.folder / "spfstate" / "vault")
    assert "SEC17" in passwords.project.run(*APPLY, expect=6)
    passwords.project.run("secrets", "reset", *PEOPLE, "--yes")
    passwords.all_right(*PEOPLE)


def test_a_renamed_person_gets_nothing_twice(passwords: Passwords) -> None:
    passwords.project.run(*APPLY)
    renamed = FEDERATION.replace(
        "lou.petit@spf55.org: {licence: E1, new: true,", "lou.martin@spf55.org: {licence: E1, was: lou.petit@spf55.org,"
    ).replace("delegates: [lou.petit@spf55.org]", "delegates: [lou.martin@spf55.org]")
    passwords.project.write("spf55", renamed)
    passwords.project.run(*APPLY)
    assert len(passwords.lists()) == 1
    passwords.project.run("plan", "--detailed-exitcode")


def test_no_password_is_anywhere_but_sealed(passwords: Passwords) -> None:
    """Every file, every word on the terminal, every process's words and environment, of a whole life."""
    project, said = passwords.project, []
    seen: list[bytes] = []
    stop = threading.Event()

    def watch() -> None:
        while not stop.is_set():
            for place in (*Path("/proc").glob("[0-9]*/cmdline"), *Path("/proc").glob("[0-9]*/environ")):
                with contextlib.suppress(OSError):
                    seen.append(place.read_bytes())

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        said.append(project.run("plan", "--out", "plans/one.json"))
        said.append(project.run(*APPLY))
        said.append(project.run("secrets", "reset", "lou.petit@spf55.org", "--yes"))
        looks = (("status",), ("status", "--json"), ("secrets", "list"), ("log",), ("state", "list"), ("drift",))
        said += [project.run(*words, expect=None) for words in looks]
        said.append(project.run("state", "show", "spf55/credentials/spf55.org"))
        project.write("spf55", FEDERATION + JOINS)
        said.append(project.run("plan", "--json"))
        said.append(project.run(*APPLY))
    finally:
        stop.set()
        watching.join()
    given = [one for address in (*PEOPLE, "emma.roux@spf55.org") for one in passwords.given(address)]
    assert len(given) == len(set(given)) == 5
    kept = {file: file.read_bytes() for file in project.folder.rglob("*") if file.is_file()}
    assert len(kept) > 20
    assert seen
    for secret in (*given, passwords.opening()):
        for spelling in (secret.encode(), secret.encode("utf-16-le"), base64.b64encode(secret.encode())[:-4]):
            assert not [file for file, content in kept.items() if spelling in content]
            assert not [one for one in seen if spelling in one]
        assert not [one for one in said if secret in one]
