"""Finds the messages that are at the destination already although the ledger does not say so.

After a crash, a lost answer, a rebuilt folder or an earlier copy by another tool: destination messages nobody owns
("orphans") are paired with source messages not recorded ("candidates") by INTERNALDATE and confirmed by SHA-256;
Exchange rewrites messages, so there what is left is confirmed by ``fingerprints``; other servers may change line ends
and NUL bytes, so there by the digest of the rest.
Each orphan serves once, so that three identical messages stay three.
"""

from __future__ import annotations

import bisect
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence

from reconcile.clock import Clock
from reconcile.mailcopy.imap.messages.bodies import digests, normal_digests
from reconcile.mailcopy.imap.messages.date import AHEAD, EARLIEST
from reconcile.mailcopy.imap.messages.flags import Keywords, add_flags, flags_lacking
from reconcile.mailcopy.imap.messages.headers import header_dates
from reconcile.mailcopy.imap.messages.listing import dates, statuses
from reconcile.mailcopy.imap.session import Session
from reconcile.mailcopy.ledger.fingerprints import fingerprints, pair_alike
from reconcile.mailcopy.ledger.ledger import Ledger
from reconcile.mailcopy.ledger.rows import FolderRow

#: Seconds between two looks at folders in which a dead connection's APPENDs may still be arriving; Exchange's are slow.
STABLE_AFTER, STABLE_AFTER_EXCHANGE = 0.3, 5.0

#: Of the source and of the destination: UID → digest, and UID → date of arrival.
_Digests = tuple[Mapping[int, bytes], Mapping[int, bytes]]
_Dates = tuple[Mapping[int, int | None], Mapping[int, int | None]]


def adopt(
    source: Session,
    destination: Session,
    ledger: Ledger,
    row: FolderRow,
    candidates: Sequence[int],
    keywords: Keywords,
    now: float,
) -> set[int]:
    """Record the candidates (source UIDs, ascending) found at the destination, and return them. Flags they lack there,
    because a server died over them, are added. ``now``: seconds since 1970.

    Raises ``FolderRefused`` when a server does not open the folder, and ``ConnectionLost``.
    """
    if not candidates:
        return set()
    earlier = ledger.retired(row.source)
    owned = ledger.owned(row.destination, row.destination_validity)
    first = row.destination_next or 1
    orphans = dates(destination, row.destination, first, lambda uid, _: not _among(uid, owned))
    recorded = _recorded(ledger, earlier, row, owned)
    if not orphans and not recorded:
        destination.unselect()
        return set()
    moments = set(orphans.values())
    # Without UIDPLUS what was just stored is looked for: any date will do, some servers do not keep it.
    loose = "UIDPLUS" not in destination.capabilities
    # What is recorded may be gone from the destination, its date with it: then every candidate has to be read.
    when = dates(
        source,
        row.source,
        candidates[0],
        lambda uid, at: bool(recorded or loose or at in moments or not _can_be(at, now)) and _among(uid, candidates),
    )
    # Such a message was given the date of its header, or none: then it bears that of its copy.
    undated = [uid for uid, at in when.items() if not _can_be(at, now)]
    when |= header_dates(source, row.source, undated, now) if undated else {}
    if loose:
        when = dict.fromkeys(when)
    common = set(when.values())
    alike = [uid for uid, at in orphans.items() if at in common or None in common]
    ours = _digests_of(when, _known_here(ledger, earlier, row), lambda uids: digests(source, row.source, uids))
    theirs = _digests_of(alike, recorded, lambda uids: digests(destination, row.destination, uids))
    pairs = _paired(ours, when, theirs | recorded, orphans)
    rewritten = _alike if destination.is_exchange else _normalised
    pairs |= rewritten(source, destination, row, (ours, theirs), (when, orphans), pairs)
    for uid, destination_uid in pairs.items():
        ledger.record(row.id, uid, destination_uid, ours[uid])
    lacking = flags_lacking(source, destination, (row.source, row.destination), pairs, keywords) if pairs else {}
    add_flags(destination, [(row.destination, lacking)])
    ledger.commit()
    destination.unselect()
    return set(pairs)


def wait_until_stable(destination: Session, folders: Sequence[bytes], clock: Clock) -> None:
    """Return once two looks at the folders, a moment apart, show the same: nothing is arriving any more."""
    seen = statuses(destination, folders)
    while True:
        clock.sleep(STABLE_AFTER_EXCHANGE if destination.is_exchange else STABLE_AFTER)
        again = statuses(destination, folders)
        if again == seen:
            return
        seen = again


def _alike(
    source: Session, destination: Session, row: FolderRow, both: _Digests, whens: _Dates, pairs: Mapping[int, int]
) -> dict[int, int]:
    """Further pairs, among the messages of ``both`` sides left by ``pairs``, of those whose bytes were rewritten."""
    ours, theirs = _left(both, pairs)
    if not ours or not theirs:
        return {}
    mine, yours = fingerprints(source, row.source, ours), fingerprints(destination, row.destination, theirs)
    found = pair_alike(mine, whens[0], yours, whens[1])
    undated = {uid: mine[uid] for uid in mine if uid not in found and whens[0].get(uid) is None}
    left = {uid: yours[uid] for uid in yours if uid not in found.values()}
    return found | pair_alike(undated, {}, left, {})


def _normalised(
    source: Session, destination: Session, row: FolderRow, both: _Digests, whens: _Dates, pairs: Mapping[int, int]
) -> dict[int, int]:
    """The same for a server that keeps bytes but for line ends and NUL: Dovecot stores CR CR LF otherwise than sent."""
    ours, theirs = _left(both, pairs)
    theirs = [uid for uid in theirs if uid in whens[1]]
    if not ours or not theirs:
        return {}
    mine, yours = normal_digests(source, row.source, ours), normal_digests(destination, row.destination, theirs)
    return _paired(mine, whens[0], yours, whens[1])


def _left(both: _Digests, pairs: Mapping[int, int]) -> tuple[list[int], list[int]]:
    """The messages of each side that are not paired yet."""
    taken = set(pairs.values())
    return [uid for uid in both[0] if uid not in pairs], [uid for uid in both[1] if uid not in taken]


def _recorded(ledger: Ledger, earlier: list[FolderRow], row: FolderRow, owned: Sequence[int]) -> dict[int, bytes]:
    """Destination UID → digest, from rows retired because the source was rebuilt while the destination stands."""
    place = (row.destination, row.destination_validity)
    return {
        destination_uid: digest
        for old in earlier
        if (old.destination, old.destination_validity) == place
        for _, destination_uid, digest in ledger.messages(old.id)
        if not _among(destination_uid, owned)
    }


def _known_here(ledger: Ledger, earlier: list[FolderRow], row: FolderRow) -> dict[int, bytes]:
    """Source UID → digest, from rows retired because the destination was rebuilt while the source stands."""
    return {
        uid: digest
        for old in earlier
        if old.source_validity == row.source_validity
        for uid, _, digest in ledger.messages(old.id)
    }


def _can_be(at: int | None, now: float) -> bool:
    """Whether a date is one on which mail may have arrived."""
    return at is not None and EARLIEST <= at <= now + AHEAD


def _among(uid: int, ascending: Sequence[int]) -> bool:
    place = bisect.bisect_left(ascending, uid)
    return place < len(ascending) and ascending[place] == uid


def _digests_of(
    uids: Collection[int], known: Mapping[int, bytes], read: Callable[[list[int]], dict[int, bytes]]
) -> dict[int, bytes]:
    found = {uid: known[uid] for uid in uids if uid in known}
    return found | read([uid for uid in uids if uid not in known])


def _paired(
    ours: Mapping[int, bytes],
    ours_when: Mapping[int, int | None],
    theirs: Mapping[int, bytes],
    theirs_when: Mapping[int, int | None],
) -> dict[int, int]:
    """Source UID → destination UID of equal digest: same date first, then (for what a user moved or deleted at the
    destination, whose date is not known) any. A message without any date is known by its digest alone."""
    exact: dict[tuple[bytes, int | None], list[int]] = defaultdict(list)
    unknown: dict[bytes, list[int]] = defaultdict(list)
    any_date: dict[bytes, list[int]] = defaultdict(list)
    for uid in sorted(theirs, reverse=True):
        if uid in theirs_when:
            exact[theirs[uid], theirs_when[uid]].append(uid)
            any_date[theirs[uid]].append(uid)
        else:
            unknown[theirs[uid]].append(uid)
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for uid in sorted(ours, key=lambda uid: (ours_when.get(uid) is None, uid)):
        when, digest = ours_when.get(uid), ours[uid]
        pools = [exact.get((digest, when)), unknown.get(digest), any_date.get(digest) if when is None else None]
        if there := next((pool.pop() for pool in pools if _has_left(pool, taken) and pool), None):
            pairs[uid] = there
            taken.add(there)
    return pairs


def _has_left(pool: list[int] | None, taken: Collection[int]) -> bool:
    """Whether a pool holds a UID that is not taken, which is then its last."""
    while pool and pool[-1] in taken:
        pool.pop()
    return bool(pool)
