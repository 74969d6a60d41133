"""Addresses listed by a CSV file, a database and a command: real files, SQLite, PostgreSQL and processes."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import shutil
import sqlite3
import stat
import tempfile
from pathlib import Path

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcile.problem import Problem
from reconcile.providers.legacy.inventory.command import Command
from reconcile.providers.legacy.inventory.contract import (
    Found,
    Scope,
    clean_address,
    clean_count,
    clean_day,
    clean_text,
)
from reconcile.providers.legacy.inventory.csv_file import CsvFile
from reconcile.providers.legacy.inventory.sql import SqlDatabase

SCOPE = Scope(("spf55.org",), {"k0412": "camille@spf55.org"})
FRENCH = """\
Adresse;Identifiant;Taille (octets);Messages;Type;Cible;Dernier accès;Filtres;Réponse automatique
Camille@SPF55.org;k0412;1 234 567;42;boîte;;03/01/2025;roundcube, tri;oui

info@spf55.org;;;;alias;camille@spf55.org;;;
presse@spf55.org;;;;Redirection;Presse@example.net;;;
tous@spf55.org;;;;liste;"camille@spf55.org, zoe@spf55.org";;;
*@spf55.org;;;;Attrape-tout;camille@spf55.org;;;
vide@spf55.org;;0;0;Boîte;;;;non
ailleurs@spf88.org;k9;1;1;boîte;;;;
"""
FOUND = (
    Found("camille@spf55.org", "mailbox", "k0412", (), 1234567, 42, dt.date(2025, 1, 3), ("roundcube", "tri"), True),
    Found("info@spf55.org", "alias", targets=("camille@spf55.org",), filters=()),
    Found("presse@spf55.org", "forward", targets=("presse@example.net",), filters=()),
    Found("tous@spf55.org", "list", targets=("camille@spf55.org", "zoe@spf55.org"), filters=()),
    Found("@spf55.org", "catch_all", targets=("camille@spf55.org",), filters=()),
    Found("vide@spf55.org", "mailbox", size=0, messages=0, filters=(), vacation=False),
)


# ---- CSV


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_a_french_export_is_read_in_every_usual_form(encoding: str, newline: str, tmp_path: Path) -> None:
    file = tmp_path / "adresses.csv"
    file.write_bytes(FRENCH.replace("\n", newline).encode(encoding))
    reading = CsvFile(file).read(SCOPE)
    assert reading.found == FOUND
    assert reading.covers == {"mailboxes", "aliases", "lists", "catch_alls"}
    assert reading.troubles == {}


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_titles_may_be_english_in_any_order_and_without_kinds_all_are_mailboxes(delimiter: str, tmp_path: Path) -> None:
    rows = ["Size|E-mail|unknown|last login", "12|a@spf55.org|x|2025-01-03T10:00:00+01:00", "|b@spf55.org||1735900000"]
    (tmp_path / "x.csv").write_text("\n".join(rows).replace("|", delimiter))
    reading = CsvFile(tmp_path / "x.csv").read(SCOPE)
    assert reading.found == (
        Found("a@spf55.org", "mailbox", size=12, last_used=dt.date(2025, 1, 3)),
        Found("b@spf55.org", "mailbox", last_used=dt.date(2025, 1, 3)),
    )
    assert reading.covers == {"mailboxes"}


def test_excel_s_line_of_its_own_before_the_titles_is_no_title(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("sep=|\r\nadresse|taille\r\na@spf55.org|12\r\n")
    reading = CsvFile(tmp_path / "x.csv").read(SCOPE)
    assert reading.found == (Found("a@spf55.org", "mailbox", size=12),)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.csv")
    with pytest.raises(Problem, match="no ordinary file"):
        CsvFile(tmp_path / "x.csv").read(SCOPE)


def test_what_cannot_be_understood_is_unknown_at_its_line(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text(
        "adresse;taille;messages;type;dernier accès\n"
        'trésorerie@spf55.org;1;1;boîte;\na@spf55.org;1,2 Go;"beau\ncoup";boîte;hier\nb@spf55.org;-1;2;cagibi;\n'
    )
    reading = CsvFile(file).read(SCOPE)
    assert [one.address for one in reading.found] == ["a@spf55.org", "b@spf55.org"]
    assert (reading.found[0].size, reading.found[0].messages, reading.found[0].last_used) == (None, None, None)
    assert reading.troubles == {
        "mailboxes": "x.csv:2: 'trésorerie@spf55.org' is no address",
        "sizes": "x.csv:4: '1,2 Go' is no number of bytes",
        "messages": "x.csv:4: 'beau\\ncoup' is no number of messages",
        "last_use": "x.csv:4: 'hier' is no date",
    }


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"nom;prenom\n", "names no column of addresses"),
        (b"a@spf55.org;12\n", "names no column of addresses"),
        (b"adresse;taille\na@spf55.org;" + b"9" * 200_000, "it is not CSV"),
        (None, "Cannot read"),
    ],
)
def test_a_file_that_lists_nothing_is_refused(data: bytes | None, words: str, tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    if data is not None:
        file.write_bytes(data)
    with pytest.raises(Problem, match=words) as refused:
        CsvFile(file).read(SCOPE)
    assert refused.value.code == "INV10"
    assert "x.csv" in refused.value.message


@given(st.binary(max_size=80))
def test_no_file_whatever_raises_anything_but_a_problem(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "x.csv"
        file.write_bytes(b"adresse;taille;type;cible\n" + data)
        with contextlib.suppress(Problem):
            CsvFile(file).read(SCOPE)


# ---- databases

TABLES = (
    "CREATE TABLE mailbox (username TEXT, login TEXT, bytes BIGINT, messages INT, last_login BIGINT)",
    """INSERT INTO mailbox VALUES ('Camille@spf55.org', 'k0412', 1234567, 42, 1735900000),
    ('vide@spf55.org', 'vide', 0, 0, 0), ('ailleurs@spf88.org', 'k9', 1, 1, NULL)""",
    "CREATE TABLE alias (address TEXT, goto TEXT, active INT)",
    """INSERT INTO alias VALUES ('info@spf55.org', 'camille@spf55.org', 1),
    ('tous@spf55.org', 'camille@spf55.org, Zoe@spf55.org', 1), ('@spf55.org', 'camille@spf55.org', 1),
    ('presse@spf55.org', 'presse@example.net', 1), ('vieux@spf55.org', 'x@spf55.org', 0)""",
)
MAILBOXES = """SELECT username AS address, login, SUM(bytes) AS size, messages, last_login AS last_used FROM mailbox
GROUP BY username, login, messages, last_login ORDER BY username"""
ALIASES = "SELECT address, goto AS targets FROM alias WHERE active = 1 ORDER BY address"


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """A mail host's tables, in one of the two."""
    if request.param == "sqlite":
        file = tmp_path / "vmail sqlite?.db"  # a name that a URI would have to escape
        with contextlib.closing(sqlite3.connect(file)) as connection, connection:
            for statement in TABLES:
                connection.execute(statement)
        connection.close()
        return file
    url: str = request.getfixturevalue("cluster").database()
    with psycopg.connect(url) as connection:
        for statement in TABLES:
            connection.execute(statement)
    return url


def test_a_database_lists_mailboxes_and_aliases_of_the_domains_asked_for(database: Path | str) -> None:
    reading = SqlDatabase(database, "", MAILBOXES, ALIASES).read(SCOPE)
    assert sorted(reading.found, key=lambda one: one.address) == [
        Found("@spf55.org", None, targets=("camille@spf55.org",)),
        Found("camille@spf55.org", "mailbox", "k0412", (), 1234567, 42, dt.date(2025, 1, 3)),
        Found("info@spf55.org", None, targets=("camille@spf55.org",)),
        Found("presse@spf55.org", None, targets=("presse@example.net",)),
        Found("tous@spf55.org", None, targets=("camille@spf55.org", "zoe@spf55.org")),
        Found("vide@spf55.org", "mailbox", "vide", (), 0, 0),
    ]
    assert reading.covers == {"mailboxes", "aliases", "lists", "catch_alls"}


def test_one_query_covers_only_what_it_lists(database: Path | str) -> None:
    assert SqlDatabase(database, "", MAILBOXES, "").read(SCOPE).covers == {"mailboxes"}
    assert SqlDatabase(database, "", "", ALIASES).read(SCOPE).covers == {"aliases", "lists", "catch_alls"}


def test_addresses_that_are_none_are_counted_not_forgotten(database: Path | str) -> None:
    query = "SELECT 'trésorerie@spf55.org' AS address UNION SELECT 'a@spf55.org' UNION SELECT NULL"
    reading = SqlDatabase(database, "", query, "").read(SCOPE)
    assert [one.address for one in reading.found] == ["a@spf55.org"]
    assert reading.troubles == {"mailboxes": "2 of its addresses are malformed"}


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("SELECT nothing FROM nowhere", "refuses the query for mailboxes"),
        ("SELECT 'a@spf55.org' AS adresse", "no column named address"),
        ("DELETE FROM mailbox", "read.?only|no column"),
        ("DROP TABLE mailbox", "read.?only|no column"),
    ],
)
def test_a_query_that_fails_or_writes_is_refused_and_changes_nothing(
    query: str, words: str, database: Path | str
) -> None:
    with pytest.raises(Problem, match=words) as refused:
        SqlDatabase(database, "", query, "").read(SCOPE)
    assert refused.value.code == "INV11"
    assert len(SqlDatabase(database, "", MAILBOXES, "").read(SCOPE).found) == 2


@pytest.mark.parametrize("place", ["missing.db", "postgresql://spf:sesame@127.0.0.1:1/vmail"])
def test_a_database_that_is_not_there_is_said_without_its_password(place: str, tmp_path: Path) -> None:
    where = place if place.startswith("postgresql") else tmp_path / place
    with pytest.raises(Problem, match="database") as refused:
        SqlDatabase(where, "sesame", MAILBOXES, "").read(SCOPE)
    assert refused.value.code == "INV11"
    assert "sesame" not in str(refused.value)
    assert list(tmp_path.iterdir()) == []


# ---- a command


def script(folder: Path, body: str) -> tuple[str, ...]:
    file = folder / "list-addresses"
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return (str(file), "--all")


def run(folder: Path, body: str, timeout: float = 30) -> Command:
    return Command(script(folder, body), {"PATH": os.environ["PATH"], "KEY": "sesame"}, timeout)


def test_a_command_is_told_the_scope_and_believed(tmp_path: Path) -> None:
    answer = {
        "format": 1,
        "complete": ["mailboxes", "aliases", "moods"],
        "unknown": {"lists": "the list server is down"},
        "addresses": [
            {"address": "Camille@spf55.org", "kind": "mailbox", "login": "k0412", "size": 12, "messages": 3,
             "last_used": "2025-01-03", "filters": ["tri"], "vacation": True},
            {"address": "tous@spf55.org", "kind": "list", "targets": ["Camille@spf55.org", "zoe@spf55.org"]},
            {"login": "k0413", "kind": "mailbox", "size": "7"},
            {"address": "x@spf88.org", "kind": "mailbox"},
            {"address": "nobody", "kind": "mailbox"},
            "nonsense",
        ],
    }  # fmt: skip
    (tmp_path / "answer").write_text(json.dumps(answer))
    asked = tmp_path / "asked"
    reading = run(tmp_path, f'cat >{asked}; echo "$1 $KEY" >>{asked}; cat {tmp_path}/answer').read(SCOPE)
    assert asked.read_text() == (
        '{"format": 1, "domains": ["spf55.org"], "logins": {"k0412": "camille@spf55.org"}}--all sesame\n'
    )
    assert reading.found == (
        Found("camille@spf55.org", "mailbox", "k0412", (), 12, 3, dt.date(2025, 1, 3), ("tri",), True),
        Found("tous@spf55.org", "list", targets=("camille@spf55.org", "zoe@spf55.org")),
        Found("", "mailbox", "k0413", (), 7),
    )
    assert reading.covers == {"mailboxes", "aliases"}
    assert reading.troubles == {"lists": "the list server is down", "mailboxes": "2 of its addresses are malformed"}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("echo oups >&2; echo 'panel: no such domain' >&2; exit 3", "ended with 3: panel: no such domain"),
        ("exit 1", "ended with 1"),
        ("echo hello", "no JSON"),
        ('echo "[]"', "lacks format"),
        ('echo \'{"format": 2, "addresses": []}\'', "in format 2"),
        ('echo \'{"format": 1, "addresses": 3}\'', "lacks format"),
        ("echo '{\"format\": 1}'", "lacks format"),
        ("exec sleep 60", "not answered after 0.2 seconds"),
        ("sleep 60 & sleep 60", "not answered after 0.2 seconds"),
    ],
)
def test_a_command_that_fails_lists_no_address(body: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(Problem, match=words) as refused:
        run(tmp_path, body, timeout=0.2 if "sleep" in body else 30).read(SCOPE)
    assert refused.value.code == "INV12"
    assert "list-addresses" in refused.value.message


def test_a_command_that_is_not_there_is_said(tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "nowhere", ignore_errors=True)
    with pytest.raises(Problem, match="No such file") as refused:
        Command((str(tmp_path / "nowhere/list"),), {}, 30).read(SCOPE)
    assert refused.value.code == "INV12"


# ---- what is written anywhere


@pytest.mark.parametrize(
    ("written", "address"),
    [
        (" Lou@SPF55.org ", "lou@spf55.org"),
        ("*@spf55.org", "@spf55.org"),
        ("@spf55.org", "@spf55.org"),
        ("lou", ""),
        ("l u@spf55.org", ""),
        ("trésor@spf55.org", ""),
        ("a@b@spf55.org", ""),
        ("a" * 400 + "@spf55.org", ""),
        ("lou@spf55.org\x1b[2J", ""),
        (None, ""),
        (3, ""),
    ],
)
def test_an_address_is_one_or_nothing(written: object, address: str) -> None:
    assert clean_address(written) == address


@given(st.text(max_size=40) | st.integers() | st.floats() | st.none() | st.binary(max_size=5) | st.booleans())
def test_no_value_whatever_makes_a_reader_fall(value: object) -> None:
    assert clean_text(value).isprintable()
    assert clean_address(value) == clean_address(clean_address(value))
    assert (clean_count(value) or 0) >= 0
    assert clean_day(value) is None or isinstance(clean_day(value), dt.date)
