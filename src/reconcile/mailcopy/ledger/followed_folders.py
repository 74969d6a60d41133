"""Folders that somebody renamed or deleted in the new mailbox since they were copied to: people use it meanwhile.

A folder is known by its UIDVALIDITY, which a rename keeps on Dovecot and Cyrus, else by what it holds: Exchange gives
its default folders French names at the first sign-in.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from reconcile.mailcopy.imap.folder_list import Folder
from reconcile.mailcopy.imap.folder_names import decoded
from reconcile.mailcopy.imap.folders.mapping import is_trash
from reconcile.mailcopy.imap.interruptions import FolderRefused
from reconcile.mailcopy.imap.messages.bodies import digests
from reconcile.mailcopy.imap.messages.listing import Status, list_folders, statuses
from reconcile.mailcopy.imap.session import Session
from reconcile.mailcopy.ledger.fingerprints import fingerprints, pair_alike
from reconcile.mailcopy.ledger.ledger import Ledger
from reconcile.mailcopy.ledger.rows import FolderRow

#: Part of what was copied into a folder that another one must hold to be the same.
SHARE = 0.5


@dataclasses.dataclass(frozen=True, slots=True)
class Followed:
    """``renamed``: source folder → where its new folder is now. ``deleted``: source folder → the row of a new folder
    that its owner deleted."""

    renamed: Mapping[bytes, bytes] = dataclasses.field(default_factory=dict)
    deleted: Mapping[bytes, FolderRow] = dataclasses.field(default_factory=dict)


def follow_folders(
    source: Session,
    destination: Session,
    ledger: Ledger,
    ours: Sequence[Folder],
    renumbered: Collection[bytes] = (),
) -> Followed:
    """Look for the folders of the ledger that are no longer where they were. ``ours``: the new mailbox's folders.
    ``renumbered``: those of them that bear a name of the ledger and are another folder.

    A mailbox of which no folder is the one that was copied to was made anew: nothing was deleted there. Raises
    ``ConnectionLost``.
    """
    rows = ledger.rows()
    names = {folder.name for folder in ours if folder.selectable}
    missing = [row for row in rows if row.destination not in names or row.destination in renumbered]
    if not missing:
        return Followed()
    taken = {row.destination for row in rows} & names
    free = [name for name in sorted(names) if name not in taken]
    known = statuses(destination, [*taken, *free])
    if not any(_validity(known.get(row.destination, "")) == row.destination_validity for row in rows):
        return Followed()
    renamed: dict[bytes, bytes] = {}
    deleted: dict[bytes, FolderRow] = {}
    for row in missing:
        found = _found(source, destination, ledger, row, free, known)
        if found is None and row.destination in renumbered:
            continue  # made anew: what it held is copied again
        if found is None or is_trash(decoded(found).split(_separator(ours))[0]):
            deleted[row.source] = row
            continue
        free.remove(found)
        renamed[row.source] = found
        if _validity(known[found]) == row.destination_validity:
            ledger.follow(row, found)
    return Followed(renamed, deleted)


def _found(
    source: Session,
    destination: Session,
    ledger: Ledger,
    row: FolderRow,
    free: Sequence[bytes],
    known: Mapping[bytes, Status | str],
) -> bytes | None:
    copied = {there: digest for _, there, digest in ledger.messages(row.id) if there}
    for name in free:
        if _validity(known[name]) == row.destination_validity:
            listing = list_folders(destination, {name: b"1:*"})[name]
            if not copied or copied.keys() & set(listing.uids):
                return name
    best, most = None, SHARE * len(copied)
    for name in free if copied else ():
        status = known[name]
        if isinstance(status, Status) and status.messages >= most:
            try:
                held = _held(source, destination, ledger, row, name)
            except FolderRefused:
                continue
            if held >= most:
                best, most = name, held
    return best


def _held(source: Session, destination: Session, ledger: Ledger, row: FolderRow, name: bytes) -> int:
    """How many of the messages copied for a row a folder holds."""
    uids = list_folders(destination, {name: b"1:*"})[name].uids
    if destination.is_exchange:
        mine = fingerprints(source, row.source, ledger.copied(row.id))
        return len(pair_alike(mine, {}, fingerprints(destination, name, uids), {}))
    recorded = Counter(digest for _, _, digest in ledger.messages(row.id))
    return (recorded & Counter(digests(destination, name, uids).values())).total()


def _validity(status: Status | str) -> int:
    return 0 if isinstance(status, str) else status.uid_validity


def _separator(folders: Sequence[Folder]) -> str:
    return next((folder.separator for folder in folders if folder.separator), "/")
