"""The connections of the job engine to the database that also holds the list, so that one transaction covers both."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from reconcile.mailcopy.storage.database import Database
from reconcile.mailcopy.storage.postgres import PostgresDatabase, connect
from reconcile.mailcopy.storage.sqlite import SqliteDatabase

#: Connections of one worker to PostgreSQL for the engine, those of ``PostgresDatabase`` and its lock come on top.
CONNECTIONS = 5


def engine_for(database: Database) -> sa.Engine:
    """Makes the database's tables when there are none yet."""
    with database.changing():
        pass
    if isinstance(database, PostgresDatabase):
        return sa.create_engine(
            "postgresql+psycopg://",
            creator=lambda: connect(database.url, database.password),
            pool_size=CONNECTIONS,
            max_overflow=0,
            pool_timeout=30,
            pool_pre_ping=True,
        )
    if not isinstance(database, SqliteDatabase):
        raise TypeError(f"no job engine on {database!r}")
    engine = sa.create_engine(f"sqlite:///{database.path}", pool_size=CONNECTIONS, max_overflow=20)
    sa.event.listen(engine, "connect", _prepare)
    return engine


class EngineStatements:
    """A transaction of the engine, seen as ``Statements``."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._is_postgres = connection.dialect.name == "postgresql"

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self._connection.exec_driver_sql(self._translated(sql), values)]

    def change(self, sql: str, *values: object) -> int:
        return self._connection.exec_driver_sql(self._translated(sql), values).rowcount

    def change_each(self, sql: str, rows: Sequence[Sequence[object]]) -> int:
        if not rows:
            return 0
        return self._connection.exec_driver_sql(self._translated(sql), [tuple(row) for row in rows]).rowcount

    def alone(self) -> None:
        if self._is_postgres:
            self.rows("SELECT pg_advisory_xact_lock(hashtextextended('reconcile/copies/alone', 0))")
        else:
            self._connection.exec_driver_sql("BEGIN IMMEDIATE")  # Python begins only before the first change

    def _translated(self, sql: str) -> str:
        return sql.replace("?", "%s") if self._is_postgres else sql


def _prepare(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = "IMMEDIATE"
    for setting in ("busy_timeout=30000", "foreign_keys=ON", "synchronous=NORMAL"):
        connection.execute(f"PRAGMA {setting}")
    if sqlite3.sqlite_version_info < (3, 42):
        # The engine asks for unixepoch('subsec'), which is NULL in an older SQLite (Debian 12 has 3.40).
        connection.create_function(
            "unixepoch", -1, lambda *words: time.time() if "subsec" in words else int(time.time())
        )
