"""Checks a copy against both mailboxes: nothing is written anywhere."""

from __future__ import annotations

import dataclasses

from reconcile.mailcopy.imap.bodies import digests
from reconcile.mailcopy.imap.connections import Connections, both_at_once
from reconcile.mailcopy.imap.interruptions import FolderRefused
from reconcile.mailcopy.imap.message_list import Listing, Status, list_folders, statuses
from reconcile.mailcopy.imap.session import Endpoint, Session
from reconcile.mailcopy.ledger.fingerprints import fingerprints
from reconcile.mailcopy.ledger.ledger import FolderRow, Ledger


@dataclasses.dataclass(frozen=True, slots=True)
class FolderCheck:
    """One folder pair. UIDs of ``not_copied`` are the source's, of ``gone`` and ``altered`` the destination's.

    ``not_copied``: neither recorded nor refused. ``gone``: recorded, and no longer where it was put: its owner moved
    or deleted it, or it was lost. ``altered``: its size or, when digests were compared, its bytes are not the source's.
    ``error``: why the folder could not be checked.
    """

    folder: str
    copied: int = 0
    refused: int = 0
    not_copied: tuple[int, ...] = ()
    gone: tuple[int, ...] = ()
    altered: tuple[int, ...] = ()
    error: str = ""

    @property
    def sound(self) -> bool:
        """Whether every message of the source is accounted for and what is at the destination is unaltered."""
        return not (self.refused or self.not_copied or self.altered or self.error)


def verify_mailbox(
    source: Endpoint, destination: Endpoint, ledger: Ledger, *, with_digests: bool = False
) -> list[FolderCheck]:
    """Compare both mailboxes with the ledger. ``with_digests`` reads every message at the destination again.

    Exchange rewrites messages, so sizes and digests say nothing there: what is compared is what it keeps, Message-ID
    and the fields people read. Raises what ``connect`` raises, and ``ConnectionLost``.
    """
    with Connections(source, destination) as connections:
        old, new = connections.pair()
        rows = ledger.rows()
        theirs, ours = both_at_once(
            lambda: statuses(old, [row.source for row in rows]),
            lambda: statuses(new, [row.destination for row in rows]),
        )
        current = [row for row in rows if _is_current(row, theirs[row.source], ours[row.destination])]
        here, there = both_at_once(
            lambda: list_folders(old, {row.source: b"1:*" for row in current}),
            lambda: list_folders(new, {row.destination: b"1:*" for row in current}),
        )
        checks = []
        for row in current:
            try:
                checks.append(_check(ledger, row, here[row.source], there[row.destination], (old, new), with_digests))
            except FolderRefused as refused:
                checks.append(FolderCheck(ledger.label(row.id), error=str(refused)))
        lost = [
            FolderCheck(ledger.label(row.id), error="one of its folders is gone or was rebuilt since it was copied")
            for row in rows
            if row not in current
        ]
        return checks + lost


def _is_current(row: FolderRow, old: Status | str, new: Status | str) -> bool:
    """Whether both folders are those the ledger speaks of."""
    return (
        not isinstance(old, str)
        and not isinstance(new, str)
        and (old.uid_validity, new.uid_validity) == (row.source_validity, row.destination_validity)
    )


def _check(
    ledger: Ledger,
    row: FolderRow,
    here: Listing,
    there: Listing,
    endpoints: tuple[Session, Session],
    with_digests: bool,
) -> FolderCheck:
    """``endpoints``: the old and the new server."""
    verbatim = not endpoints[1].is_exchange
    sizes = dict(zip(here.uids, here.sizes, strict=True))
    kept = dict(zip(there.uids, there.sizes, strict=True))
    refused = set(ledger.refused_uids(row.id))
    unrecorded = dict.fromkeys(uid for uid in sizes if uid not in refused)
    gone, altered = [], []
    expected: dict[int, tuple[int, bytes]] = {}
    copied = 0
    for uid, destination_uid, digest in ledger.messages(row.id):
        copied += 1
        unrecorded.pop(uid, None)
        if destination_uid not in kept:
            gone.append(destination_uid)
        elif verbatim and uid in sizes and sizes[uid] != kept[destination_uid]:
            altered.append(destination_uid)
        elif with_digests:
            expected[destination_uid] = (uid, digest)
    altered += _altered(row, endpoints, expected, verbatim=verbatim)
    return FolderCheck(
        ledger.label(row.id), copied, len(refused), tuple(unrecorded), tuple(sorted(gone)), tuple(sorted(altered))
    )


def _altered(
    row: FolderRow, endpoints: tuple[Session, Session], expected: dict[int, tuple[int, bytes]], *, verbatim: bool
) -> list[int]:
    """Of the destination's UIDs (→ source UID and digest), those that hold another message than they should."""
    if not expected:
        return []
    if verbatim:
        found = digests(endpoints[1], row.destination, list(expected))
        return [uid for uid, (_, digest) in expected.items() if found.get(uid) != digest]
    theirs = fingerprints(endpoints[0], row.source, [uid for uid, _ in expected.values()])
    ours = fingerprints(endpoints[1], row.destination, list(expected))
    return [
        uid
        for uid, (source_uid, _) in expected.items()
        if source_uid in theirs and not (uid in ours and ours[uid].looks_like(theirs[source_uid]))
    ]
