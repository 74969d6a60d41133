"""``reconcile inventory`` as a postmaster meets it: a sandbox whose old host holds more than the files name."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FEDERATION = """\
code: "55"
name: Fédération de la Meuse
domain: spf55.org
migration: {date: 2025-01-20}
legacy: {server: mutualise}
mailboxes:
  camille.dupont@spf55.org:
    licence: E3
    legacy_login: k0412
    aliases: [secretariat@spf55.org]
    directory: {last_name: Dupont, first_name: Camille}
  lou.petit@spf55.org:
    licence: E1
    directory: {last_name: Petit, first_name: Lou}
not_migrated: [noel2016@spf55.org]
"""
UNNAMED = ["benevoles@spf55.org", "braderie2019@spf55.org", "bureau@spf55.org", "tresorier@spf55.org"]


class Project:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "federations").mkdir()
        self.file = folder / "federations" / "spf55.yaml"
        self.file.write_text(FEDERATION, encoding="utf-8")
        shutil.copy(ROOT / "reconcile.toml", folder)

    def run(self, *words: str, code: int = 0, **environment: str) -> str:
        program = str(Path(sys.executable).with_name("reconcile"))
        done = subprocess.run(
            [program, *words], cwd=self.folder, env=os.environ | environment, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    def sandboxed(self, *words: str, code: int = 0) -> str:
        return self.run("--sandbox", *words, code=code)

    @property
    def accounts(self) -> Path:
        note = json.loads((self.folder / ".sandbox/world.json").read_text())
        return Path(note["runtime"]) / "old/accounts.sqlite"

    def on_the_old_host(self, statement: str) -> None:
        with contextlib.closing(sqlite3.connect(self.accounts)) as accounts, accounts:
            accounts.execute(statement)
        accounts.close()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    temporary = Path(tempfile.mkdtemp(prefix="reconcile-test-"))
    temporary.chmod(0o711)
    project = Project(tmp_path_factory.mktemp("project"))
    project.run("sandbox", "up", TMPDIR=str(temporary))
    yield project
    project.run("sandbox", "down", TMPDIR=str(temporary))
    temporary.rmdir()


@pytest.fixture
def project(running: Project) -> Iterator[Project]:
    yield running
    running.file.write_text(FEDERATION, encoding="utf-8")
    shutil.rmtree(running.folder / "spfstate", ignore_errors=True)


def test_what_no_file_names_is_found_shown_and_judged_as_the_day_draws_near(project: Project) -> None:
    assert "addresses that no file names" in project.run("sandbox", "status")
    told = project.sandboxed("inventory", "read", "55")
    assert "spf55  4 mailboxes, 2 aliases, 1 forward, 1 list, 1 catch-all; " in told
    assert "(sql, doveadm); 4 not decided" in told
    (kept,) = (project.folder / "spfstate/inventory/spf55").iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600

    shown = json.loads(project.sandboxed("inventory", "show", "spf55", "--json"))
    assert [address for address, decision in shown["decisions"].items() if decision == "undecided"] == UNNAMED
    assert (shown["unknown"], shown["addresses"]["camille.dupont@spf55.org"]["login"]) == ({}, "k0412")
    assert shown["addresses"]["braderie2019@spf55.org"]["messages"] > 0
    assert shown["addresses"]["noel2016@spf55.org"]["vacation"] is True
    table = project.sandboxed("inventory", "show", "spf55", "--undecided")
    assert all(address in table for address in UNNAMED)
    assert "lou.petit@spf55.org" not in table.split("goes to")[0]

    early = project.sandboxed("validate", "--as-of", "2025-01-08")
    assert early.count("SPF505 warning") == 4
    for line in (
        "SPF512 warning: camille.dupont@spf55.org sends its messages on to camille.dupont@orange.example",
        "SPF513 notice: noel2016@spf55.org has the filter absence and an automatic reply on the old host",
        "SPF514 warning: the old host takes what is addressed to anybody @spf55.org into noel2016@spf55.org",
    ):
        assert line in early
    late = project.sandboxed("validate", "--as-of", "2025-01-13", code=3)
    assert late.count("SPF505 error") == 4

    decided = "".join(f"\n  - {address}" for address in UNNAMED)
    project.file.write_text(FEDERATION.replace("[noel2016@spf55.org]", f"\n  - noel2016@spf55.org{decided}"))
    assert "SPF505" not in project.sandboxed("validate", "--as-of", "2025-01-13")
    assert "Every address is decided on." in project.sandboxed("inventory", "show", "spf55", "--undecided")


def test_two_readings_compared_tell_what_was_made_meanwhile(project: Project) -> None:
    project.sandboxed("inventory", "read")
    first = next((project.folder / "spfstate/inventory/spf55").iterdir())
    first.rename(first.with_name("2025-01-06T080000Z.sandbox.json"))
    held = first.with_name("2025-01-06T080000Z.sandbox.json")
    document = json.loads(held.read_text())
    document["taken"] = "2025-01-06T08:00:00+00:00"
    held.write_text(json.dumps(document))
    project.on_the_old_host("INSERT INTO alias VALUES ('presidence@spf55.org', 'k@example.net')")
    project.on_the_old_host("UPDATE alias SET targets = 'lou.petit@spf55.org' WHERE address = 'bureau@spf55.org'")
    project.on_the_old_host("DELETE FROM alias WHERE address = 'tresorier@spf55.org'")
    try:
        project.sandboxed("inventory", "read")
        told = project.sandboxed("inventory", "compare", "spf55", "--detailed-exitcode", code=2)
        assert "+ presidence@spf55.org  forward to k@example.net: made since" in told
        assert "- tresorier@spf55.org  forward to tresorier.spf55@free.example: no longer there" in told
        assert "~ bureau@spf55.org  targets: camille.dupont@spf55.org → lou.petit@spf55.org" in told
        found = json.loads(project.sandboxed("inventory", "compare", "spf55", "--json"))
        assert (found["appeared"], found["gone"]) == (["presidence@spf55.org"], ["tresorier@spf55.org"])
        older = project.sandboxed("inventory", "show", "spf55", "--as-of", "2025-01-10")
        assert "presidence" not in older
        assert "There is no inventory of spf55 of 2025-01-05 or before" in project.sandboxed(
            "inventory", "show", "spf55", "--as-of", "2025-01-05", code=1
        )
    finally:
        project.on_the_old_host("DELETE FROM alias WHERE address = 'presidence@spf55.org'")


def test_a_source_that_fails_leaves_no_inventory_that_would_hide_addresses(project: Project) -> None:
    project.sandboxed("inventory", "read")
    kept = project.folder / "spfstate/inventory/spf55"
    before = sorted(kept.iterdir())
    away = project.accounts.with_suffix(".away")
    # Dovecot keeps its own handle, so that only our reading of the tables fails.
    project.accounts.rename(away)
    try:
        told = project.sandboxed("inventory", "read", code=1)
        assert "INV11 mutualise, sql: Cannot open the database" in told
        assert "Nothing of mutualise was kept" in told
        assert sorted(kept.iterdir()) == before
    finally:
        away.rename(project.accounts)


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("inventory", "show", "spf55"), 1, "INV21 There is no inventory of spf55"),
        (("inventory", "compare", "spf55"), 1, "INV21"),
        (("inventory", "show", "spf99"), 3, "CFG04"),
        (("inventory", "read", "spf99"), 3, "CFG04"),
        (("inventory", "show"), 64, "Missing argument"),
        (("inventory", "show", "spf55", "--as-of", "hier"), 64, "hier"),
    ],
)
def test_what_cannot_be_shown_is_said(words: tuple[str, ...], code: int, told: str, project: Project) -> None:
    assert told in project.sandboxed(*words, code=code)


def test_a_host_that_no_table_tells_how_to_read_is_named(project: Project) -> None:
    told = project.run("inventory", "read", code=1)
    assert "INV20 reconcile.toml says nowhere what the old host mutualise may be read from." in told
    assert "[legacy.mutualise.inventory.csv]" in told


def test_the_live_world_does_not_judge_by_the_sandbox_s_inventory(project: Project) -> None:
    project.sandboxed("inventory", "read")
    assert "SPF505" not in project.run("validate", "--as-of", "2025-01-13")


def test_a_csv_file_is_enough_for_a_live_host(project: Project) -> None:
    (project.folder / "adresses.csv").write_text(
        "adresse;identifiant;taille_octets;messages;type;cible\n"
        "camille.dupont@spf55.org;k0412;1200;3;boîte;\nvieux@spf55.org;;0;0;boîte;\n"
        "postmaster@spf55.org;admin;5;5;boîte;\n"
    )
    settings = project.folder / "reconcile.toml"
    before = settings.read_text()
    settings.write_text(before + '\n[legacy.mutualise.inventory.csv]\nfile = "adresses.csv"\n')
    try:
        told = project.run("inventory", "read")
        assert "spf55  2 mailboxes; 1.2 kB (csv); 1 not decided" in told
        late = project.run("validate", "--as-of", "2025-01-13", code=3)
        assert "vieux@spf55.org is neither kept nor given up" in late
        assert "SPF506 notice: lou.petit@spf55.org is not on the old host" in late
        # It is protected: nobody may decide on it, and no federation is shown it.
        assert "postmaster" not in late + project.run("inventory", "show", "spf55")
        settings.write_text(before + '\n[legacy.mutualise.inventory.csv]\nfile = "nowhere.csv"\n')
        assert "INV10 mutualise, csv: Cannot read nowhere.csv" in project.run("inventory", "read", code=1)
    finally:
        settings.write_text(before)


def test_a_file_that_is_not_valid_does_not_stop_the_reading_of_the_others(project: Project) -> None:
    broken = project.folder / "federations/spf88.yaml"
    broken.write_text("code: [unclosed")
    try:
        told = project.sandboxed("inventory", "read")
        assert "federations/spf88.yaml is not valid and is left out" in told
        assert "spf55  4 mailboxes" in told
        assert "CFG03" in project.sandboxed("inventory", "read", "spf88", code=3)
    finally:
        broken.unlink()


def test_a_damaged_inventory_stops_its_federation_and_says_how_to_go_on(project: Project) -> None:
    project.sandboxed("inventory", "read")
    (kept,) = (project.folder / "spfstate/inventory/spf55").iterdir()
    kept.write_text("{")
    told = project.sandboxed("validate", "--as-of", "2025-01-13", code=3)
    assert "SPF516 error" in told
    assert str(kept.relative_to(project.folder)) in told
    assert "INV01" in project.sandboxed("inventory", "show", "spf55", code=1)
