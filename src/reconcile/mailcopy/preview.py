"""What a copy would do, and what the old mailbox holds: nothing is written anywhere."""

from __future__ import annotations

import dataclasses

from reconcile.mailcopy.imap.connections import Connections
from reconcile.mailcopy.imap.folder_names import decoded
from reconcile.mailcopy.imap.folders.doubles import same_folders
from reconcile.mailcopy.imap.folders.mapping import Names, route_folders
from reconcile.mailcopy.imap.messages.listing import Status, list_folders, statuses
from reconcile.mailcopy.imap.session import Endpoint, connect
from reconcile.mailcopy.ledger.reader import LedgerReader


@dataclasses.dataclass(frozen=True, slots=True)
class FolderPreview:
    """One folder of the old mailbox: what it holds, and what of it is still to be copied, in messages and bytes.

    ``destination`` is "" where only sizes were asked for; ``exists``: it need not be made. ``too_big``: messages the
    new server does not take. ``error``: why the folder cannot be opened.
    ``left_out``: why it is not copied, being somebody else's mail or a view of other folders.
    """

    folder: str
    messages: int = 0
    volume: int = 0
    destination: str = ""
    exists: bool = False
    due: int = 0
    due_volume: int = 0
    too_big: int = 0
    error: str = ""
    left_out: str = ""


def preview_sizes(source: Endpoint) -> list[FolderPreview]:
    """Every folder of the old mailbox. Raises what ``connect`` raises, and ``ConnectionLost``."""
    session = connect(source)
    try:
        layout = session.layout()
        left_out = dict(layout.left_out) | same_folders(session, layout.folders)
        names = [folder.name for folder in layout.folders if folder.selectable and folder.name not in left_out]
        found = list_folders(session, dict.fromkeys(names, b"1:*"))
        previews = [
            FolderPreview(decoded(name), len(listing.uids), sum(listing.sizes), error=listing.error)
            for name, listing in found.items()
        ]
        counts = statuses(session, list(left_out))
        for name, why in left_out.items():
            status = counts[name]
            held = 0 if isinstance(status, str) else status.messages
            previews.append(FolderPreview(decoded(name), held, left_out=why))
        return previews
    finally:
        session.log_out()


def preview_copy(
    source: Endpoint, destination: Endpoint, ledger: LedgerReader | None, *, folder: str = ""
) -> list[FolderPreview]:
    """The same with where each folder would go and what is due by the ``ledger``, None before the first pass."""
    with Connections(source, destination) as connections:
        old, new = connections.pair()
        theirs, ours = old.layout(), new.layout()
        routes = route_folders(
            [folder for folder in theirs.folders if folder.name not in same_folders(old, theirs.folders)],
            ours.folders,
            theirs=Names(theirs.prefix, theirs.inbox),
            ours=Names(ours.prefix, ours.inbox),
            root=folder,
            decided=ledger.destinations() if ledger else None,
        )
        known = statuses(new, [route.destination for route in routes if route.exists])
        found = list_folders(old, {route.source: b"1:*" for route in routes})
        status = statuses(old, [route.source for route in routes])
    previews = []
    for route in routes:
        listing, here, there = found[route.source], status[route.source], known.get(route.destination)
        done = _copied(ledger, route.source, here, there)
        due = [size for uid, size in zip(listing.uids, listing.sizes, strict=True) if uid not in done]
        previews.append(
            FolderPreview(
                route.label,
                len(listing.uids),
                sum(listing.sizes),
                decoded(route.destination),
                route.exists,
                len(due),
                sum(due),
                sum(size > destination.largest for size in due) if destination.largest else 0,
                listing.error,
            )
        )
    return previews


def _copied(ledger: LedgerReader | None, source: bytes, here: Status | str, there: Status | str | None) -> set[int]:
    """UIDs that are recorded and hold: neither folder was rebuilt since."""
    if ledger is None or not isinstance(here, Status) or not isinstance(there, Status):
        return set()
    uids: set[int] = set()
    for row in ledger.rows():
        validities = (row.source_validity, row.destination_validity)
        if row.source == source and validities == (here.uid_validity, there.uid_validity):
            uids |= set(ledger.copied(row.id))
    return uids
