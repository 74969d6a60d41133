"""Messages a server took without telling their UIDs (no UIDPLUS): found among those of the folder, and recorded."""

from __future__ import annotations

from collections import defaultdict

from reconcile.mailcopy.imap.folder_names import decoded
from reconcile.mailcopy.imap.session import Session
from reconcile.mailcopy.ledger.ledger import Ledger
from reconcile.mailcopy.ledger.recovery import adopt
from reconcile.mailcopy.pump.tally import Refusal, Tally
from reconcile.mailcopy.survey.findings import Survey


def settle_unplaced(
    source: Session, destination: Session, ledger: Ledger, total: Tally, found: Survey, now: float
) -> None:
    """Record each under the UID it has. One that is not there was not stored, whatever the server answered.

    ``now``: seconds since 1970. Raises ``ConnectionLost`` and ``FolderRefused``.
    """
    unplaced: dict[int, list[int]] = defaultdict(list)
    for folder, uid in total.unplaced:
        unplaced[folder].append(uid)
    for row, _ in found.looked_at:
        if uids := sorted(unplaced.get(row.id, ())):
            placed = adopt(source, destination, ledger, row, uids, found.keywords, now)
            for uid in sorted(set(uids) - placed):
                reason = "the new server said that it took it and does not list it"
                total.refused.append(Refusal(decoded(row.source), uid, reason))
                total.copied -= 1
                ledger.refuse(row.id, uid, reason)
    total.unplaced.clear()
    ledger.commit()
