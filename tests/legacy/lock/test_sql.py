"""Locking in the host's database: a real Dovecot that reads it, and PostgreSQL for the statements."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pyrage
import pytest
from tests.legacy.lock.conftest import CAMILLE, CANARY, LOGINS, HostMaker, locked_host
from tests.postgresql import Cluster

from reconcile.problem import Problem
from reconcile.providers.legacy.lock.kept import Kept
from reconcile.providers.legacy.lock.sql import SqlLock


@dataclasses.dataclass(frozen=True)
class Statements:
    locked: str
    keep: str
    lock: str
    unlock: str


ROTATION = Statements(
    locked="SELECT login FROM account WHERE login = :login AND password LIKE '!%'",
    keep="SELECT password FROM account WHERE login = :login",
    lock="UPDATE account SET password = :secret WHERE login = :login",
    unlock="UPDATE account SET password = :password WHERE login = :login",
)
#: Here a login never used is one that Dovecot answers ``nologin`` for.
NOLOGIN = Statements(
    locked="SELECT 1 AS yes FROM account WHERE login = :login AND last_login IS NULL",
    keep="SELECT last_login FROM account WHERE login = :login",
    lock="UPDATE account SET last_login = NULL WHERE login = :login",
    unlock="UPDATE account SET last_login = :last_login WHERE login = :login",
)


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    key = pyrage.x25519.Identity.generate()
    return Kept(tmp_path / "locks", "mutualise", [str(key.to_public())], lambda: str(key))


def accounts(database: Path) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(database)
    rows = connection.execute("SELECT * FROM account ORDER BY login").fetchall()
    connection.close()
    return rows


def test_another_password_locks_and_the_old_hash_comes_back(make_host: HostMaker, kept: Kept, tmp_path: Path) -> None:
    """With an auth cache, in which the old password lives on until it is flushed."""
    host = make_host(auth_cache_size="1M", auth_cache_ttl="1 hours")
    before = accounts(host.accounts)
    old_host = locked_host(host, SqlLock(host.accounts, "", ROTATION, kept))
    old_host.unlock("spf55", "spf55.org", LOGINS)  # nothing was locked; now the canary's password is remembered
    old_host.lock("spf55", "spf55.org", LOGINS)
    assert old_host.locked("spf55", LOGINS) == tuple(sorted(LOGINS))
    written = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert not any(str(row[1]).encode() in written for row in before), "hashes are sealed"
    old_host.lock("spf55", "spf55.org", LOGINS)  # again: what was kept is what was before the first
    old_host.unlock("spf55", "spf55.org", LOGINS)
    assert accounts(host.accounts) == before
    assert not list((tmp_path / "locks").rglob("*.age"))


def test_a_password_that_is_remembered_still_lets_in(make_host: HostMaker, kept: Kept) -> None:
    host = make_host(auth_cache_size="1M", auth_cache_ttl="1 hours")
    without_flush = locked_host(host, SqlLock(host.accounts, "", ROTATION, kept), patience=4, doveadm=False)
    without_flush.unlock("spf55", "spf55.org", LOGINS)
    with pytest.raises(Problem) as told:
        without_flush.lock("spf55", "spf55.org", LOGINS)
    assert told.value.code == "LCK01"
    assert "still gets in by IMAP" in told.value.message


def test_nologin_refuses_readers_and_lets_them_send(make_host: HostMaker, kept: Kept) -> None:
    query = "SELECT password, CASE WHEN last_login IS NULL THEN 'y' END AS nologin FROM account"
    host = make_host(passdb__sql={"sql_query": f"{query} WHERE login = '%{{user | lower}}'"})
    old_host = locked_host(host, SqlLock(host.accounts, "", NOLOGIN, kept), patience=4)
    with pytest.raises(Problem) as told:
        old_host.lock("spf55", "spf55.org", LOGINS)
    assert told.value.code == "LCK01"
    assert f"{CANARY} still gets in by SMTP submission" in told.value.message
    old_host.unlock("spf55", "spf55.org", LOGINS)


Database = tuple[Path | str, Callable[[str], list[tuple[object, ...]]]]


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    table = "CREATE TABLE account (login TEXT PRIMARY KEY, password TEXT NOT NULL)"
    rows = "INSERT INTO account VALUES ('k0412', '{X}a:%b'), ('lou@spf55.org', 'b')"
    if request.param == "sqlite":
        file = tmp_path / "accounts.sqlite"

        def ask(statement: str) -> list[tuple[object, ...]]:
            connection = sqlite3.connect(file)
            found = connection.execute(statement).fetchall()
            connection.commit()
            connection.close()
            return found

        place: Path | str = file
    else:
        import psycopg

        cluster: Cluster = request.getfixturevalue("cluster")
        place = cluster.database()

        def ask(statement: str) -> list[tuple[object, ...]]:
            with psycopg.connect(str(place)) as connection:
                cursor = connection.execute(statement.encode())
                return cursor.fetchall() if cursor.description else []

    ask(table)
    ask(rows)
    return place, ask


def test_both_databases_lock_and_give_back(database: Database, kept: Kept) -> None:
    place, ask = database
    before = ask("SELECT * FROM account ORDER BY login")
    driver = SqlLock(place, "", ROTATION, kept)
    assert driver.locked("spf55", LOGINS) == frozenset()
    driver.lock("spf55", LOGINS)
    assert driver.locked("spf55", LOGINS) == set(LOGINS)
    assert driver.locked("spf88", LOGINS) == frozenset(), "another federation's lock is not there"
    driver.release("spf55", [CAMILLE])
    assert driver.locked("spf55", LOGINS) == set(LOGINS) - {CAMILLE}
    driver.unlock("spf55", ())
    assert ask("SELECT * FROM account ORDER BY login") == before


def test_a_login_the_database_does_not_know_locks_nobody(database: Database, kept: Kept) -> None:
    place, ask = database
    before = ask("SELECT * FROM account ORDER BY login")
    with pytest.raises(Problem) as told:
        SqlLock(place, "", ROTATION, kept).lock("spf55", [*LOGINS, "personne@spf55.org"])
    assert told.value.code == "LCK11"
    assert "no row for personne@spf55.org" in told.value.message
    assert ask("SELECT * FROM account ORDER BY login") == before


def test_a_statement_without_its_where_changes_nothing(database: Database, kept: Kept) -> None:
    place, ask = database
    before = ask("SELECT * FROM account ORDER BY login")
    everybody = dataclasses.replace(
        ROTATION, lock="UPDATE account SET password = :secret WHERE login <> :login OR 1 = 1"
    )
    with pytest.raises(Problem) as told:
        SqlLock(place, "", everybody, kept).lock("spf55", LOGINS)
    assert "changes 2 rows" in told.value.message
    assert ask("SELECT * FROM account ORDER BY login") == before


def test_a_login_is_bound_and_never_part_of_a_statement(database: Database, kept: Kept) -> None:
    place, ask = database
    before = ask("SELECT * FROM account ORDER BY login")
    with pytest.raises(Problem):
        SqlLock(place, "", ROTATION, kept).lock("spf55", ["x' OR '1'='1"])
    assert ask("SELECT * FROM account ORDER BY login") == before


def test_nothing_is_locked_that_cannot_be_kept(database: Database, tmp_path: Path) -> None:
    place, ask = database
    before = ask("SELECT * FROM account ORDER BY login")
    for unsealed in (Kept(tmp_path / "locks", "mutualise", [], str), Kept(tmp_path / "locks", "m", ["age1no"], str)):
        with pytest.raises(Problem) as told:
            SqlLock(place, "", ROTATION, unsealed).lock("spf55", LOGINS)
        assert told.value.code == "LCK12"
    (tmp_path / "file").touch()
    key = str(pyrage.x25519.Identity.generate().to_public())
    with pytest.raises(Problem) as told:
        SqlLock(place, "", ROTATION, Kept(tmp_path / "file", "mutualise", [key], str)).lock("spf55", LOGINS)
    assert told.value.code == "LCK12"
    assert ask("SELECT * FROM account ORDER BY login") == before


def test_a_password_changed_after_a_failed_lock_is_the_one_that_comes_back(tmp_path: Path, kept: Kept) -> None:
    file = tmp_path / "accounts.sqlite"
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("CREATE TABLE account (login TEXT PRIMARY KEY, password TEXT NOT NULL)")
    connection.execute("INSERT INTO account VALUES ('k0412', 'first')")
    broken = dataclasses.replace(ROTATION, lock="UPDATE nowhere SET password = :secret WHERE login = :login")
    with pytest.raises(Problem):
        SqlLock(file, "", broken, kept).lock("spf55", ["k0412"])
    connection.execute("UPDATE account SET password = 'second'")
    driver = SqlLock(file, "", ROTATION, kept)
    driver.lock("spf55", ["k0412"])
    driver.unlock("spf55", ["k0412"])
    assert connection.execute("SELECT password FROM account").fetchall() == [("second",)]
    connection.close()
