"""Which workers are alive: each holds a lock named after it, which its death frees, whatever the clocks say.

On one host the kernel keeps the lock (flock), between hosts PostgreSQL does (a session's advisory lock).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from reconcile.mailcopy.storage.postgres import PostgresDatabase, connect
from reconcile.state.durable import open_private, private_folder

if TYPE_CHECKING:
    import psycopg

#: Tries to take a lock, and seconds between them: another worker may be probing it.
TRIES, BETWEEN = 5, 0.2

_KEY = "hashtextextended('reconcile/copies/worker/' || %s, 0)"
_HELD = f"""SELECT 1 FROM pg_locks WHERE locktype='advisory' AND granted AND objsubid=1
    AND database=(SELECT oid FROM pg_database WHERE datname=current_database())
    AND (classid::bigint << 32 | objid::bigint)={_KEY}"""  # noqa: S608


class Locks(Protocol):
    #: Times in a row a lock must be found free before its owner counts as dead: a worker takes its lock again after the
    #: database was restarted, and needs a moment for that.
    looks: int

    def hold(self, name: str) -> bool:
        """Take the lock of that name, or make sure it is still held; False when another process has it."""
        ...

    def is_free(self, name: str) -> bool: ...

    def close(self) -> None: ...


class FileLocks:
    """A file per worker in a folder on a local disk."""

    looks = 1

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: dict[str, int] = {}

    def hold(self, name: str) -> bool:
        private_folder(self._folder)
        for attempt in range(TRIES):
            if name in self._held:
                return True
            if attempt:
                time.sleep(BETWEEN)
            descriptor = open_private(self._path(name), os.O_RDWR | os.O_CREAT)
            if _locked(descriptor) and _is_at(descriptor, self._path(name)):
                self._held[name] = descriptor
            else:
                os.close(descriptor)
        return name in self._held

    def is_free(self, name: str) -> bool:
        try:
            descriptor = open_private(self._path(name), os.O_RDWR)
        except FileNotFoundError:
            return True
        try:
            free = _locked(descriptor)
            if free and _is_at(descriptor, self._path(name)):
                self._path(name).unlink()  # left behind by a worker that was killed
            return free
        finally:
            os.close(descriptor)

    def close(self) -> None:
        for name, descriptor in self._held.items():
            self._path(name).unlink(missing_ok=True)
            os.close(descriptor)
        self._held.clear()

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.lock"


class PostgresLocks:
    """A connection of its own, kept open; it is made again when the server was restarted."""

    looks = 3

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database
        self._connection: psycopg.Connection[Any] | None = None
        self._taken: set[str] = set()
        self._one = threading.Lock()

    def hold(self, name: str) -> bool:
        with self._one, self._database.answering():
            self._ask("SELECT 1")  # notices a connection that broke, and with it every lock
            for attempt in range(TRIES):
                if name in self._taken:
                    return True
                if attempt:
                    time.sleep(BETWEEN)
                if self._ask(f"SELECT pg_try_advisory_lock({_KEY})", name) == (True,):
                    self._taken.add(name)
            return name in self._taken

    def is_free(self, name: str) -> bool:
        with self._one, self._database.answering():
            return self._ask(_HELD, name) is None

    def close(self) -> None:
        import psycopg

        with self._one:
            if self._connection:
                with contextlib.suppress(psycopg.Error):
                    self._connection.execute(
                        "SELECT pg_advisory_unlock_all()"
                    )  # the server may take its time to see us go
                self._connection.close()
            self._connection = None
            self._taken.clear()

    def _ask(self, query: str, *values: str) -> tuple[Any, ...] | None:
        import psycopg

        try:
            if self._connection is None:
                self._connection = connect(self._database.url, self._database.password, autocommit=True)
            return self._connection.execute(query, values).fetchone()
        except psycopg.Error:
            self._connection = None
            self._taken.clear()
            raise


def _locked(descriptor: int) -> bool:
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _is_at(descriptor: int, path: Path) -> bool:
    """Whether the open file is still the one of that name: its previous owner may have removed it."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
