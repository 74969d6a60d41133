"""What there is to copy: both mailboxes compared with the ledger, folders made, and the rest listed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconcile.clock import Clock
from reconcile.language.phrase import Phrase
from reconcile.mailcopy.imap.connections import both_at_once
from reconcile.mailcopy.imap.folder_list import Folder
from reconcile.mailcopy.imap.folder_names import decoded
from reconcile.mailcopy.imap.folders.creation import create_folders
from reconcile.mailcopy.imap.folders.doubles import same_folders
from reconcile.mailcopy.imap.folders.mapping import Names, Route, route_folders
from reconcile.mailcopy.imap.grammar import readable
from reconcile.mailcopy.imap.messages.listing import Status, list_folders, statuses
from reconcile.mailcopy.imap.session import Session
from reconcile.mailcopy.ledger.ledger import Ledger
from reconcile.mailcopy.ledger.rows import FolderRow
from reconcile.mailcopy.survey.comparison import Comparison
from reconcile.mailcopy.survey.findings import Scope, Survey


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
        self._renumbered: frozenset[bytes] = frozenset()
        self._deleted: Mapping[bytes, FolderRow] = {}

    def run(self) -> None:
        found, ledger = self.found, self._ledger
        changed: list[tuple[FolderRow, Status, Status]] = []
        unsettled: list[bytes] = []
        shrunk: list[FolderRow] = []
        routes = self._routes()
        theirs, ours = self._statuses(routes)
        self._renumbered = self._other_folders(ours)
        if self._renumbered:
            routes = self._routes()
            theirs, ours = self._statuses(routes)
        for route in routes:
            old, new = theirs[route.source], ours[route.destination]
            if isinstance(old, str) or isinstance(new, str):
                found.failed[route.label] = Phrase(
                    "it cannot be opened: {error}", error=old if isinstance(old, str) else new
                )
                continue
            row = ledger.folder(route.source, route.destination, route.label, old.uid_validity, new.uid_validity)
            former = self._deleted.get(route.source)
            if former and former.id != row.id and former.source_validity == row.source_validity:
                ledger.carry_over(former, row)
            if row.open:
                unsettled.append(row.destination)
            count = ledger.count(row.id)
            if (
                row.open
                or row.source_next != old.uid_next
                or ledger.refused_uids(row.id)
                or self._scope.short(count, old.messages)
            ):
                changed.append((row, old, new))
            else:
                found.already += count
            if count > old.messages and self._scope.origin is None:
                shrunk.append(row)
        if unsettled:
            from reconcile.mailcopy.ledger.recovery import wait_until_stable  # rarely needed, slow to import

            wait_until_stable(self._destination, unsettled, self._clock)
        if changed:
            ends = self._source, self._destination
            Comparison(ends, ledger, self._clock, self._scope, found).run(changed, shrunk)

    def _routes(self) -> list[Route]:
        scope = self._scope
        theirs, ours = both_at_once(self._source.layout, self._destination.layout)
        doubles = same_folders(self._source, theirs.folders)
        self.found.left_out = {decoded(name): why for name, why in (dict(theirs.left_out) | doubles).items()}
        for name in theirs.unusable:
            self.found.failed[readable(name)] = Phrase("no command can hold its name: it has a line end in it")
        routes = route_folders(
            [folder for folder in theirs.folders if folder.name not in doubles],
            ours.folders,
            theirs=Names(theirs.prefix, theirs.inbox),
            ours=Names(ours.prefix, ours.inbox),
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
        if listing.error or listing.without(self._ledger.copied(former.id)).uids:
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
