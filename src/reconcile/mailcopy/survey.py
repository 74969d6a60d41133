"""What there is to copy: both mailboxes compared with the ledger, folders made, and the rest listed."""

from __future__ import annotations

import dataclasses
import re
from array import array
from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from reconcile.clock import Clock
from reconcile.mailcopy.imap.connections import both_at_once
from reconcile.mailcopy.imap.flags import Keywords
from reconcile.mailcopy.imap.folder_mapping import Route, decoded, encoded, route_folders
from reconcile.mailcopy.imap.grammar import quoted, readable, uid_set
from reconcile.mailcopy.imap.message_list import Listing, Status, list_folders, statuses
from reconcile.mailcopy.imap.read_receipts import requesting_receipts
from reconcile.mailcopy.imap.session import Session
from reconcile.mailcopy.ledger.ledger import FolderRow, Ledger
from reconcile.mailcopy.pump.pending import PendingFolder

_PERMANENT = re.compile(rb"\[PERMANENTFLAGS \(([^)]*)\)\]", re.IGNORECASE)


@dataclasses.dataclass(slots=True)
class Survey:
    """``pending``: folders with messages due. ``already``: messages the ledger knows, ``adopted`` of them found now.
    ``failed``: folders (as people read them) that could not be made or opened, and why. ``looked_at``: every folder
    pair that is in order, with its source's status. ``too_big``: folder row, UID and bytes of what is not even sent."""

    pending: list[PendingFolder] = dataclasses.field(default_factory=list)
    already: int = 0
    adopted: int = 0
    failed: dict[str, str] = dataclasses.field(default_factory=dict)
    looked_at: list[tuple[FolderRow, Status]] = dataclasses.field(default_factory=list)
    too_big: list[tuple[FolderRow, int, int]] = dataclasses.field(default_factory=list)

    @property
    def messages(self) -> int:
        return sum(len(folder.uids) for folder in self.pending)

    @property
    def volume(self) -> int:
        """Bytes due."""
        return sum(sum(folder.sizes) for folder in self.pending)


class Origin(Protocol):
    """What a copy back must not bring back."""

    def destinations(self) -> Mapping[bytes, bytes]:
        """Source folder → destination folder, where that is known from the way there."""

    def among(self, source: Session, destination: Session, row: FolderRow, uids: array[int]) -> set[int]:
        """Those of the source's ascending UIDs that came from the destination in the first place."""


def survey(
    source: Session,
    destination: Session,
    ledger: Ledger,
    clock: Clock,
    *,
    root: str = "",
    skip: Collection[tuple[int, int]] = (),
    origin: Origin | None = None,
) -> Survey:
    """Compare, create the missing folders, adopt what is there already. ``skip``: (folder, UID) not to be tried again.
    Raises ``ConnectionLost``."""
    found = Survey()
    decided = dict(origin.destinations() if origin else {}) | ledger.destinations()
    routes = _made(source, destination, decided, root, found)
    theirs, ours = both_at_once(
        lambda: statuses(source, [route.source for route in routes]),
        lambda: statuses(destination, [route.destination for route in routes]),
    )
    changed: list[tuple[FolderRow, Status, Status]] = []
    unsettled: list[bytes] = []
    for route in routes:
        old, new = theirs[route.source], ours[route.destination]
        if isinstance(old, str) or isinstance(new, str):
            found.failed[route.label] = f"it cannot be opened: {old if isinstance(old, str) else new}"
            continue
        row = ledger.folder(route.source, route.destination, route.label, old.uid_validity, new.uid_validity)
        if row.open:
            unsettled.append(row.destination)
        if row.open or row.source_next != old.uid_next or ledger.refused_uids(row.id):
            changed.append((row, old, new))
        else:
            found.already += ledger.count(row.id)
    if unsettled:
        from reconcile.mailcopy.ledger.recovery import wait_until_stable  # rarely needed, slow to import

        wait_until_stable(destination, unsettled, clock)
    if changed:
        spans = {row.source: _span(ledger, row) for row, _, _ in changed}
        listings, keywords = both_at_once(lambda: list_folders(source, spans), lambda: _keywords(destination))
        for row, old, new in changed:
            listing = listings[row.source]
            if origin and listing.uids:
                listing = _without(listing, array("I", sorted(origin.among(source, destination, row, listing.uids))))
            _compare(source, destination, ledger, found, row, (old, new), listing, keywords, skip)
    return found


def _made(
    source: Session, destination: Session, decided: Mapping[bytes, bytes], root: str, found: Survey
) -> list[Route]:
    """The routes of all folders, after creating what is missing and subscribing to what is subscribed."""
    theirs, ours = both_at_once(source.layout, destination.layout)
    for name in theirs.unusable:
        found.failed[readable(name)] = "no command can hold its name: it has a line end in it"
    routes = route_folders(
        theirs.folders,
        ours.folders,
        source_prefix=theirs.prefix,
        destination_prefix=ours.prefix,
        root=root,
        decided=decided,
    )
    missing = [n for n, route in enumerate(routes) if not route.exists]
    lacking = [
        n for n, r in enumerate(routes) if r.source in theirs.subscribed and r.destination not in ours.subscribed
    ]
    refused = _carried_out(destination, [(b"CREATE", routes, missing), (b"SUBSCRIBE", routes, lacking)])
    for n, why in refused[0].items():
        # A name the server keeps for itself, perhaps in another language: once more under another.
        routes[n] = dataclasses.replace(routes[n], destination=encoded(decoded(routes[n].destination) + " (mail)"))
        again = [n] if n in lacking else []
        if _carried_out(destination, [(b"CREATE", routes, [n]), (b"SUBSCRIBE", routes, again)])[0]:
            found.failed[routes[n].label] = f"the new server does not create the folder: {why}"
    return [route for route in routes if route.label not in found.failed]


def _carried_out(
    destination: Session, wanted: Sequence[tuple[bytes, Sequence[Route], Sequence[int]]]
) -> list[dict[int, str]]:
    """Carry out each verb on the destinations of some routes, all in one burst; which were refused it, and why."""
    asked = [verb + b" " + quoted(routes[n].destination) for verb, routes, numbers in wanted for n in numbers]
    answers = iter(destination.commands.run(asked) if asked else ())
    return [
        {
            n: readable(answer)
            for n, answer in zip(numbers, answers, strict=False)
            if not answer.upper().startswith(b"OK") and b"[ALREADYEXISTS]" not in answer.upper()
        }
        for _, _, numbers in wanted
    ]


def _span(ledger: Ledger, row: FolderRow) -> bytes:
    """The UIDs of a folder worth listing: all at first and after a crash, then what is new and what was refused."""
    if row.open or not row.source_next:
        return b"1:*"
    again = ledger.refused_uids(row.id)
    return (uid_set(again) + b"," if again else b"") + b"%d:*" % row.source_next


def _keywords(destination: Session) -> Keywords:
    """Whether the destination takes any keyword, and those it takes in any case (PERMANENTFLAGS of its INBOX)."""
    said: list[bytes] = []
    destination.commands.run([b"SELECT INBOX", *destination.unselecting], lambda _, lines: said.append(lines))
    announced = _PERMANENT.search(b"".join(said))
    if not announced:
        return True, frozenset()  # RFC 3501 §6.3.1: without it, every flag can be changed
    flags = announced[1].lower().split()
    return rb"\*" in flags, frozenset(flag for flag in flags if not flag.startswith(b"\\"))


def _compare(
    source: Session,
    destination: Session,
    ledger: Ledger,
    found: Survey,
    row: FolderRow,
    status: tuple[Status, Status],
    listing: Listing,
    keywords: Keywords,
    skip: Collection[tuple[int, int]],
) -> None:
    """One folder: what the ledger knows, what is there although it does not, and what is due."""
    old, new = status
    if listing.error:
        found.failed[decoded(row.source)] = f"it cannot be opened: {listing.error}"
        return
    done = ledger.copied(row.id)
    due = _without(listing, done)
    retired = ledger.retired(row.source)
    if row.open or retired or (new.messages and new.uid_next > row.destination_next):
        from reconcile.mailcopy.ledger.recovery import adopt

        adopted = adopt(source, destination, ledger, row, due.uids, keywords)
        due = _without(due, array("I", sorted(adopted)))
        found.adopted += len(adopted)
        for gone in retired:
            ledger.forget(gone)
    found.already += ledger.count(row.id)
    found.looked_at.append((row, old))
    due = _without(due, array("I", sorted(uid for folder, uid in skip if folder == row.id)))
    if largest := destination.endpoint.largest:
        too_big = [(row, uid, size) for uid, size in zip(due.uids, due.sizes, strict=True) if size > largest]
        due = _without(due, array("I", (uid for _, uid, _ in too_big)))
        found.too_big += too_big
    if due.uids:
        found.pending.append(
            PendingFolder(
                row.id,
                decoded(row.source),
                quoted(row.source),
                quoted(row.destination),
                row.source_validity,
                row.destination_validity,
                due.uids,
                due.sizes,
                *keywords,
                unproven=row.open,
                silenced=requesting_receipts(source, row.source, due.uids)
                if destination.endpoint.silences_receipts
                else frozenset(),
            )
        )


def _without(listing: Listing, done: array[int]) -> Listing:
    """The listing without the UIDs of ``done``; both ascend, so one walk is enough and nothing is built beside."""
    if not done:
        return listing
    left = Listing()
    position, end = 0, len(done)
    for uid, size in zip(listing.uids, listing.sizes, strict=True):
        while position < end and done[position] < uid:
            position += 1
        if position == end or done[position] != uid:
            left.uids.append(uid)
            left.sizes.append(size)
    return left
