"""The record that makes a copy exactly-once: source (folder, UIDVALIDITY, UID) → destination (UIDVALIDITY, UID).

One SQLite file per mailbox, or tables in PostgreSQL for all. Rows are written in batches: what a crash forgets is
found again by looking at the destination (``recovery``), so losing the tail does no harm and ``synchronous=NORMAL`` is
enough.
"""

from __future__ import annotations

import contextlib
import dataclasses
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reconcile.mailcopy.storage.database import Database, Statements
from reconcile.mailcopy.storage.sqlite import KeptSqliteDatabase, SqliteDatabase

#: Confirmed messages held in memory at most, before they are committed; rows read at once.
BATCH, PAGE = 1000, 10_000

SCHEMA = """
-- The epoch is the fencing number of the lease under which the ledger was last opened.
CREATE TABLE IF NOT EXISTS mailbox(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, epoch INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS folder(
    id INTEGER PRIMARY KEY, mailbox INTEGER NOT NULL, source BLOB NOT NULL, destination BLOB NOT NULL,
    label TEXT NOT NULL, source_validity INTEGER NOT NULL, destination_validity INTEGER NOT NULL,
    -- UIDNEXT of the source up to which nothing is left to copy, and of the destination up to which every message is
    -- either recorded or somebody else's. 0: never finished.
    source_next INTEGER NOT NULL DEFAULT 0, destination_next INTEGER NOT NULL DEFAULT 0,
    -- 1 while messages may be under way: after a crash the server may still be storing some.
    open INTEGER NOT NULL DEFAULT 0,
    -- 1 once one of the UIDVALIDITYs changed: kept for its digests until they are matched again.
    retired INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS folder_of_mailbox ON folder(mailbox);
CREATE TABLE IF NOT EXISTS message(
    folder INTEGER NOT NULL, uid INTEGER NOT NULL, destination_uid INTEGER NOT NULL, digest BLOB NOT NULL,
    PRIMARY KEY(folder, uid)) WITHOUT ROWID;
-- Destination UIDs whose \\Flagged is still to be set once more by STORE.
CREATE TABLE IF NOT EXISTS flagged(
    folder INTEGER NOT NULL, destination_uid INTEGER NOT NULL, PRIMARY KEY(folder, destination_uid)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS refused(
    folder INTEGER NOT NULL, uid INTEGER NOT NULL, reason TEXT NOT NULL, PRIMARY KEY(folder, uid)) WITHOUT ROWID
"""


class LeaseLost(Exception):
    """Another worker has taken this mailbox over; nothing more may be written."""


@dataclasses.dataclass(frozen=True, slots=True)
class FolderRow:
    """What is known of one folder pair; see the schema for the fields' meaning."""

    id: int
    source: bytes
    destination: bytes
    source_validity: int
    destination_validity: int
    source_next: int
    destination_next: int
    open: bool


_ROW = "id, source, destination, source_validity, destination_validity, source_next, destination_next, open"


class Ledger:
    """The ledger of one mailbox's copy. Raises ``Problem`` as its database does.

    ``epoch``: the fencing number of the lease under which it is opened. Opening with a higher one shuts every earlier
    holder out: its next commit raises ``LeaseLost``.
    """

    def __init__(self, path: Path, epoch: int = 0) -> None:
        """In a file of its own."""
        own = KeptSqliteDatabase(path, SCHEMA)
        self._release = own.close
        self._open(own, "", epoch)

    @classmethod
    def shared(cls, database: Database, name: str, epoch: int = 0) -> Ledger:
        """In a database that holds many; ``name`` identifies it. Closing it leaves the database open."""
        ledger = cls.__new__(cls)
        ledger._release = lambda: None
        ledger._open(database, name, epoch)
        return ledger

    @classmethod
    @contextlib.contextmanager
    def reading(cls, path: Path) -> Iterator[Ledger]:
        """Read-only: changes nothing and fences nobody."""
        yield cls._seen(SqliteDatabase(path, SCHEMA), "")

    @classmethod
    @contextlib.contextmanager
    def reading_shared(cls, database: Database, name: str) -> Iterator[Ledger | None]:
        """The same where many are kept; None when this one was never begun."""
        ledger = cls._seen(database, name) if database.exists() else None
        yield ledger if ledger and ledger._mailbox else None

    def close(self) -> None:
        self._release()

    def folder(
        self, source: bytes, destination: bytes, label: str, source_validity: int, destination_validity: int
    ) -> FolderRow:
        """The row of a folder pair, made when new. A row whose UIDVALIDITY no longer holds is retired."""
        with self._fenced() as run:
            run.change(
                "UPDATE folder SET retired=1 WHERE mailbox=? AND source=? AND retired=0 "
                "AND NOT (destination=? AND source_validity=? AND destination_validity=?)",
                *(self._mailbox, source, destination, source_validity, destination_validity),
            )
            query = f"SELECT {_ROW} FROM folder WHERE mailbox=? AND source=? AND retired=0"  # noqa: S608
            if not run.rows(query, self._mailbox, source):
                run.change(
                    "INSERT INTO folder(mailbox, source, destination, label, source_validity, destination_validity) "
                    "VALUES(?,?,?,?,?,?)",
                    *(self._mailbox, source, destination, label, source_validity, destination_validity),
                )
            (row,) = run.rows(query, self._mailbox, source)
        return _folder(row)

    def retired(self, source: bytes) -> list[FolderRow]:
        """Earlier rows of a source folder, whose digests help to match its messages again."""
        query = f"SELECT {_ROW} FROM folder WHERE mailbox=? AND source=? AND retired=1"  # noqa: S608
        return [_folder(row) for row in self._rows(query, self._mailbox, source)]

    def forget(self, row: FolderRow) -> None:
        """Drop a retired row and its messages, once they are matched again."""
        with self._fenced() as run:
            for statement in (
                "DELETE FROM message WHERE folder=?",
                "DELETE FROM refused WHERE folder=?",
                "DELETE FROM flagged WHERE folder=?",
                "DELETE FROM folder WHERE id=?",
            ):
                run.change(statement, row.id)

    def rows(self) -> list[FolderRow]:
        """Every folder pair in force."""
        query = f"SELECT {_ROW} FROM folder WHERE mailbox=? AND retired=0 ORDER BY label"  # noqa: S608
        return [_folder(row) for row in self._rows(query, self._mailbox)]

    def label(self, folder: int) -> str:
        """The source folder's name as people read it."""
        return str(self._rows("SELECT label FROM folder WHERE id=?", folder)[0][0])

    def destinations(self) -> dict[bytes, bytes]:
        """Where each source folder has gone so far."""
        return dict(self._rows("SELECT source, destination FROM folder WHERE mailbox=? AND retired=0", self._mailbox))

    def copied(self, folder: int) -> array[int]:
        """The source UIDs recorded as copied, ascending."""
        pages = self._pages("SELECT uid FROM message WHERE folder=? AND uid>? ORDER BY uid", folder)
        return array("I", (uid for (uid,) in pages))

    def count(self, folder: int) -> int:
        return int(self._rows("SELECT count(*) FROM message WHERE folder=?", folder)[0][0])

    def owned(self, destination: bytes, validity: int) -> array[int]:
        """The destination UIDs that some recorded message of this mailbox became, ascending."""
        owned = array("I")
        for (folder,) in self._rows(
            "SELECT id FROM folder WHERE mailbox=? AND destination=? AND destination_validity=? AND retired=0",
            *(self._mailbox, destination, validity),
        ):
            pages = self._pages(
                "SELECT uid, destination_uid FROM message WHERE folder=? AND uid>? ORDER BY uid", folder
            )
            owned.extend(there for _, there in pages)
        return array("I", sorted(owned))

    def messages(self, folder: int) -> Iterator[tuple[int, int, bytes]]:
        """Source UID, destination UID and digest of each recorded message."""
        yield from self._pages(
            "SELECT uid, destination_uid, digest FROM message WHERE folder=? AND uid>? ORDER BY uid", folder
        )

    def refusals(self) -> list[tuple[str, int, str]]:
        """Folder, source UID and reason of every message that was refused and is not copied since."""
        return self._rows(
            "SELECT label, uid, reason FROM refused JOIN folder ON folder.id = refused.folder "
            "WHERE mailbox=? AND retired=0 ORDER BY label, uid",
            self._mailbox,
        )

    def refused_uids(self, folder: int) -> list[int]:
        return [uid for (uid,) in self._rows("SELECT uid FROM refused WHERE folder=? ORDER BY uid", folder)]

    def start(self, folder: int) -> None:
        """From now on messages of this folder may be under way; durable before the first one leaves."""
        if folder not in self._started:
            self._started.add(folder)
            with self._fenced() as run:
                run.change("UPDATE folder SET open=1 WHERE id=?", folder)

    def record(self, folder: int, uid: int, destination_uid: int, digest: bytes, *, flagged: bool = False) -> None:
        """The destination confirmed a message; committed with its batch. ``flagged``: see ``to_flag``."""
        self._done.append((folder, uid, destination_uid, digest))
        if flagged:
            self._flagged.append((folder, destination_uid))
        if len(self._done) >= BATCH:
            self.commit()

    def drop(self, folder: int, uid: int) -> None:
        """Forget a message: it is no longer there at the source, and recorded where it is now."""
        with self._fenced() as run:
            run.change("DELETE FROM message WHERE folder=? AND uid=?", folder, uid)

    def follow(self, row: FolderRow, destination: bytes) -> None:
        """The new folder was renamed and kept its UIDVALIDITY."""
        with self._fenced() as run:
            run.change("UPDATE folder SET destination=? WHERE id=?", destination, row.id)

    def carry_over(self, former: FolderRow, row: FolderRow) -> None:
        """The new folder was deleted and made again: what was copied into it stays deleted, as messages do."""
        with self._fenced() as run:
            run.change(
                "INSERT INTO message SELECT ?, uid, 0, digest FROM message WHERE folder=? ON CONFLICT DO NOTHING",
                *(row.id, former.id),
            )

    def refuse(self, folder: int, uid: int, reason: str) -> None:
        self._refused.append((folder, uid, reason))

    def commit(self) -> None:
        """Make durable what was recorded. Raises ``LeaseLost`` when another worker holds the mailbox by now."""
        if not self._done and not self._refused:
            return
        with self._fenced() as run:
            run.change_each(
                "INSERT INTO message VALUES(?,?,?,?) ON CONFLICT(folder, uid) "
                "DO UPDATE SET destination_uid=excluded.destination_uid, digest=excluded.digest",
                self._done,
            )
            if run.rows("SELECT 1 FROM refused LIMIT 1"):
                run.change_each("DELETE FROM refused WHERE folder=? AND uid=?", [row[:2] for row in self._done])
            run.change_each(
                "INSERT INTO refused VALUES(?,?,?) ON CONFLICT(folder, uid) DO UPDATE SET reason=excluded.reason",
                self._refused,
            )
            run.change_each("INSERT INTO flagged VALUES(?,?) ON CONFLICT DO NOTHING", self._flagged)
        self._flagged.clear()
        self._done.clear()
        self._refused.clear()

    def to_flag(self, folder: int) -> list[int]:
        """Destination UIDs whose flag is to be set once more, ascending."""
        return [uid for (uid,) in self._rows("SELECT destination_uid FROM flagged WHERE folder=? ORDER BY 1", folder)]

    def settle(self, folder: int, source_next: int, destination_next: int) -> None:
        """A folder is finished: nothing is under way, all below these UIDNEXTs is accounted for, flags are set."""
        self.commit()
        with self._fenced() as run:
            run.change(
                "UPDATE folder SET open=0, source_next=?, destination_next=? WHERE id=?",
                *(source_next, destination_next, folder),
            )
            run.change("DELETE FROM flagged WHERE folder=?", folder)
        self._started.discard(folder)

    def _open(self, database: Database, name: str, epoch: int) -> None:
        self.database = database
        self._epoch = epoch
        self._done: list[tuple[int, int, int, bytes]] = []
        self._refused: list[tuple[int, int, str]] = []
        self._flagged: list[tuple[int, int]] = []
        self._started: set[int] = set()
        with database.changing() as run:
            entered = run.rows(
                "INSERT INTO mailbox(name, epoch) VALUES(?,?) ON CONFLICT(name) "
                "DO UPDATE SET epoch=excluded.epoch WHERE mailbox.epoch<=excluded.epoch RETURNING id",
                *(name, epoch),
            )
            if not entered:
                raise LeaseLost
            self._mailbox = int(entered[0][0])

    @classmethod
    def _seen(cls, database: Database, name: str) -> Ledger:
        ledger = cls.__new__(cls)
        ledger._release = lambda: None
        ledger.database = database
        found = ledger._rows("SELECT id FROM mailbox WHERE name=?", name)
        ledger._mailbox = int(found[0][0]) if found else 0
        return ledger

    @contextlib.contextmanager
    def _fenced(self) -> Iterator[Statements]:
        """A transaction under the lease: the ledger cannot be opened under a higher epoch before it has ended."""
        with self.database.changing() as run:
            query = f"SELECT epoch FROM mailbox WHERE id=?{self.database.locking}"  # noqa: S608
            if run.rows(query, self._mailbox) != [(self._epoch,)]:
                raise LeaseLost
            yield run

    def _rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with self.database.looking() as run:
            return run.rows(sql, *values)

    def _pages(self, sql: str, folder: int) -> Iterator[tuple[Any, ...]]:
        """The rows of a folder, whose first column is the UID, without ever holding all of them."""
        last = 0
        while page := self._rows(f"{sql} LIMIT {PAGE}", folder, last):
            yield from page
            last = page[-1][0]


def _folder(row: tuple[Any, ...]) -> FolderRow:
    row_id, source, destination, *numbers, is_open = row
    here, there, here_next, there_next = numbers
    return FolderRow(row_id, source, destination, here, there, here_next, there_next, bool(is_open))
