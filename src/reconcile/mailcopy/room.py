"""How much more a new mailbox takes: a full one refuses its owner's new mail, so a copy stops short of that."""

from __future__ import annotations

import re

from reconcile.language.figures import size
from reconcile.language.phrase import Phrase
from reconcile.mailcopy.imap.messages.listing import list_folders
from reconcile.mailcopy.imap.session import Session
from reconcile.mailcopy.survey.findings import Survey

#: Part of its quota that a copy leaves free, and by how much mail grows that Exchange takes in (its own indexes and
#: headers; 1.1 to 1.3 is reported).
MARGIN, EXPANSION = 0.05, 1.2
#: Part of the quota below which what is to be copied is not worth counting all the mailbox holds.
SMALL = 0.001

_STORAGE = re.compile(rb"^\* QUOTA .*\bSTORAGE (\d{1,18}) (\d{1,18})", re.IGNORECASE | re.MULTILINE)


def keep_room(destination: Session, found: Survey) -> str:
    """Take from the survey what would not fit, the oldest of each folder; why, "" when all of it fits.

    The quota is what the server says (RFC 9208), else what the endpoint does. Raises ``ConnectionLost``.
    """
    grown = EXPANSION if destination.is_exchange else 1.0
    quota, used = _quota(destination, int(found.volume * grown))
    if not quota:
        return ""
    room = max(0, int(quota * (1 - MARGIN)) - used)
    need = int(found.volume * grown)
    if need <= room:
        return ""
    due, share = found.volume, room / need
    for folder in found.pending:
        allowed, kept = int(sum(folder.sizes) * share), 0
        while kept < len(folder.uids) and folder.sizes[-1 - kept] <= allowed:
            allowed -= folder.sizes[-1 - kept]
            kept += 1
        found.without_room += len(folder.uids) - kept
        folder.uids = folder.uids[len(folder.uids) - kept :]
        folder.sizes = folder.sizes[len(folder.sizes) - kept :]
    if grown > 1:
        return Phrase(
            "{due} are to be copied, which become up to {need}, and {room} fit below its quota of {quota}: the newest "
            "mail of each folder is copied",
            due=size(due),
            need=size(need),
            room=size(room),
            quota=size(quota),
        )
    return Phrase(
        "{due} are to be copied and {room} fit below its quota of {quota}: the newest mail of each folder is copied",
        due=size(due),
        room=size(room),
        quota=size(quota),
    )


def _quota(destination: Session, need: int) -> tuple[int, int]:
    """Bytes of the quota, 0 when not known, and bytes used."""
    if "QUOTA" in destination.capabilities:
        lines: list[bytes] = []
        destination.commands.run([b'GETQUOTAROOT "INBOX"'], lambda _, block: lines.append(block))
        if limits := [(int(limit), int(used)) for used, limit in _STORAGE.findall(b"".join(lines))]:
            limit, used = min(limits, key=lambda each: each[0] - each[1])
            return limit * 1024, used * 1024
    quota = destination.endpoint.quota
    if not quota or need <= quota * SMALL:
        return 0, 0
    names = [folder.name for folder in destination.layout().folders if folder.selectable]
    listings = list_folders(destination, dict.fromkeys(names, b"1:*"))
    return quota, sum(sum(listing.sizes) for listing in listings.values())
