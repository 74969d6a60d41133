"""SQLite files that several threads and processes open at once, the first moment included."""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
from pathlib import Path

#: Seconds to wait for another writer.
PATIENCE = 30.0


def open_file(path: Path, schema: str) -> sqlite3.Connection:
    """A connection to the file, which is made with its tables when it has none. Its owner alone may read it.

    Raises ``sqlite3.DatabaseError`` and ``OSError``.
    """
    if not path.exists():
        _make(path, schema)
    connection = sqlite3.connect(path, isolation_level=None, timeout=PATIENCE)
    try:
        connection.execute("PRAGMA synchronous=NORMAL")
        if not connection.execute("SELECT 1 FROM sqlite_master").fetchone():
            connection.executescript(f"BEGIN IMMEDIATE; {schema}; COMMIT")  # an empty file that somebody else made
    except BaseException:
        connection.close()
        raise
    return connection


def _make(path: Path, schema: str) -> None:
    """Make the file aside and let it appear complete, already in WAL mode.

    ``PRAGMA journal_mode=WAL`` on a file that others open too reads first and then wants it alone; SQLite gives that up
    at once ("database is locked") instead of waiting, whatever the timeout.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    os.close(os.open(aside, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    try:
        with contextlib.closing(sqlite3.connect(aside, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.executescript(schema)
        with contextlib.suppress(FileExistsError):  # somebody else was quicker, and theirs is as good
            os.link(aside, path)
    finally:
        aside.unlink(missing_ok=True)
