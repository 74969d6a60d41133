"""What a ledger tells: which folders were paired, what was copied, what was refused. Nothing here writes."""

from __future__ import annotations

import contextlib
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reconcile.mailcopy.ledger.rows import COLUMNS, SCHEMA, FolderRow, folder_row
from reconcile.mailcopy.storage.database import Database
from reconcile.mailcopy.storage.sqlite import SqliteDatabase

#: Rows read at once.
PAGE = 10_000


class LedgerReader:
    """The ledger of one mailbox's copy, read: changes nothing and shuts nobody out. Raises ``Problem`` as its database
    does."""

    database: Database
    _mailbox: int

    @staticmethod
    @contextlib.contextmanager
    def reading(path: Path) -> Iterator[LedgerReader]:
        """In a file of its own."""
        yield _opened(SqliteDatabase(path, SCHEMA), "")

    @staticmethod
    @contextlib.contextmanager
    def reading_shared(database: Database, name: str) -> Iterator[LedgerReader | None]:
        """In a database that holds many; None when this one was never begun."""
        reader = _opened(database, name) if database.exists() else None
        yield reader if reader and reader._mailbox else None

    def retired(self, source: bytes) -> list[FolderRow]:
        """Earlier rows of a source folder, whose digests help to match its messages again."""
        query = f"SELECT {COLUMNS} FROM folder WHERE mailbox=? AND source=? AND retired=1"  # noqa: S608
        return [folder_row(row) for row in self._rows(query, self._mailbox, source)]

    def rows(self) -> list[FolderRow]:
        """Every folder pair in force."""
        query = f"SELECT {COLUMNS} FROM folder WHERE mailbox=? AND retired=0 ORDER BY label"  # noqa: S608
        return [folder_row(row) for row in self._rows(query, self._mailbox)]

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

    def to_flag(self, folder: int) -> list[int]:
        """Destination UIDs whose flag is to be set once more, ascending."""
        return [uid for (uid,) in self._rows("SELECT destination_uid FROM flagged WHERE folder=? ORDER BY 1", folder)]

    def _rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with self.database.looking() as run:
            return run.rows(sql, *values)

    def _pages(self, sql: str, folder: int) -> Iterator[tuple[Any, ...]]:
        """The rows of a folder, whose first column is the UID, without ever holding all of them."""
        last = 0
        while page := self._rows(f"{sql} LIMIT {PAGE}", folder, last):
            yield from page
            last = page[-1][0]


def _opened(database: Database, name: str) -> LedgerReader:
    reader = LedgerReader()
    reader.database = database
    found = reader._rows("SELECT id FROM mailbox WHERE name=?", name)
    reader._mailbox = int(found[0][0]) if found else 0
    return reader
