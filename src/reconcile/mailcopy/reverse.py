"""The way back, for a rollback: mail that arrived in the new mailbox goes to the old one, once.

What came from the old mailbox stays where it is, also when its owner has moved it to another folder since. The forward
ledger is told what went back, so that a later migration does not bring it a second time.
"""

from __future__ import annotations

import dataclasses
from array import array
from collections.abc import Callable, Collection, Mapping

from reconcile.clock import Clock
from reconcile.mailcopy.imap.messages.listing import dates
from reconcile.mailcopy.imap.session import Endpoint, Session
from reconcile.mailcopy.ledger.fingerprints import Fingerprint, fingerprints, pair_alike
from reconcile.mailcopy.ledger.ledger import Ledger
from reconcile.mailcopy.ledger.reader import LedgerReader
from reconcile.mailcopy.ledger.rows import FolderRow
from reconcile.mailcopy.passes import PassOptions, copy_mailbox
from reconcile.mailcopy.report import Progress, Report


def copy_back(
    new: Endpoint,
    old: Endpoint,
    forward: Ledger,
    backward: Ledger,
    clock: Clock,
    *,
    stop: Callable[[], bool] = lambda: False,
    watch: Callable[[Progress], None] = lambda _: None,
) -> Report:
    """One pass from the new mailbox to the old. ``forward``: the ledger of the copy it undoes; ``backward``: its own.

    Raises what ``copy_mailbox`` raises. A killed pass is completed by the next one.
    """
    # Exchange's limits and read receipts concern the new server only; nothing is sent there.
    target = dataclasses.replace(old, largest=0, silences_receipts=False)
    origin = CopiedFromOld(forward)
    report = copy_mailbox(new, target, backward, clock, PassOptions(origin=origin, stop=stop, watch=watch))
    note_forward(forward, backward)
    return report


class CopiedFromOld:
    """Tells which messages of the new mailbox came from the old one."""

    def __init__(self, forward: LedgerReader) -> None:
        self._forward = forward

    def destinations(self) -> Mapping[bytes, bytes]:
        """New folder → the old folder its mail came from, the first where there were several."""
        return {row.destination: row.source for row in reversed(self._forward.rows())}

    def among(self, new: Session, old: Session, row: FolderRow, uids: array[int]) -> set[int]:
        """Those of the ascending UIDs, of the new folder ``row.source``, that came from the old mailbox."""
        came = set(self._forward.owned(row.source, row.source_validity)) & set(uids)
        left = {uid for uid in uids if uid not in came}
        return came | (self._moved(new, old, row, left) if left else set())

    def _moved(self, new: Session, old: Session, row: FolderRow, uids: Collection[int]) -> set[int]:
        """Moved or copied by their owner since: a date and a fingerprint that the old mailbox knows."""
        when = dates(new, row.source, min(uids), lambda uid, _: uid in uids)
        moments = set(when.values())

        def known(_: int, at: int | None) -> bool:
            return at in moments

        prints: dict[int, Fingerprint] = {}
        moved: set[int] = set()
        for there in self._forward.rows():
            copied = set(self._forward.copied(there.id))
            same = {uid: at for uid, at in dates(old, there.source, 1, known).items() if uid in copied}
            suspects = [uid for uid in when if when[uid] in same.values() and uid not in moved]
            if not suspects:
                continue
            prints |= fingerprints(new, row.source, [uid for uid in suspects if uid not in prints])
            mine = {uid: prints[uid] for uid in suspects if uid in prints}
            moved |= pair_alike(mine, when, fingerprints(old, there.source, list(same)), same).keys()
        old.unselect()
        return moved


def note_forward(forward: Ledger, backward: LedgerReader) -> None:
    """Record what went back as copied, the other way round."""
    known = {row.source: row for row in forward.rows()}
    for row in backward.rows():
        there = known.get(row.destination)
        if there is None:
            label = backward.label(row.id)
            there = forward.folder(row.destination, row.source, label, row.destination_validity, row.source_validity)
        identity = (there.destination, there.source_validity, there.destination_validity)
        if identity == (row.source, row.destination_validity, row.source_validity):
            for uid, old_uid, digest in backward.messages(row.id):
                forward.record(there.id, old_uid, uid, digest)
    forward.commit()
