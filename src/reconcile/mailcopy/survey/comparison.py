"""The messages of both mailboxes compared with the ledger, folder by folder: what is due, what is there already."""

from __future__ import annotations

import re
from array import array
from collections.abc import Mapping, Sequence

from reconcile.clock import Clock
from reconcile.language.phrase import Phrase
from reconcile.mailcopy.imap.connections import both_at_once
from reconcile.mailcopy.imap.folder_names import decoded
from reconcile.mailcopy.imap.folders.mapping import is_trash
from reconcile.mailcopy.imap.grammar import quoted, uid_set
from reconcile.mailcopy.imap.interruptions import FolderRefused
from reconcile.mailcopy.imap.messages.flags import Keywords
from reconcile.mailcopy.imap.messages.listing import Listing, Status, list_folders, statuses
from reconcile.mailcopy.imap.messages.read_receipts import requesting_receipts
from reconcile.mailcopy.imap.session import Session
from reconcile.mailcopy.ledger.ledger import Ledger
from reconcile.mailcopy.ledger.rows import FolderRow
from reconcile.mailcopy.pump.pending import PendingFolder
from reconcile.mailcopy.survey.findings import Scope, Survey

#: The sequence set of all messages.
EVERYTHING = b"1:*"

_PERMANENT = re.compile(rb"\[PERMANENTFLAGS \(([^)]*)\)\]", re.IGNORECASE)


class Comparison:
    """Compares folder pairs that changed and notes what it finds."""

    def __init__(
        self, ends: tuple[Session, Session], ledger: Ledger, clock: Clock, scope: Scope, found: Survey
    ) -> None:
        self._source, self._destination = ends
        self._ledger = ledger
        self._clock = clock
        self._scope = scope
        self._found = found
        self._keywords: Keywords = True, frozenset()

    def run(self, changed: Sequence[tuple[FolderRow, Status, Status]], shrunk: Sequence[FolderRow]) -> None:
        """``changed``: folder pairs with the status of both; ``shrunk``: old folders that hold fewer messages than were
        copied out of them. Raises ``ConnectionLost``."""
        spans = {row.source: self._span(row, old) for row, old, _ in changed}
        listings, self._keywords = both_at_once(lambda: self._listings(spans), lambda: _keywords(self._destination))
        self._found.keywords = self._keywords
        for row, old, new in changed:
            self._scope.probing(row.source)
            try:
                listing = listings[row.source]
                if spans[row.source] == EVERYTHING and len(listing.uids) < old.messages:
                    listing = self._recounted(row, listing)
                self._compare(row, old, new, listing)
            except FolderRefused as refused:
                self._found.failed[decoded(row.source)] = Phrase("it cannot be read: {refused}", refused=refused)
        if shrunk and self._found.pending:
            self._settle_relocated(shrunk)
        self._scope.probing(b"")

    def _settle_relocated(self, shrunk: Sequence[FolderRow]) -> None:
        """What is new in one old folder may be gone from another."""
        from reconcile.mailcopy.ledger.relocation import settle_relocated  # rarely needed, slow to import

        rows = {row.id: row for row, _ in self._found.looked_at}
        grown = [(rows[folder.id], folder.uids.tolist()) for folder in self._found.pending]
        ends = self._source, self._destination
        try:
            moved = settle_relocated(ends, self._ledger, shrunk, grown, self._keywords)
        except FolderRefused:
            return  # then it is copied
        for folder in self._found.pending:
            uids = array("I", sorted(moved.get(folder.id, ())))
            left = Listing(folder.uids, folder.sizes).without(uids)
            folder.uids, folder.sizes = left.uids, left.sizes
            self._found.relocated += len(uids)
        self._found.pending = [folder for folder in self._found.pending if len(folder)]

    def _recounted(self, row: FolderRow, listing: Listing) -> Listing:
        """A folder that lists fewer messages than it counts, looked at again: some may have been deleted meanwhile."""
        count = statuses(self._source, [row.source])[row.source]
        again = list_folders(self._source, {row.source: EVERYTHING})[row.source]
        if isinstance(count, Status) and not again.error and len(again.uids) < count.messages:
            why = Phrase(
                "the old server counts {messages} messages and lists {listed}",
                messages=count.messages,
                listed=len(again.uids),
            )
            self._found.failed[decoded(row.source)] = why
        return listing if again.error else again

    def _span(self, row: FolderRow, old: Status) -> bytes:
        """The UIDs of a folder worth listing: all at first, after a crash and when more is there than is recorded, then
        what is new and what was refused."""
        again = self._ledger.refused_uids(row.id)
        count = self._ledger.count(row.id) + len(again) + max(0, old.uid_next - row.source_next)
        if row.open or not row.source_next or self._scope.short(count, old.messages):
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
        source, destination, ledger, found = self._source, self._destination, self._ledger, self._found
        if listing.error:
            found.failed[decoded(row.source)] = Phrase("it cannot be opened: {error}", error=listing.error)
            return
        if (origin := self._scope.origin) and listing.uids:
            came = origin.among(source, destination, row, listing.uids)
            listing = listing.without(array("I", sorted(came)))
        due = listing.without(ledger.copied(row.id))
        retired = ledger.retired(row.source)
        if row.open or retired or (new.messages and new.uid_next > row.destination_next):
            from reconcile.mailcopy.ledger.recovery import adopt

            now = self._clock.now().timestamp()
            adopted = adopt(source, destination, ledger, row, due.uids, self._keywords, now)
            due = due.without(array("I", sorted(adopted)))
            found.adopted += len(adopted)
            for gone in retired:
                ledger.forget(gone)
        found.already += ledger.count(row.id)
        found.looked_at.append((row, old))
        due = due.without(array("I", sorted(uid for folder, uid in self._scope.skip if folder == row.id)))
        if largest := destination.endpoint.largest:
            too_big = [(row, uid, size) for uid, size in zip(due.uids, due.sizes, strict=True) if size > largest]
            due = due.without(array("I", (uid for _, uid, _ in too_big)))
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
