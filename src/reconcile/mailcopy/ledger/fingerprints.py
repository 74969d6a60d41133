"""What stays of a message where a server rewrites its bytes, as Exchange does: enough to know it again.

Exchange keeps INTERNALDATE, Message-ID and the fields people read, though folded, encoded and ordered in its own way.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence

from reconcile.mailcopy.imap.messages.headers import read_headers
from reconcile.mailcopy.imap.session import Session

#: Sizes of one message before and after rewriting differ by so many bytes, or that part of the whole, at most.
GROWTH, GROWTH_PART = 4096, 0.25

_FIELDS = b"MESSAGE-ID DATE FROM TO CC SUBJECT"
_FOLD = re.compile(rb"\r\n(?=[ \t])")


@dataclasses.dataclass(frozen=True, slots=True)
class Fingerprint:
    """``message_id`` and ``header`` (a digest of the fields people read, normalised) are b"" where there is none."""

    message_id: bytes
    header: bytes
    size: int

    def looks_like(self, other: Fingerprint) -> bool:
        """Whether both may be the same message: one of the two marks is there and equal, or both are missing."""
        if other.message_id or other.header:
            same_id = bool(other.message_id) and self.message_id == other.message_id
            return same_id or (bool(other.header) and self.header == other.header)
        return abs(self.size - other.size) <= max(GROWTH, GROWTH_PART * other.size)


def fingerprints(session: Session, folder: bytes, uids: Sequence[int]) -> dict[int, Fingerprint]:
    """The fingerprint of each message that is still there. Raises ``ConnectionLost``."""
    found = read_headers(session, folder, uids, _FIELDS)
    return {uid: fingerprint(header, size) for uid, (header, size) in found.items()}


def pair_alike(
    ours: Mapping[int, Fingerprint],
    ours_when: Mapping[int, int | None],
    theirs: Mapping[int, Fingerprint],
    theirs_when: Mapping[int, int | None],
) -> dict[int, int]:
    """Source UID → destination UID of messages with the same date that are the same message in all likelihood, each
    used once: by Message-ID and header, then by Message-ID, then by header, and what has neither by its size."""
    pairs: dict[int, int] = {}
    for key in (_by_all, _by_message_id, _by_header, _by_nothing):
        mine = _groups(ours, ours_when, key, pairs.keys())
        yours = _groups(theirs, theirs_when, key, set(pairs.values()))
        for what in mine.keys() & yours.keys():
            pairs |= _closest(mine[what], yours[what], ours, theirs)
    return pairs


def _groups(
    prints: Mapping[int, Fingerprint],
    when: Mapping[int, int | None],
    key: Callable[[Fingerprint], Hashable],
    taken: Collection[int],
) -> dict[Hashable, list[int]]:
    groups: dict[Hashable, list[int]] = defaultdict(list)
    for uid in sorted(prints.keys() - taken):
        if (what := key(prints[uid])) is not None:
            groups[what, when.get(uid)].append(uid)
    return groups


def _closest(
    mine: list[int], yours: list[int], ours: Mapping[int, Fingerprint], theirs: Mapping[int, Fingerprint]
) -> dict[int, int]:
    """Within a group that looks the same, those closest in size go together, then in order."""
    pairs: dict[int, int] = {}
    sizes = [(abs(theirs[b].size - ours[a].size), a, b) for a in mine for b in yours]
    for apart, uid, other in sorted(sizes):
        fits = apart <= max(GROWTH, GROWTH_PART * ours[uid].size)
        if fits and uid not in pairs and other not in pairs.values():
            pairs[uid] = other
    return pairs


def fingerprint(header: bytes, size: int) -> Fingerprint:
    """From the fields of a header as a server gives them."""
    fields: dict[bytes, bytes] = {}
    for line in _FOLD.sub(b"", header).split(b"\r\n"):
        name, colon, value = line.partition(b":")
        if colon:
            fields.setdefault(name.strip().lower(), value)
    message_id = b"".join(fields.pop(b"message-id", b"").split())
    plain = {name: text for name, value in fields.items() if (text := _plain(value))}
    digest = hashlib.sha256(repr(sorted(plain.items())).encode()).digest() if plain else b""
    return Fingerprint(message_id, digest, size)


def _plain(value: bytes) -> str:
    """A field without what a server may change in it: folding, blanks, quotes, case, the encoding of words."""
    import email.errors
    import email.header

    text = value.decode("utf-8", "replace")
    with contextlib.suppress(ValueError, LookupError, email.errors.MessageError):
        text = str(email.header.make_header(email.header.decode_header(text)))
    return "".join(text.replace('"', "").split()).casefold()


def _by_all(print_: Fingerprint) -> Hashable:
    return (print_.message_id, print_.header) if print_.message_id else None


def _by_message_id(print_: Fingerprint) -> Hashable:
    return print_.message_id or None


def _by_header(print_: Fingerprint) -> Hashable:
    return print_.header or None


def _by_nothing(print_: Fingerprint) -> Hashable:
    return None if print_.message_id or print_.header else ""
