"""State in PostgreSQL, through psycopg: a row per federation, advisory locks.

The server frees an advisory lock when its holder's connection ends, so nothing stale is ever left to break.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.state.snapshot.encoding import PLAIN, Encoding
from reconcile.state.snapshot.snapshot import Snapshot
from reconcile.state.stores.store import Holder, locked, overtaken

if TYPE_CHECKING:
    import psycopg

_TABLES = """
CREATE TABLE IF NOT EXISTS reconcile_state (
    federation text PRIMARY KEY, lineage text NOT NULL, serial bigint NOT NULL, body text NOT NULL);
CREATE TABLE IF NOT EXISTS reconcile_lock (federation text PRIMARY KEY, holder text NOT NULL);
"""
#: The advisory lock of a federation, of the tables' creation when it is "".
_KEY = "hashtextextended('reconcile/' || %s, 0)"
_HELD = """
SELECT federation, holder FROM reconcile_lock JOIN pg_locks
    ON locktype = 'advisory' AND granted AND objsubid = 1
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND (classid::bigint << 32 | objid::bigint) = hashtextextended('reconcile/' || federation, 0)
    ORDER BY federation
"""


class PostgresStore:
    """A database: ``postgresql://user@host/database``. The tables are made at the first write or lock."""

    def __init__(self, location: str, encoding: Encoding = PLAIN) -> None:
        self._location = location
        self._encoding = encoding
        parts = urlsplit(location)
        #: How messages call it: never with the user or the password.
        self._name = f"postgresql://{parts.hostname or ''}{parts.path}"

    def read(self, federation: str) -> Snapshot | None:
        with self._connected() as connection:
            if not _has_tables(connection):
                return None
            row = connection.execute("SELECT body FROM reconcile_state WHERE federation = %s", [federation]).fetchone()
        path = PurePosixPath(f"{self._name}/{federation}")
        return self._encoding.decode(row[0].encode(), path, federation) if row else None

    def write(self, snapshot: Snapshot) -> Snapshot:
        written = dataclasses.replace(snapshot, serial=snapshot.serial + 1)
        values: dict[str, object] = {
            "federation": snapshot.federation,
            "lineage": snapshot.lineage,
            "seen": snapshot.serial,
            "serial": written.serial,
            "body": self._encoding.encode(written).decode(),
        }
        if snapshot.serial == 0:
            statement = """INSERT INTO reconcile_state (federation, lineage, serial, body)
                VALUES (%(federation)s, %(lineage)s, %(serial)s, %(body)s) ON CONFLICT DO NOTHING"""
        else:
            statement = """UPDATE reconcile_state SET serial = %(serial)s, body = %(body)s
                WHERE federation = %(federation)s AND lineage = %(lineage)s AND serial = %(seen)s"""
        with self._connected() as connection:
            _make_tables(connection)
            changed = connection.execute(statement, values).rowcount
        if changed != 1:
            raise overtaken(snapshot, Phrase("another serial or lineage"))
        return written

    def federations(self) -> list[str]:
        with self._connected() as connection:
            if not _has_tables(connection):
                return []
            rows = connection.execute("SELECT federation FROM reconcile_state ORDER BY federation").fetchall()
        return [row[0] for row in rows]

    @contextlib.contextmanager
    def lock(self, federation: str, holder: Holder) -> Iterator[None]:
        # The connection is the lock: it stays open as long as it is held.
        connection = self._connect()
        try:
            with self._answering():
                _make_tables(connection)
                row = connection.execute(f"SELECT pg_try_advisory_lock({_KEY})", [federation]).fetchone()
                if row is None or not row[0]:
                    raise locked(federation, self._holders(connection).get(federation))
                connection.execute(
                    "INSERT INTO reconcile_lock VALUES (%s, %s) ON CONFLICT (federation) DO UPDATE SET holder = %s",
                    [federation, holder.encode().decode(), holder.encode().decode()],
                )
            yield
        finally:
            connection.close()

    def locks(self) -> dict[str, Holder | None]:
        with self._connected() as connection:
            return self._holders(connection) if _has_tables(connection) else {}

    def break_lock(self, federation: str, run: str) -> None:
        raise Problem(
            "STA09",
            Phrase(
                "A lock in PostgreSQL lasts as long as its holder's connection; that of run {run} cannot be broken.",
                run=run,
            ),
            Phrase("stop that run: the server then frees {federation} by itself", federation=federation),
        )

    def _holders(self, connection: psycopg.Connection[Any]) -> dict[str, Holder | None]:
        return {federation: Holder.decode(holder.encode()) for federation, holder in connection.execute(_HELD)}

    @contextlib.contextmanager
    def _connected(self) -> Iterator[psycopg.Connection[Any]]:
        connection = self._connect()
        try:
            with self._answering():
                yield connection
        finally:
            connection.close()

    def _connect(self) -> psycopg.Connection[Any]:
        import psycopg

        with self._answering():
            return psycopg.connect(
                self._location, autocommit=True, connect_timeout=10, application_name="reconcile", keepalives_idle=30
            )

    @contextlib.contextmanager
    def _answering(self) -> Iterator[None]:
        import psycopg

        try:
            yield
        except psycopg.Error as error:
            # The server's own words may hold the user's name, never the password; they are left out all the same.
            code = Phrase("SQLSTATE {sqlstate}", sqlstate=error.sqlstate) if error.sqlstate else type(error).__name__
            raise Problem(
                "STA08",
                Phrase("{name} does not answer as it should ({code}).", name=self._name, code=code),
                "check that the server runs, and the user and password in the environment",
            ) from None


def _has_tables(connection: psycopg.Connection[Any]) -> bool:
    row = connection.execute("SELECT to_regclass('reconcile_state')").fetchone()
    return row is not None and row[0] is not None


def _make_tables(connection: psycopg.Connection[Any]) -> None:
    if not _has_tables(connection):
        # IF NOT EXISTS alone lets two first writers collide.
        with connection.transaction():
            connection.execute(f"SELECT pg_advisory_xact_lock({_KEY})", [""])
            connection.execute(_TABLES)
