"""What there is to copy: both mailboxes compared with the ledger, folders made, and the rest listed."""

from __future__ import annotations

import dataclasses
import re
from array import array
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol

from reconcile.clock import Clock
from reconcile.mailcopy.imap.connections import both_at_once
from reconcile.mailcopy.imap.flags import Keywords
from reconcile.mailcopy.imap.folder_creation import create_folders
from reconcile.mailcopy.imap.folder_doubles import same_folders
from reconcile.mailcopy.imap.folder_list import Folder
from reconcile.mailcopy.imap.folder_mapping import Route, decoded, is_trash, route_folders
from reconcile.mailcopy.imap.grammar import quoted, readable, uid_set
from reconcile.mailcopy.imap.interruptions import FolderRefused
from reconcile.mailcopy.imap.message_list import Listing, Status, list_folders, statuses
from reconcile.mailcopy.imap.read_receipts import requesting_receipts
from reconcile.mailcopy.imap.session import Session
from reconcile.mailcopy.ledger.ledger import FolderRow, Ledger
from reconcile.mailcopy.pump.pending import PendingFolder

#: The sequence set of all messages.
EVERYTHING = b"1:*"

_PERMANENT = re.compile(rb"\[PERMANENTFLAGS \(([^)]*)\)\]", re.IGNORECASE)


@dataclasses.dataclass(slots=True)
class Survey:
    """``pending``: folders with messages due. ``already``: messages the ledger knows, ``adopted`` of them found now.
    ``left_out``: folders that are not the mailbox's own mail, and why.
    ``failed``: folders (as people read them) that could not be made or opened, and why. ``looked_at``: every folder
    pair that is in order, with its source's status. ``too_big``: folder row, UID and bytes of what is not even sent.
    ``keywords``: those the destination takes. ``renamed``: folders followed to the name they have now in the
    new mailbox. ``deleted``: folders deleted there, and how many messages were copied into them. ``relocated``:
    messages moved in the old mailbox since they were copied. ``without_room``: messages that would not fit."""

    pending: list[PendingFolder] = dataclasses.field(default_factory=list)
    already: int = 0
    adopted: int = 0
    failed: dict[str, str] = dataclasses.field(default_factory=dict)
    renamed: dict[str, str] = dataclasses.field(default_factory=dict)
    deleted: dict[str, int] = dataclasses.field(default_factory=dict)
    relocated: int = 0
    without_room: int = 0
    left_out: dict[str, str] = dataclasses.field(default_factory=dict)
    keywords: Keywords = (True, frozenset())
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


@dataclasses.dataclass(frozen=True, slots=True)
class Scope:
    """What a survey covers. ``root``: one folder of the new mailbox that receives everything. ``skip``: (folder, UID)
    not to be tried again. ``avoid``: source folder → why it is left out. ``one_by_one``: folders are asked about one
    after the other, each named to ``probing`` first, to find the one on which the connection breaks."""

    root: str = ""
    skip: Collection[tuple[int, int]] = ()
    origin: Origin | None = None
    avoid: Mapping[bytes, str] = dataclasses.field(default_factory=dict)
    one_by_one: bool = False
    probing: Callable[[bytes], None] = lambda _: None


def survey(source: Session, destination: Session, ledger: Ledger, clock: Clock, scope: Scope) -> Survey:
    """Compare, create the missing folders, adopt what is there already. Raises ``ConnectionLost``."""
    surveyor = _Surveyor(source, destination, ledger, clock, scope)
    surveyor.run()
    return surveyor.found


class _Surveyor:
    def __init__(self, source: Session, destination: Session, ledger: Ledger, clock: Clock, scope: Scope) -> None:
        self.found = Survey()
        self._source, self._destination = source, destination
        self._ledger = ledger
        self._clock = clock
        self._scope = scope
        self._keywords: Keywords = True, frozenset()
        self._renumbered: frozenset[bytes] = frozenset()
        self._shrunk: list[FolderRow] = []
        self._deleted: Mapping[bytes, FolderRow] = {}

    def run(self) -> None:
        found, ledger = self.found, self._ledger
        changed: list[tuple[FolderRow, Status, Status]] = []
        unsettled: list[bytes] = []
        routes = self._routes()
        theirs, ours = self._statuses(routes)
        self._renumbered = self._other_folders(ours)
        if self._renumbered:
            routes = self._routes()
            theirs, ours = self._statuses(routes)
        for route in routes:
            old, new = theirs[route.source], ours[route.destination]
            if isinstance(old, str) or isinstance(new, str):
                found.failed[route.label] = f"it cannot be opened: {old if isinstance(old, str) else new}"
                continue
            row = ledger.folder(route.source, route.destination, route.label, old.uid_validity, new.uid_validity)
            former = self._deleted.get(route.source)
            if former and former.id != row.id and former.source_validity == row.source_validity:
                ledger.carry_over(former, row)
            if row.open:
                unsettled.append(row.destination)
            count = ledger.count(row.id)
            if row.open or row.source_next != old.uid_next or ledger.refused_uids(row.id) or self._short(count, old):
                changed.append((row, old, new))
            else:
                found.already += count
            if count > old.messages and self._scope.origin is None:
                self._shrunk.append(row)
        if unsettled:
            from reconcile.mailcopy.ledger.recovery import wait_until_stable  # rarely needed, slow to import

            wait_until_stable(self._destination, unsettled, self._clock)
        if changed:
            self._compare_all(changed)

    def _short(self, count: int, old: Status) -> bool:
        """Whether a folder holds more than is recorded: some of it may have been kept back."""
        return count < old.messages and self._scope.origin is None

    def _routes(self) -> list[Route]:
        scope = self._scope
        theirs, ours = both_at_once(self._source.layout, self._destination.layout)
        doubles = same_folders(self._source, theirs.folders)
        self.found.left_out = {decoded(name): why for name, why in (dict(theirs.left_out) | doubles).items()}
        for name in theirs.unusable:
            self.found.failed[readable(name)] = "no command can hold its name: it has a line end in it"
        routes = route_folders(
            [folder for folder in theirs.folders if folder.name not in doubles],
            ours.folders,
            source_prefix=theirs.prefix,
            destination_prefix=ours.prefix,
            root=scope.root,
            decided=self._decided(ours.folders),
            subscribed=theirs.subscribed,
        )
        routes = [route for route in routes if not self._stays_deleted(route)]
        for route in routes:
            if why := scope.avoid.get(route.source):
                self.found.failed[route.label] = why
        wanted = [route for route in routes if route.source not in scope.avoid]
        made, failed = create_folders(self._destination, wanted, theirs, ours)
        self.found.failed |= failed
        return made

    def _decided(self, ours: Sequence[Folder]) -> Mapping[bytes, bytes]:
        """Where each source folder has gone so far, under the name it has now."""
        ledger, origin = self._ledger, self._scope.origin
        if origin is not None:
            return {**origin.destinations(), **ledger.destinations()}
        known = ledger.destinations()
        names = {folder.name for folder in ours if folder.selectable}
        if set(known.values()) <= names and not self._renumbered:
            return known
        from reconcile.mailcopy.ledger.followed_folders import follow_folders  # rarely needed

        followed = follow_folders(self._source, self._destination, ledger, ours, self._renumbered)
        self._deleted = {**self._deleted, **followed.deleted}
        self.found.renamed = {decoded(name): decoded(now) for name, now in followed.renamed.items()}
        return {**known, **followed.renamed}

    def _other_folders(self, ours: Mapping[bytes, Status | str]) -> frozenset[bytes]:
        """The new folders of the ledger that are others by now, under the same name."""
        if self._scope.origin is not None:
            return frozenset()
        held = {name: status.uid_validity for name, status in ours.items() if isinstance(status, Status)}
        return frozenset(
            row.destination
            for row in self._ledger.rows()
            if row.source not in self._deleted
            and held.get(row.destination, row.destination_validity) != row.destination_validity
        )

    def _stays_deleted(self, route: Route) -> bool:
        """Whether its owner deleted the new folder, and nothing has come to the old one since."""
        former = self._deleted.get(route.source)
        if former is None or not route.holds_mail:
            return False
        status = statuses(self._source, [route.source])[route.source]
        if isinstance(status, str) or status.uid_validity != former.source_validity:
            return False
        count = self._ledger.count(former.id)
        self.found.deleted[route.label] = count
        listing = list_folders(self._source, {route.source: b"%d:*" % max(1, former.source_next)})[route.source]
        if listing.error or _without(listing, self._ledger.copied(former.id)).uids:
            return False
        self.found.already += count
        return True

    def _statuses(self, routes: Sequence[Route]) -> tuple[dict[bytes, Status | str], dict[bytes, Status | str]]:
        """Of the source and of the destination folders."""
        if not self._scope.one_by_one:
            return both_at_once(
                lambda: statuses(self._source, [route.source for route in routes]),
                lambda: statuses(self._destination, [route.destination for route in routes]),
            )
        theirs: dict[bytes, Status | str] = {}
        ours: dict[bytes, Status | str] = {}
        for route in routes:
            self._scope.probing(route.source)
            theirs |= statuses(self._source, [route.source])
            ours |= statuses(self._destination, [route.destination])
        return theirs, ours

    def _compare_all(self, changed: Sequence[tuple[FolderRow, Status, Status]]) -> None:
        spans = {row.source: self._span(row, old) for row, old, _ in changed}
        listings, self._keywords = both_at_once(lambda: self._listings(spans), lambda: _keywords(self._destination))
        self.found.keywords = self._keywords
        for row, old, new in changed:
            self._scope.probing(row.source)
            try:
                listing = listings[row.source]
                if spans[row.source] == EVERYTHING and len(listing.uids) < old.messages:
                    listing = self._recounted(row, listing)
                self._compare(row, old, new, listing)
            except FolderRefused as refused:
                self.found.failed[decoded(row.source)] = f"it cannot be read: {refused}"
        if self._shrunk and self.found.pending:
            self._settle_relocated()
        self._scope.probing(b"")

    def _settle_relocated(self) -> None:
        """What is new in one old folder may be gone from another."""
        from reconcile.mailcopy.ledger.relocation import settle_relocated  # rarely needed, slow to import

        rows = {row.id: row for row, _ in self.found.looked_at}
        grown = [(rows[folder.id], folder.uids.tolist()) for folder in self.found.pending]
        ends = self._source, self._destination
        try:
            moved = settle_relocated(ends, self._ledger, self._shrunk, grown, self._keywords)
        except FolderRefused:
            return  # then it is copied
        for folder in self.found.pending:
            uids = array("I", sorted(moved.get(folder.id, ())))
            left = _without(Listing(folder.uids, folder.sizes), uids)
            folder.uids, folder.sizes = left.uids, left.sizes
            self.found.relocated += len(uids)
        self.found.pending = [folder for folder in self.found.pending if len(folder)]

    def _recounted(self, row: FolderRow, listing: Listing) -> Listing:
        """A folder that lists fewer messages than it counts, looked at again: some may have been deleted meanwhile."""
        count = statuses(self._source, [row.source])[row.source]
        again = list_folders(self._source, {row.source: EVERYTHING})[row.source]
        if isinstance(count, Status) and not again.error and len(again.uids) < count.messages:
            why = f"the old server counts {count.messages} messages and lists {len(again.uids)}"
            self.found.failed[decoded(row.source)] = why
        return listing if again.error else again

    def _span(self, row: FolderRow, old: Status) -> bytes:
        """The UIDs of a folder worth listing: all at first, after a crash and when more is there than is recorded, then
        what is new and what was refused."""
        again = self._ledger.refused_uids(row.id)
        count = self._ledger.count(row.id) + len(again) + max(0, old.uid_next - row.source_next)
        if row.open or not row.source_next or self._short(count, old):
            return EVERYTHING
        return (uid_set(again) + b"," if again else b"") + b"%d:*" % row.source_next

    def _listings(self, spans: Mapping[bytes, bytes]) -> dict[bytes, Listing]:
        if not self._scope.one_by_one:
            return list_folders(self._source, spans)
        found: dict[bytes, Listing] = {}
        for name, span in spans.items():
            self._scope.probing(name)
            found |= list_folders(self._source, {name: span})
        return found

    def _compare(self, row: FolderRow, old: Status, new: Status, listing: Listing) -> None:
        """One folder: what the ledger knows, what is there although it does not, and what is due."""
        source, destination, ledger, found = self._source, self._destination, self._ledger, self.found
        if listing.error:
            found.failed[decoded(row.source)] = f"it cannot be opened: {listing.error}"
            return
        if (origin := self._scope.origin) and listing.uids:
            came = origin.among(source, destination, row, listing.uids)
            listing = _without(listing, array("I", sorted(came)))
        due = _without(listing, ledger.copied(row.id))
        retired = ledger.retired(row.source)
        if row.open or retired or (new.messages and new.uid_next > row.destination_next):
            from reconcile.mailcopy.ledger.recovery import adopt

            now = self._clock.now().timestamp()
            adopted = adopt(source, destination, ledger, row, due.uids, self._keywords, now)
            due = _without(due, array("I", sorted(adopted)))
            found.adopted += len(adopted)
            for gone in retired:
                ledger.forget(gone)
        found.already += ledger.count(row.id)
        found.looked_at.append((row, old))
        due = _without(due, array("I", sorted(uid for folder, uid in self._scope.skip if folder == row.id)))
        if largest := destination.endpoint.largest:
            too_big = [(row, uid, size) for uid, size in zip(due.uids, due.sizes, strict=True) if size > largest]
            due = _without(due, array("I", (uid for _, uid, _ in too_big)))
            found.too_big += too_big
        if due.uids:
            found.pending.append(self._pending(row, due))

    def _pending(self, row: FolderRow, due: Listing) -> PendingFolder:
        silences = self._destination.endpoint.silences_receipts
        return PendingFolder(
            row.id,
            decoded(row.source),
            quoted(row.source),
            quoted(row.destination),
            row.source_validity,
            row.destination_validity,
            due.uids,
            due.sizes,
            *self._keywords,
            unproven=row.open,
            urgent=self._source.empties_trash and is_trash(decoded(row.source)),
            silenced=requesting_receipts(self._source, row.source, due.uids) if silences else frozenset(),
        )


def _keywords(destination: Session) -> Keywords:
    """Whether the destination takes any keyword, and those it takes in any case (PERMANENTFLAGS of its INBOX)."""
    said: list[bytes] = []
    destination.commands.run([b"SELECT INBOX", *destination.unselecting], lambda _, lines: said.append(lines))
    announced = _PERMANENT.search(b"".join(said))
    if not announced:
        return True, frozenset()  # RFC 3501 §6.3.1: without it, every flag can be changed
    flags = announced[1].lower().split()
    return rb"\*" in flags, frozenset(flag for flag in flags if not flag.startswith(b"\\"))


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
