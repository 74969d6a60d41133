"""The record that makes a copy exactly-once: source (folder, UIDVALIDITY, UID) → destination (UIDVALIDITY, UID).

One SQLite file per mailbox. Rows are written in batches: what a crash forgets is found again by looking at the
destination (``recovery``), so losing the tail of the journal does no harm and ``synchronous=NORMAL`` is enough.
"""

from __future__ import annotations

import contextlib
import dataclasses
import sqlite3
from array import array
from collections.abc import Iterator
from pathlib import Path

from reconcile.mailcopy.sqlite_file import open_file
from reconcile.problem import Problem

VERSION = 1
#: Confirmed messages held in memory at most, before they are committed.
BATCH = 1000

_SCHEMA = """
CREATE TABLE IF NOT EXISTS fact(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS folder(
    id INTEGER PRIMARY KEY, source BLOB NOT NULL, destination BLOB NOT NULL, label TEXT NOT NULL,
    source_validity INTEGER NOT NULL, destination_validity INTEGER NOT NULL,
    -- UIDNEXT of the source up to which nothing is left to copy, and of the destination up to which every message is
    -- either recorded or somebody else's. 0: never finished.
    source_next INTEGER NOT NULL DEFAULT 0, destination_next INTEGER NOT NULL DEFAULT 0,
    -- 1 while messages may be under way: after a crash the server may still be storing some.
    open INTEGER NOT NULL DEFAULT 0,
    -- 1 once one of the UIDVALIDITYs changed: kept for its digests until they are matched again.
    retired INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS message(
    folder INTEGER NOT NULL, uid INTEGER NOT NULL, destination_uid INTEGER NOT NULL, digest BLOB NOT NULL,
    PRIMARY KEY(folder, uid)) WITHOUT ROWID;
-- Destination UIDs whose \\Flagged is still to be set once more by STORE.
CREATE TABLE IF NOT EXISTS flagged(
    folder INTEGER NOT NULL, destination_uid INTEGER NOT NULL, PRIMARY KEY(folder, destination_uid)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS refused(
    folder INTEGER NOT NULL, uid INTEGER NOT NULL, reason TEXT NOT NULL, PRIMARY KEY(folder, uid)) WITHOUT ROWID;
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
    """The ledger of one mailbox's copy. Raises ``Problem`` COPY04 when it cannot be written, COPY05 when unreadable.

    ``epoch``: the fencing number of the lease under which it is opened. Opening with a higher one shuts every earlier
    holder out: its next commit raises ``LeaseLost``.
    """

    def __init__(self, path: Path, epoch: int = 0) -> None:
        self._path = path
        self._epoch = epoch
        self._done: list[tuple[int, int, int, bytes]] = []
        self._refused: list[tuple[int, int, str]] = []
        self._flagged: list[tuple[int, int]] = []
        self._started: set[int] = set()
        with self._explained():
            self.db = open_file(path, _SCHEMA)
            with self._transaction(fenced=False):
                self._enter()

    @classmethod
    @contextlib.contextmanager
    def reading(cls, path: Path) -> Iterator[Ledger]:
        """A look that changes nothing and shuts nobody out."""
        ledger = cls.__new__(cls)
        ledger._path = path
        with ledger._explained():
            ledger.db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=30)
        try:
            yield ledger
        finally:
            ledger.close()

    def close(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            self.db.close()

    def folder(
        self, source: bytes, destination: bytes, label: str, source_validity: int, destination_validity: int
    ) -> FolderRow:
        """The row of a folder pair, made when new. A row whose UIDVALIDITY no longer holds is retired."""
        with self._explained(), self._transaction():
            self.db.execute(
                "UPDATE folder SET retired=1 WHERE source=? AND retired=0 "
                "AND (destination, source_validity, destination_validity) IS NOT (?,?,?)",
                (source, destination, source_validity, destination_validity),
            )
            key = (source, destination, source_validity, destination_validity)
            self.db.execute(
                "INSERT INTO folder(source, destination, source_validity, destination_validity, label) "
                "SELECT ?,?,?,?,? WHERE NOT EXISTS (SELECT 1 FROM folder WHERE source=? AND retired=0)",
                (*key, label, source),
            )
            row = self.db.execute(f"SELECT {_ROW} FROM folder WHERE source=? AND retired=0", (source,)).fetchone()  # noqa: S608
        return FolderRow(*row)

    def retired(self, source: bytes) -> list[FolderRow]:
        """Earlier rows of a source folder, whose digests help to match its messages again."""
        with self._explained():
            rows = self.db.execute(f"SELECT {_ROW} FROM folder WHERE source=? AND retired=1", (source,)).fetchall()  # noqa: S608
        return [FolderRow(*row) for row in rows]

    def forget(self, row: FolderRow) -> None:
        """Drop a retired row and its messages, once they are matched again."""
        with self._explained(), self._transaction():
            for statement in (
                "DELETE FROM message WHERE folder=?",
                "DELETE FROM refused WHERE folder=?",
                "DELETE FROM flagged WHERE folder=?",
                "DELETE FROM folder WHERE id=?",
            ):
                self.db.execute(statement, (row.id,))

    def rows(self) -> list[FolderRow]:
        """Every folder pair in force."""
        with self._explained():
            rows = self.db.execute(f"SELECT {_ROW} FROM folder WHERE retired=0 ORDER BY label").fetchall()  # noqa: S608
        return [FolderRow(*row) for row in rows]

    def label(self, folder: int) -> str:
        """The source folder's name as people read it."""
        with self._explained():
            return str(self.db.execute("SELECT label FROM folder WHERE id=?", (folder,)).fetchone()[0])

    def destinations(self) -> dict[bytes, bytes]:
        """Where each source folder has gone so far."""
        with self._explained():
            return dict(self.db.execute("SELECT source, destination FROM folder WHERE retired=0").fetchall())

    def copied(self, folder: int) -> array[int]:
        """The source UIDs recorded as copied, ascending."""
        with self._explained():
            rows = self.db.execute("SELECT uid FROM message WHERE folder=? ORDER BY uid", (folder,))
            return array("I", (uid for (uid,) in rows))

    def count(self, folder: int) -> int:
        with self._explained():
            return int(self.db.execute("SELECT count(*) FROM message WHERE folder=?", (folder,)).fetchone()[0])

    def owned(self, destination: bytes, validity: int) -> array[int]:
        """The destination UIDs that some recorded message of this mailbox became, ascending."""
        with self._explained():
            rows = self.db.execute(
                "SELECT destination_uid FROM message JOIN folder ON folder.id = message.folder "
                "WHERE destination=? AND destination_validity=? AND retired=0 ORDER BY destination_uid",
                (destination, validity),
            )
            return array("I", (uid for (uid,) in rows))

    def messages(self, folder: int) -> Iterator[tuple[int, int, bytes]]:
        """Source UID, destination UID and digest of each recorded message."""
        with self._explained():
            yield from self.db.execute("SELECT uid, destination_uid, digest FROM message WHERE folder=?", (folder,))

    def refusals(self) -> list[tuple[str, int, str]]:
        """Folder, source UID and reason of every message that was refused and is not copied since."""
        with self._explained():
            return self.db.execute(
                "SELECT label, uid, reason FROM refused JOIN folder ON folder.id = refused.folder "
                "WHERE retired=0 ORDER BY label, uid"
            ).fetchall()

    def refused_uids(self, folder: int) -> list[int]:
        with self._explained():
            rows = self.db.execute("SELECT uid FROM refused WHERE folder=? ORDER BY uid", (folder,))
            return [uid for (uid,) in rows]

    def start(self, folder: int) -> None:
        """From now on messages of this folder may be under way; durable before the first one leaves."""
        if folder not in self._started:
            self._started.add(folder)
            with self._explained(), self._transaction():
                self.db.execute("UPDATE folder SET open=1 WHERE id=?", (folder,))

    def record(self, folder: int, uid: int, destination_uid: int, digest: bytes, *, flagged: bool = False) -> None:
        """The destination confirmed a message; committed with its batch. ``flagged``: see ``to_flag``."""
        self._done.append((folder, uid, destination_uid, digest))
        if flagged:
            self._flagged.append((folder, destination_uid))
        if len(self._done) >= BATCH:
            self.commit()

    def refuse(self, folder: int, uid: int, reason: str) -> None:
        self._refused.append((folder, uid, reason))

    def commit(self) -> None:
        """Make durable what was recorded. Raises ``LeaseLost`` when somebody else holds the mailbox by now."""
        if not self._done and not self._refused:
            return
        with self._explained(), self._transaction():
            self.db.executemany("INSERT OR REPLACE INTO message VALUES(?,?,?,?)", self._done)
            self.db.executemany("DELETE FROM refused WHERE folder=? AND uid=?", [row[:2] for row in self._done])
            self.db.executemany("INSERT OR REPLACE INTO refused VALUES(?,?,?)", self._refused)
            self.db.executemany("INSERT OR IGNORE INTO flagged VALUES(?,?)", self._flagged)
        self._flagged.clear()
        self._done.clear()
        self._refused.clear()

    def to_flag(self, folder: int) -> list[int]:
        """Destination UIDs whose flag is to be set once more, ascending."""
        with self._explained():
            rows = self.db.execute("SELECT destination_uid FROM flagged WHERE folder=? ORDER BY 1", (folder,))
            return [uid for (uid,) in rows]

    def settle(self, folder: int, source_next: int, destination_next: int) -> None:
        """A folder is finished: nothing is under way, all below these UIDNEXTs is accounted for, flags are set."""
        self.commit()
        with self._explained(), self._transaction():
            self.db.execute(
                "UPDATE folder SET open=0, source_next=?, destination_next=? WHERE id=?",
                (source_next, destination_next, folder),
            )
            self.db.execute("DELETE FROM flagged WHERE folder=?", (folder,))
        self._started.discard(folder)

    def _enter(self) -> None:
        facts = dict(self.db.execute("SELECT name, value FROM fact").fetchall())
        if facts.get("version", VERSION) != VERSION:
            raise Problem("COPY05", f"{self._path} was written by another version of reconcile.", "use that version")
        if facts.get("epoch", 0) > self._epoch:
            raise LeaseLost
        for name, value in (("version", VERSION), ("epoch", self._epoch)):
            self.db.execute("INSERT OR REPLACE INTO fact VALUES(?,?)", (name, value))

    @contextlib.contextmanager
    def _transaction(self, *, fenced: bool = True) -> Iterator[None]:
        self.db.execute("BEGIN IMMEDIATE")
        try:
            if fenced:
                (epoch,) = self.db.execute("SELECT value FROM fact WHERE name='epoch'").fetchone()
                if epoch != self._epoch:
                    raise LeaseLost
            yield
            self.db.execute("COMMIT")
        except BaseException:
            if self.db.in_transaction:
                self.db.execute("ROLLBACK")
            raise

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise ledger_problem(self._path, error) from None
        except OSError as error:
            raise Problem("COPY04", f"Cannot write the ledger {self._path}: {error.strerror}.") from None


def ledger_problem(path: Path, error: sqlite3.DatabaseError) -> Problem:
    """A failure of a SQLite file, as the postmaster should read it."""
    if isinstance(error, sqlite3.OperationalError):
        return Problem(
            "COPY04",
            f"Cannot write {path}: {error}.",
            "make room on the disk and run the copy again; what was recorded is safe and nothing will be copied twice",
        )
    return Problem(
        "COPY05",
        f"{path} is damaged: {error}.",
        "move it away and run the copy again; messages already there are recognised by their content",
    )
