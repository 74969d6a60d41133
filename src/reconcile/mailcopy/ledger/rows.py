"""The tables of a ledger, and what is known of one folder pair."""

from __future__ import annotations

import dataclasses
from typing import Any

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


#: The columns of ``folder`` that make a ``FolderRow``, in its order.
COLUMNS = "id, source, destination, source_validity, destination_validity, source_next, destination_next, open"


def folder_row(row: tuple[Any, ...]) -> FolderRow:
    """From a row of ``COLUMNS``."""
    row_id, source, destination, *numbers, is_open = row
    here, there, here_next, there_next = numbers
    return FolderRow(row_id, source, destination, here, there, here_next, there_next, bool(is_open))
