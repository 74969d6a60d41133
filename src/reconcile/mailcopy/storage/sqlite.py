"""SQLite files that several threads and processes open at once, the first moment included."""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from reconcile.language.phrase import Phrase
from reconcile.mailcopy.storage.upgrades import VERSION, steps_from, upgradable
from reconcile.problem import Problem
from reconcile.state.durable import private_folder

#: Seconds to wait for another writer.
LONGEST_PAUSE = 30.0
#: RETURNING came with SQLite 3.35.
OLDEST = (3, 35)


class SqliteDatabase:
    """One file, readable by its owner alone, with a connection of its own for each use: it costs a fraction of a
    millisecond, no thread shares one, and a file that was moved away is not written to unseen."""

    locking = ""  # a transaction that changes something has the file for itself

    def __init__(self, path: Path, schema: str) -> None:
        self.path = path
        self.name = str(path)
        self._schema = schema

    def exists(self) -> bool:
        return self.path.exists()

    def close(self) -> None:
        return

    @contextlib.contextmanager
    def looking(self) -> Iterator[SqliteStatements]:
        """Where nothing can be written there is no writer, and SQLite must be opened accordingly."""
        with explained(self.path):
            unfinished = self.path.with_name(f"{self.path.name}-wal")
            if os.access(self.path.parent, os.W_OK) or unfinished.exists():
                with self._connection() as connection:
                    yield SqliteStatements(connection)
                return
            address = f"{self.path.absolute().as_uri()}?mode=ro&immutable=1"
            with contextlib.closing(sqlite3.connect(address, uri=True)) as connection:
                yield SqliteStatements(connection)

    @contextlib.contextmanager
    def changing(self) -> Iterator[SqliteStatements]:
        with explained(self.path), self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield SqliteStatements(connection)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        with contextlib.closing(open_file(self.path, self._schema)) as connection:
            yield connection


class KeptSqliteDatabase(SqliteDatabase):
    """The same with one connection for all uses, one after the other: for a file written to many times a second."""

    def __init__(self, path: Path, schema: str) -> None:
        super().__init__(path, schema)
        self._lock = threading.RLock()
        with explained(path):
            self.connection = open_file(path, schema, check_same_thread=False)

    def close(self) -> None:
        with self._lock, contextlib.suppress(sqlite3.Error):
            self.connection.close()

    @contextlib.contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            yield self.connection


class SqliteStatements:
    """A connection, seen as ``Statements``."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, values).fetchall()

    def change(self, sql: str, *values: object) -> int:
        return self._connection.execute(sql, values).rowcount

    def change_each(self, sql: str, rows: Sequence[Sequence[object]]) -> int:
        return self._connection.executemany(sql, rows).rowcount

    def alone(self) -> None:
        return


def open_file(path: Path, schema: str, *, check_same_thread: bool = True) -> sqlite3.Connection:
    """A connection to the file, which is made with its tables when it has none.

    Raises ``sqlite3.DatabaseError``, ``OSError``, and ``Problem`` COPY05 for a file or a SQLite of another version.
    """
    if sqlite3.sqlite_version_info < OLDEST:
        raise Problem(
            "COPY05",
            Phrase(
                "Copies need SQLite 3.35 or newer, and this Python has {sqlite_version}.",
                sqlite_version=sqlite3.sqlite_version,
            ),
            "use a Python with a newer SQLite, or PostgreSQL: [copies] in reconcile.toml",
        )
    if not path.exists():
        _make(path, schema)
    connection = sqlite3.connect(path, isolation_level=None, timeout=LONGEST_PAUSE, check_same_thread=check_same_thread)
    try:
        connection.execute("PRAGMA synchronous=NORMAL")
        ((version,),) = connection.execute("PRAGMA user_version")
        if version == 0 and not connection.execute("SELECT 1 FROM sqlite_master").fetchone():
            connection.executescript(_script(schema))  # an empty file another process made
        elif upgradable(version):
            _upgrade(connection)
        elif version > VERSION:
            raise Problem(
                "COPY05", Phrase("{path} was written by a newer version of reconcile.", path=path), "use that version"
            )
        elif version != VERSION:
            hint = "move it away and run again: apply queues the copies, and messages already there are recognised"
            raise Problem("COPY05", Phrase("{path} was written by another version of reconcile.", path=path), hint)
    except BaseException:
        connection.close()
        raise
    return connection


def _make(path: Path, schema: str) -> None:
    """Make the file aside and let it appear complete, already in WAL mode.

    ``PRAGMA journal_mode=WAL`` on a file that others open too reads first and then wants it alone; SQLite gives that up
    at once ("database is locked") instead of waiting, whatever the timeout.
    """
    private_folder(path.parent)
    aside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    os.close(os.open(aside, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    try:
        with contextlib.closing(sqlite3.connect(aside, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.executescript(_script(schema))
        with contextlib.suppress(FileExistsError):  # another process was quicker, and its file is as good
            os.link(aside, path)
    finally:
        aside.unlink(missing_ok=True)


def _upgrade(connection: sqlite3.Connection) -> None:
    """Make the tables those of this release, whole or not at all; another process may be doing the same."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        ((version,),) = connection.execute("PRAGMA user_version")
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")}
        for step in steps_from(version):
            if step.table in tables:
                connection.execute(step.statement)
        connection.execute(f"PRAGMA user_version={VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _script(schema: str) -> str:
    return f"BEGIN IMMEDIATE; {schema}; PRAGMA user_version={VERSION}; COMMIT"


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """A failure of the file, as the postmaster should read it."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise Problem(
            "COPY04",
            Phrase("Cannot write {path}: {error}.", path=path, error=error),
            "make room on the disk and run the copy again; what was recorded is safe and nothing will be copied twice",
        ) from None
    except sqlite3.DatabaseError as error:
        raise Problem(
            "COPY05",
            Phrase("{path} is damaged: {error}.", path=path, error=error),
            "move it away and run the copy again; messages already there are recognised by their content",
        ) from None
    except OSError as error:
        raise Problem(
            "COPY04", Phrase("Cannot write {path}: {strerror}.", path=path, strerror=error.strerror)
        ) from None
