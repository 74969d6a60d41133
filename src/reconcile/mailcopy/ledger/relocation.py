"""Mail that was moved to another folder of the old mailbox between two passes: gone there, new here, the same bytes.

Our copy follows, where nobody touched it since; otherwise it stays, and is not copied a second time.
"""

from __future__ import annotations

import dataclasses
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from reconcile.mailcopy.imap.grammar import kept_flags, quoted
from reconcile.mailcopy.imap.messages.bodies import digests
from reconcile.mailcopy.imap.messages.flags import Keywords, flags_of
from reconcile.mailcopy.imap.messages.listing import dates, list_folders
from reconcile.mailcopy.imap.session import Session
from reconcile.mailcopy.ledger.ledger import Ledger
from reconcile.mailcopy.ledger.rows import FolderRow

#: New messages of a folder read for their digests when it is not known on which day those that are gone arrived.
READ_MOST = 500

_COPYUID = re.compile(rb"\[COPYUID (\d{1,10}) \d{1,10} (\d{1,10})\]", re.IGNORECASE)


@dataclasses.dataclass(frozen=True, slots=True)
class _Gone:
    """A message copied from a place where it is no longer; ``there``: the UID of its copy."""

    row: FolderRow
    uid: int
    there: int
    digest: bytes
    at: int | None


def settle_relocated(
    ends: tuple[Session, Session],
    ledger: Ledger,
    shrunk: Sequence[FolderRow],
    grown: Sequence[tuple[FolderRow, Sequence[int]]],
    keywords: Keywords,
) -> dict[int, list[int]]:
    """Record what was moved: by folder row, the source UIDs that need not be copied. ``ends``: the old and the new
    mailbox. ``shrunk``: rows of which more is recorded than the old folder holds. ``grown``: rows and their new UIDs.

    Raises ``ConnectionLost`` and ``FolderRefused``.
    """
    gone = [message for row in shrunk for message in _gone(ends, ledger, row)]
    found: dict[int, list[int]] = {}
    for row, uids in grown if gone else ():
        for uid, message in _recognised(ends[0], row, uids, gone).items():
            gone.remove(message)
            there = _moved(ends, message, (row, uid), keywords)
            ledger.record(row.id, uid, there, message.digest)
            ledger.drop(message.row.id, message.uid)
            found.setdefault(row.id, []).append(uid)
    if found:
        ledger.commit()
        ends[1].unselect()
    return found


def _gone(ends: tuple[Session, Session], ledger: Ledger, row: FolderRow) -> list[_Gone]:
    listing = list_folders(ends[0], {row.source: b"1:*"})[row.source]
    if listing.error:
        return []
    here = set(listing.uids)
    missing = {uid: (there, digest) for uid, there, digest in ledger.messages(row.id) if uid not in here}
    copies = {there for there, _ in missing.values()}
    when = dates(ends[1], row.destination, 1, lambda uid, _: uid in copies) if copies else {}
    return [_Gone(row, uid, there, digest, when.get(there)) for uid, (there, digest) in missing.items()]


def _recognised(source: Session, row: FolderRow, uids: Sequence[int], gone: Sequence[_Gone]) -> dict[int, _Gone]:
    """New UIDs of the folder → the message that each is, by date and digest, each used once."""
    moments = {message.at for message in gone}
    wanted = set(uids)
    when = dates(source, row.source, min(uids), lambda uid, _: uid in wanted)
    any_date = None in moments and len(uids) <= READ_MOST
    found = digests(source, row.source, [uid for uid, at in when.items() if any_date or at in moments])
    pools: Mapping[bytes, list[_Gone]] = defaultdict(list)
    for message in gone:
        if message.row.id != row.id:
            pools[message.digest].append(message)
    return {uid: pools[digest].pop() for uid, digest in sorted(found.items()) if pools[digest]}


def _moved(ends: tuple[Session, Session], message: _Gone, to: tuple[FolderRow, int], keywords: Keywords) -> int:
    """The UID of the copy in the folder it belongs to now; 0 where it was left alone: its owner moved, deleted or
    marked it, or the server cannot move."""
    (row, uid), new = to, ends[1]
    if message.row.destination == row.destination:
        return message.there
    ours = flags_of(new, message.row.destination, [message.there]).get(message.there)
    theirs = kept_flags(flags_of(ends[0], row.source, [uid]).get(uid, b""), *keywords)[0]
    touched = ours is None or _plain(ours) != _plain(theirs)
    if touched or "MOVE" not in new.capabilities:
        return 0
    answers: list[bytes] = []
    move = b"UID MOVE %d %b" % (message.there, quoted(row.destination))
    tagged = new.commands.run(
        [b"SELECT " + quoted(message.row.destination), move], lambda _, line: answers.append(line)
    )
    placed = _COPYUID.search(b"".join(answers) + tagged[1])
    return int(placed[2]) if placed and int(placed[1]) == row.destination_validity else 0


def _plain(flags: bytes) -> set[bytes]:
    return {flag.lower() for flag in flags.split()} - {b"\\recent"}
