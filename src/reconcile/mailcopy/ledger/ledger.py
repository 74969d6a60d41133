"""The record that makes a copy exactly-once: source (folder, UIDVALIDITY, UID) → destination (UIDVALIDITY, UID).

One SQLite file per mailbox, or tables in PostgreSQL for all. Rows are written in batches: what a crash forgets is
found again by looking at the destination (``recovery``), so losing the tail does no harm and ``synchronous=NORMAL`` is
enough.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from reconcile.mailcopy.ledger.reader import LedgerReader
from reconcile.mailcopy.ledger.rows import COLUMNS, SCHEMA, FolderRow, folder_row
from reconcile.mailcopy.storage.database import Database, Statements
from reconcile.mailcopy.storage.sqlite import KeptSqliteDatabase

#: Confirmed messages held in memory at most, before they are committed.
BATCH = 1000


class LeaseLost(Exception):
    """Another worker has taken this mailbox over; nothing more may be written."""


class Ledger(LedgerReader):
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
            query = f"SELECT {COLUMNS} FROM folder WHERE mailbox=? AND source=? AND retired=0"  # noqa: S608
            if not run.rows(query, self._mailbox, source):
                run.change(
                    "INSERT INTO folder(mailbox, source, destination, label, source_validity, destination_validity) "
                    "VALUES(?,?,?,?,?,?)",
                    *(self._mailbox, source, destination, label, source_validity, destination_validity),
                )
            (row,) = run.rows(query, self._mailbox, source)
        return folder_row(row)

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

    @contextlib.contextmanager
    def _fenced(self) -> Iterator[Statements]:
        """A transaction under the lease: the ledger cannot be opened under a higher epoch before it has ended."""
        with self.database.changing() as run:
            query = f"SELECT epoch FROM mailbox WHERE id=?{self.database.locking}"  # noqa: S608
            if run.rows(query, self._mailbox) != [(self._epoch,)]:
                raise LeaseLost
            yield run
