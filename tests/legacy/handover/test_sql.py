"""A handover in the host's database: a real Postfix that looks its domains and aliases up in PostgreSQL; and SQLite."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path

import psycopg
import pytest
from tests.legacy.handover.conftest import BUREAU, CONTACT, OUTSIDE, World
from tests.postgresql import Cluster

from reconcile.problem import Problem
from reconcile.providers.legacy.handover.host import HandedOverHost
from reconcile.providers.legacy.handover.sql import SqlTables
from reconcile.providers.legacy.handover.sql_dump import SqlDump
from reconcile.providers.legacy.own_command import CommandFailed

DOMAIN = "spf55.example"
#: What a panel writes at night.
PUT_BACK = "INSERT INTO alias VALUES ('bureau@spf55.example', 'somebody@else.example', NULL)"


@dataclasses.dataclass(frozen=True)
class Statements:
    keep: str
    hand_over: str
    take_back: str


ALIASES = Statements(
    "SELECT address, targets, CAST(since AS text) AS since FROM alias WHERE address LIKE '%@' || :domain",
    "DELETE FROM alias WHERE address = :address",
    "INSERT INTO alias (address, targets, since) VALUES (:address, :targets, :since)",
)
#: As PostfixAdmin has it: a domain of which the host is the second exchanger only.
FLAGGED = {
    "domain": Statements(
        "SELECT domain, backupmx, transport FROM domain WHERE domain = :domain AND backupmx = 0",
        "UPDATE domain SET backupmx = 1, transport = 'relay:' WHERE domain = :domain",
        "UPDATE domain SET backupmx = :backupmx, transport = :transport WHERE domain = :domain",
    ),
    "aliases": ALIASES,
}
#: As panels with one table for each list have it: a row leaves one, and another appears in the other.
TWO_TABLES = {
    "relayed": Statements(
        "SELECT :domain AS domain WHERE NOT EXISTS (SELECT 1 FROM relay_domain WHERE domain = :domain)",
        "INSERT INTO relay_domain (domain) VALUES (:domain)",
        "DELETE FROM relay_domain WHERE domain = :domain",
    ),
    "domain": Statements(
        "SELECT domain, backupmx, transport FROM domain WHERE domain = :domain",
        "DELETE FROM domain WHERE domain = :domain",
        "INSERT INTO domain (domain, backupmx, transport) VALUES (:domain, :backupmx, :transport)",
    ),
    "aliases": ALIASES,
}
TABLES = (
    "CREATE TABLE domain (domain TEXT PRIMARY KEY, backupmx INTEGER NOT NULL, transport TEXT)",
    "CREATE TABLE relay_domain (domain TEXT PRIMARY KEY)",
    "CREATE TABLE alias (address TEXT PRIMARY KEY, targets TEXT NOT NULL, since DATE)",
    "INSERT INTO domain VALUES ('spf55.example', 0, NULL), ('spf88.example', 0, 'virtual')",
    "INSERT INTO alias VALUES ('bureau@spf55.example', 'president@gmail.example', '2019-03-31')",
    "INSERT INTO alias VALUES ('contact@spf55.example', 'contact@spf55.example', NULL)",
    "INSERT INTO alias VALUES ('@spf55.example', 'contact@spf55.example', '2020-01-01')",
    "INSERT INTO alias VALUES ('sport@spf88.example', 'sport@spf88.example', NULL)",
)
ALL = ("SELECT * FROM domain ORDER BY 1", "SELECT * FROM relay_domain", "SELECT * FROM alias ORDER BY 1")
MAPS = {
    "virtual_mailbox_domains": "SELECT domain FROM domain WHERE domain = '%s' AND backupmx = 0",
    "relay_domains": "SELECT domain FROM relay_domain WHERE domain = '%s'"
    " UNION SELECT domain FROM domain WHERE domain = '%s' AND backupmx = 1",
    "virtual_alias_maps": "SELECT targets FROM alias WHERE address = '%s'",
}


@dataclasses.dataclass(frozen=True)
class Kept:
    """A host's database. ``dump``: the folder of what a handover keeps."""

    place: Path | str
    ask: Callable[[str], list[tuple[object, ...]]]
    dump: Path

    def rows(self) -> dict[str, list[tuple[object, ...]]]:
        return {query: self.ask(query) for query in ALL}

    def driver(self, ways: Mapping[str, Statements], reload: Callable[[], None] = lambda: None) -> SqlTables:
        return SqlTables(self.place, "", ways, SqlDump(self.dump, "mutualise"), reload)


def in_postgres(cluster: Cluster, dump: Path) -> Kept:
    place = cluster.database()

    def ask(statement: str) -> list[tuple[object, ...]]:
        with psycopg.connect(place) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    return _filled(Kept(place, ask, dump))


def in_sqlite(file: Path, dump: Path) -> Kept:
    def ask(statement: str) -> list[tuple[object, ...]]:
        connection = sqlite3.connect(file)
        found = connection.execute(statement).fetchall()
        connection.commit()
        connection.close()
        return found

    return _filled(Kept(file, ask, dump))


def _filled(kept: Kept) -> Kept:
    for statement in TABLES:
        kept.ask(statement)
    return kept


@pytest.fixture(params=["sqlite", "postgres"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Kept:
    dump = tmp_path / "handovers"
    if request.param == "sqlite":
        return in_sqlite(tmp_path / "mail.sqlite", dump)
    return in_postgres(request.getfixturevalue("cluster"), dump)


def looking_into(world: World, cluster: Cluster) -> Kept:
    """The host's Postfix asks PostgreSQL from now on."""
    kept = in_postgres(cluster, world.dump)
    folder = world.host.postfix.folder
    main = world.host.postfix.configuration / "main.cf"
    lines = [line for line in main.read_text().splitlines() if line.partition(" ")[0] not in MAPS]
    for name, query in MAPS.items():
        file = folder / f"{name}.pgsql"
        where = f"hosts = 127.0.0.1:{cluster.port}\nuser = spf\ndbname = {str(kept.place).rpartition('/')[2]}\n"
        file.write_text(f"{where}query = {query}\n")
        file.chmod(0o644)
        lines.append(f"{name} = pgsql:{file}")
    main.write_text("\n".join(lines) + "\n")
    world.reload()
    return kept


@pytest.mark.parametrize("ways", [FLAGGED, TWO_TABLES], ids=["flagged", "two_tables"])
def test_a_domain_in_a_database_is_handed_over_and_comes_back_exactly(
    world: World, cluster: Cluster, ways: Mapping[str, Statements]
) -> None:
    kept = looking_into(world, cluster)
    before = kept.rows()
    host = HandedOverHost("mutualise", kept.driver(ways), world.prober)

    host.hand_over("spf55", (DOMAIN,), (CONTACT,))

    assert host.driver.shown("spf55", (DOMAIN,)) == type(host.driver.shown("spf55", ()))(frozenset({DOMAIN}), True)
    assert CONTACT in world.tenant.taken
    assert BUREAU in world.tenant.taken, "the former redirection wins no longer"
    assert OUTSIDE not in world.tenant.taken
    assert kept.ask("SELECT address FROM alias") == [("sport@spf88.example",)]

    host.take_back("spf55", (DOMAIN,), (CONTACT,))

    assert kept.rows() == before
    assert not list(kept.dump.rglob("*.json"))


def test_a_catch_all_left_in_another_table_is_found_out(world: World, cluster: Cluster) -> None:
    kept = looking_into(world, cluster)
    only_the_domain = HandedOverHost("mutualise", kept.driver({"domain": FLAGGED["domain"]}), world.prober)
    kept.ask("DELETE FROM alias WHERE address = 'contact@spf55.example'")
    kept.ask("UPDATE alias SET targets = 'president@gmail.example' WHERE address = '@spf55.example'")
    with pytest.raises(Problem) as told:
        only_the_domain.hand_over("spf55", (DOMAIN,), (CONTACT,))
    assert told.value.code == "HOV01"


def test_what_a_panel_writes_at_night_shows_and_leaves_again(kept: Kept) -> None:
    before = kept.rows()
    driver = kept.driver(FLAGGED)
    driver.hand_over("spf55", (DOMAIN,))
    kept.ask(PUT_BACK)
    assert driver.shown("spf55", (DOMAIN,)).over == frozenset()
    driver.hand_over("spf55", (DOMAIN,))
    assert driver.shown("spf55", (DOMAIN,)).over == {DOMAIN}
    assert driver.redirections("spf55") == tuple(sorted({BUREAU, CONTACT}))
    driver.take_back("spf55", (DOMAIN,))
    assert kept.rows() == before, "the row as it was first seen"


def test_what_was_put_back_already_stays_as_it_is(kept: Kept) -> None:
    driver = kept.driver(TWO_TABLES)
    driver.hand_over("spf55", (DOMAIN,))
    kept.ask(PUT_BACK)
    driver.take_back("spf55", (DOMAIN,))
    assert kept.ask("SELECT targets FROM alias WHERE address = 'bureau@spf55.example'") == [("somebody@else.example",)]
    assert len(kept.ask("SELECT * FROM alias")) == 4
    assert not driver.shown("spf55", (DOMAIN,)).begun


def test_two_federations_share_the_database(kept: Kept) -> None:
    before = kept.rows()
    driver = kept.driver(TWO_TABLES)
    driver.hand_over("spf55", (DOMAIN,))
    driver.hand_over("spf88", ("spf88.example",))
    driver.take_back("spf55", (DOMAIN,))
    assert driver.shown("spf88", ("spf88.example",)).over == {"spf88.example"}
    driver.take_back("spf88", ("spf88.example",))
    assert kept.rows() == before


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (dataclasses.replace(ALIASES, hand_over="DELETE FROM alias WHERE address <> :address OR 1 = 1"), "changes 4 "),
        (dataclasses.replace(ALIASES, hand_over="UPDATE alias SET since = NULL WHERE address = :address"), "is there"),
        (dataclasses.replace(ALIASES, hand_over="DELETE FROM nowhere WHERE address = :address"), "refuses a statement"),
        (dataclasses.replace(ALIASES, keep="SELECT 'a' AS name, address FROM alias WHERE :domain <> ''"), "a twice"),
    ],
)
def test_a_wrong_statement_changes_nothing(kept: Kept, wrong: Statements, said: str) -> None:
    before = kept.rows()
    with pytest.raises(Problem) as told:
        kept.driver({"domain": FLAGGED["domain"], "aliases": wrong}).hand_over("spf55", (DOMAIN,))
    assert told.value.code == "HOV14"
    assert said in told.value.message
    assert kept.rows() == before


def test_a_row_that_does_not_come_back_as_it_was_is_refused(kept: Kept) -> None:
    forgets = dataclasses.replace(ALIASES, take_back="INSERT INTO alias (address, targets) VALUES (:address, :targets)")
    driver = kept.driver({"aliases": forgets})
    driver.hand_over("spf55", (DOMAIN,))
    after = kept.rows()
    with pytest.raises(Problem) as told:
        driver.take_back("spf55", (DOMAIN,))
    assert "is not as it was after rows.aliases.take_back" in told.value.message
    assert kept.rows() == after
    kept.driver({"aliases": ALIASES}).take_back("spf55", (DOMAIN,))
    assert len(kept.ask("SELECT * FROM alias WHERE since IS NOT NULL")) == 2


def test_statements_that_left_the_settings_are_asked_for(kept: Kept) -> None:
    kept.driver(FLAGGED).hand_over("spf55", (DOMAIN,))
    after = kept.rows()
    with pytest.raises(Problem) as told:
        kept.driver({"domain": FLAGGED["domain"]}).take_back("spf55", (DOMAIN,))
    assert told.value.code == "HOV14"
    assert "how aliases is put back" in told.value.message
    assert kept.rows() == after


def test_nothing_leaves_that_cannot_be_kept(kept: Kept) -> None:
    before = kept.rows()
    kept.dump.parent.mkdir(exist_ok=True)
    kept.dump.touch()
    with pytest.raises(Problem) as told:
        kept.driver(FLAGGED).hand_over("spf55", (DOMAIN,))
    assert told.value.code == "HOV11"
    assert kept.rows() == before


def test_a_dump_that_does_not_read_is_said_and_nothing_is_put_back(kept: Kept) -> None:
    driver = kept.driver(FLAGGED)
    driver.hand_over("spf55", (DOMAIN,))
    after, file = kept.rows(), next(kept.dump.rglob("*.json"))
    for damaged in (
        "{",
        json.dumps({"format": 1, "rows": [{"rows": "aliases"}]}),
        json.dumps({"format": 1, "rows": 3}),
    ):
        file.write_text(damaged)
        with pytest.raises(Problem) as told:
            driver.take_back("spf55", (DOMAIN,))
        assert told.value.code == "HOV11"
    assert kept.rows() == after


def test_a_reload_that_fails_is_said_and_what_is_kept_stays(kept: Kept) -> None:
    def fails() -> None:
        raise CommandFailed("it ended with 1")

    kept.driver(FLAGGED).hand_over("spf55", (DOMAIN,))
    with pytest.raises(Problem) as told:
        kept.driver(FLAGGED, fails).take_back("spf55", (DOMAIN,))
    assert told.value.code == "HOV12"
    assert kept.driver(FLAGGED).shown("spf55", (DOMAIN,)).begun
    kept.driver(FLAGGED).take_back("spf55", (DOMAIN,))
    assert not kept.driver(FLAGGED).shown("spf55", (DOMAIN,)).begun


@pytest.mark.parametrize("last", ["keep", "forget"])
def test_a_kill_before_or_after_the_transaction_is_made_up_for(kept: Kept, last: str) -> None:
    """The one place where database and dump can disagree: killed once it is kept, or before it is forgotten."""
    before = kept.rows()
    child = os.fork()
    if child == 0:
        usual = getattr(SqlDump, last)

        def deadly(dump: SqlDump, *given: object) -> None:
            if last == "keep":
                usual(dump, *given)
            os.kill(os.getpid(), signal.SIGKILL)

        setattr(SqlDump, last, deadly)
        driver = kept.driver(TWO_TABLES)
        driver.hand_over("spf55", (DOMAIN,))
        driver.take_back("spf55", (DOMAIN,))
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert kept.rows() == before
    assert kept.driver(TWO_TABLES).shown("spf55", (DOMAIN,)).begun
    kept.driver(TWO_TABLES).hand_over("spf55", (DOMAIN,))
    kept.driver(TWO_TABLES).take_back("spf55", (DOMAIN,))
    assert kept.rows() == before
