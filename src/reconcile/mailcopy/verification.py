"""Checks a copy against both mailboxes: nothing is written anywhere."""

from __future__ import annotations

import dataclasses
from collections import Counter

from reconcile.language.phrase import Phrase, sentence_of
from reconcile.mailcopy.imap.connections import Connections, both_at_once
from reconcile.mailcopy.imap.interruptions import FolderRefused
from reconcile.mailcopy.imap.messages.bodies import digests
from reconcile.mailcopy.imap.messages.listing import Listing, Status, list_folders, statuses
from reconcile.mailcopy.imap.session import Endpoint, Session
from reconcile.mailcopy.ledger.fingerprints import fingerprints, pair_alike
from reconcile.mailcopy.ledger.reader import LedgerReader
from reconcile.mailcopy.ledger.rows import FolderRow


@dataclasses.dataclass(frozen=True, slots=True)
class FolderCheck:
    """One folder pair. UIDs of ``not_copied`` are the source's, of ``gone`` and ``altered`` the destination's.

    ``not_copied``: neither recorded nor refused. ``gone``: recorded, and no longer where it was put: its owner moved
    or deleted it, or it was lost. ``altered``: its bytes, read where sizes differ or for all when digests are compared,
    are not those that were copied. ``error``: why the folder could not be checked.
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
    source: Endpoint, destination: Endpoint, ledger: LedgerReader, *, with_digests: bool = False
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
        opened = [row for row in rows if not isinstance(theirs[row.source], str)]
        gone = {row.destination for row in rows if isinstance(ours[row.destination], str)}
        here, there = both_at_once(
            lambda: list_folders(old, {row.source: b"1:*" for row in opened}),
            lambda: list_folders(new, {row.destination: b"1:*" for row in opened if row.destination not in gone}),
        )
        checks = []
        for row in opened:
            was, now = _validity(theirs[row.source]), _validity(ours[row.destination])
            # A folder deleted in the new mailbox took its messages along, as though each had been deleted.
            renumbered = row.destination not in gone and now != row.destination_validity
            listings = here[row.source], there.get(row.destination, Listing())
            pair = _Pair(ledger, row, old, new, *listings, renumbered, with_digests)
            try:
                current = was == row.source_validity and not renumbered
                checks.append(pair.check() if current else pair.check_by_content())
            except FolderRefused as refused:
                checks.append(FolderCheck(ledger.label(row.id), error=sentence_of(refused)))
        lost = [
            FolderCheck(ledger.label(row.id), error=Phrase("one of its folders is gone since it was copied"))
            for row in rows
            if row not in opened
        ]
        return checks + lost


def _validity(status: Status | str) -> int:
    return 0 if isinstance(status, str) else status.uid_validity


@dataclasses.dataclass(frozen=True, slots=True)
class _Pair:
    """One folder in both mailboxes, as listed now. ``renumbered``: the new folder is not the one that was copied to."""

    ledger: LedgerReader
    row: FolderRow
    old: Session
    new: Session
    here: Listing
    there: Listing
    renumbered: bool
    with_digests: bool

    def check(self) -> FolderCheck:
        """By the UIDs of the ledger. Sizes that differ are a suspicion: a server may be wrong about them."""
        sizes = dict(zip(self.here.uids, self.here.sizes, strict=True))
        kept = dict(zip(self.there.uids, self.there.sizes, strict=True))
        refused = set(self.ledger.refused_uids(self.row.id))
        unrecorded = dict.fromkeys(uid for uid in sizes if uid not in refused)
        gone: list[int] = []
        expected: dict[int, tuple[int, bytes]] = {}
        copied = 0
        for uid, destination_uid, digest in self.ledger.messages(self.row.id):
            copied += 1
            unrecorded.pop(uid, None)
            if destination_uid not in kept:
                gone.append(destination_uid)
                continue
            suspect = not self.new.is_exchange and uid in sizes and sizes[uid] != kept[destination_uid]
            if suspect or self.with_digests:
                expected[destination_uid] = (uid, digest)
        return self._found(copied, refused, tuple(unrecorded), gone, self._altered(expected))

    def check_by_content(self) -> FolderCheck:
        """By the digests of the ledger, where a UIDVALIDITY is no longer the one that was copied: some servers give
        another at every start. Every message of the folder that was renumbered is read."""
        row, copied = self.row, list(self.ledger.messages(self.row.id))
        refused = set(self.ledger.refused_uids(row.id))
        if not copied and not self.here.uids:
            return self._found(0, refused, (), [], [])
        if self.new.is_exchange:
            mine = fingerprints(self.old, row.source, self.here.uids)
            pairs = pair_alike(mine, {}, fingerprints(self.new, row.destination, self.there.uids), {})
            return self._found(len(copied), refused, tuple(uid for uid in mine if uid not in pairs), [], [])
        recorded = Counter(digest for _, _, digest in copied)
        not_copied = []
        for uid, digest in sorted(digests(self.old, row.source, self.here.uids).items()):
            if recorded[digest]:
                recorded[digest] -= 1
            else:
                not_copied.append(uid)
        held = Counter(digests(self.new, row.destination, self.there.uids).values())
        gone = []
        for _, destination_uid, digest in copied:
            if held[digest]:
                held[digest] -= 1
            else:
                gone.append(destination_uid)
        found = self._found(len(copied), refused, tuple(not_copied[len(refused) :]), gone, [])
        if gone and self.renumbered:
            why = Phrase(
                "the new folder was made anew and lacks {number} of the messages copied into it", number=len(gone)
            )
            return dataclasses.replace(found, error=Phrase("{why}; another pass copies them again", why=why))
        return found

    def _found(
        self, copied: int, refused: set[int], not_copied: tuple[int, ...], gone: list[int], altered: list[int]
    ) -> FolderCheck:
        label = self.ledger.label(self.row.id)
        return FolderCheck(label, copied, len(refused), not_copied, tuple(sorted(gone)), tuple(sorted(altered)))

    def _altered(self, expected: dict[int, tuple[int, bytes]]) -> list[int]:
        """Of the destination's UIDs (→ source UID and digest), those that hold another message than they should."""
        if not expected:
            return []
        if not self.new.is_exchange:
            found = digests(self.new, self.row.destination, list(expected))
            return [uid for uid, (_, digest) in expected.items() if found.get(uid) != digest]
        theirs = fingerprints(self.old, self.row.source, [uid for uid, _ in expected.values()])
        ours = fingerprints(self.new, self.row.destination, list(expected))
        return [
            uid
            for uid, (source_uid, _) in expected.items()
            if source_uid in theirs and not (uid in ours and ours[uid].looks_like(theirs[source_uid]))
        ]
