"""Messages the old server did not give: gone since they were listed, or kept back, which is a refusal."""

from __future__ import annotations

from collections import defaultdict

from reconcile.mailcopy.imap.folder_names import decoded
from reconcile.mailcopy.imap.grammar import uid_set
from reconcile.mailcopy.imap.messages.listing import list_folders
from reconcile.mailcopy.imap.session import Session
from reconcile.mailcopy.ledger.ledger import Ledger
from reconcile.mailcopy.pump.tally import Refusal, Tally
from reconcile.mailcopy.survey.findings import Survey


def settle_absent(source: Session, ledger: Ledger, total: Tally, found: Survey) -> None:
    """List them once more: what is still there is refused, the rest was deleted. Raises ``ConnectionLost``."""
    absent: dict[int, list[int]] = defaultdict(list)
    for folder, uid in total.absent:
        absent[folder].append(uid)
    for row, _ in found.looked_at:
        if uids := sorted(absent.get(row.id, ())):
            listing = list_folders(source, {row.source: uid_set(uids)})[row.source]
            there = set(uids) if listing.error else set(listing.uids) & set(uids)
            total.vanished += len(uids) - len(there)
            for uid in sorted(there):
                reason = "the old server lists it and does not give it"
                total.refused.append(Refusal(decoded(row.source), uid, reason))
                ledger.refuse(row.id, uid, reason)
    total.absent.clear()
    ledger.commit()
