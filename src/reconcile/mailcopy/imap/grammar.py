"""The small grammar of IMAP the copier reads and writes itself. Pure."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Iterator

#: The only system flags a copy carries. ``\Recent`` may not be set (RFC 3501 §2.3.2) and ``\Deleted`` would hide mail.
SYSTEM_FLAGS = frozenset({rb"\seen", rb"\answered", rb"\flagged", rb"\draft"})

_MONTHS = {name: number for number, name in enumerate(b"jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}
_DATE = re.compile(rb"\s*(\d{1,2})-(\w{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)")
_APPENDUID = re.compile(rb"\[APPENDUID (\d+) ([\d:,]+)\]", re.IGNORECASE)


def quoted(name: bytes) -> bytes:
    """A mailbox name, already in modified UTF-7, as a quoted string (RFC 3501 §9)."""
    return b'"' + name.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def unquoted(text: bytes) -> bytes:
    """The content of a quoted string, without its quotes."""
    return re.sub(rb"\\(.)", rb"\1", text, flags=re.DOTALL)


def uid_set(uids: Iterable[int]) -> bytes:
    """Ascending UIDs as a sequence set: 1, 2, 3, 7 is ``1:3,7``."""
    spans: list[list[int]] = []
    for uid in uids:
        if spans and uid == spans[-1][1] + 1:
            spans[-1][1] = uid
        else:
            spans.append([uid, uid])
    return b",".join(b"%d" % first if first == last else b"%d:%d" % (first, last) for first, last in spans)


def uids_of(text: bytes) -> Iterator[int]:
    """The UIDs of a sequence set, in the order written (RFC 4315 §3 keeps the order of a MULTIAPPEND)."""
    for part in text.split(b","):
        first, _, last = part.partition(b":")
        yield from range(int(first), int(last or first) + 1)


def appended(answer: bytes) -> tuple[int, list[int]] | None:
    """UIDVALIDITY and UIDs of an ``[APPENDUID …]`` response code (RFC 4315 §3); None when there is none."""
    found = _APPENDUID.search(answer)
    return (int(found[1]), list(uids_of(found[2]))) if found else None


def moment(date: bytes) -> int | None:
    """An INTERNALDATE as seconds since 1970 in UTC; None when it is not one."""
    found = _DATE.match(date)
    if not found or found[2].lower() not in _MONTHS:
        return None
    day, year, hour, minute, second = (int(found[n]) for n in (1, 3, 4, 5, 6))
    offset = (int(found[8]) * 60 + int(found[9])) * (60 if found[7] == b"+" else -60)
    return calendar.timegm((year, _MONTHS[found[2].lower()], day, hour, minute, second)) - offset


def kept_flags(flags: bytes, any_keyword: bool, keywords: frozenset[bytes]) -> tuple[bytes, tuple[bytes, ...]]:
    """What of a message's flags the destination takes, and the keywords it does not.

    ``any_keyword``: the destination announced ``\\*`` in PERMANENTFLAGS; otherwise only ``keywords`` (lower case).
    """
    kept: list[bytes] = []
    dropped: list[bytes] = []
    for flag in flags.split():
        if flag.startswith(b"\\"):
            if flag.lower() in SYSTEM_FLAGS:
                kept.append(flag)
        elif any_keyword or flag.lower() in keywords:
            kept.append(flag)
        else:
            dropped.append(flag)
    return b" ".join(kept), tuple(dropped)


def readable(answer: bytes) -> str:
    """A server's answer as one line for a person."""
    return " ".join(answer.decode("utf-8", "replace").split())
