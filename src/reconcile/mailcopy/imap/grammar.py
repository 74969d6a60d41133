"""The small grammar of IMAP the copier reads and writes itself. Pure.

What a server says becomes part of our commands: names, flags, dates. Each kind of argument is written by one function
here, which leaves nothing in it that could end it, the line or the command; ``command`` ends every line that is sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NewType

from reconcile.language.phrase import Phrase
from reconcile.mailcopy.imap.limits import LARGEST_NUMBER, Excess

#: An argument as it stands on the line: a mailbox name with its quotes, flags without their parentheses. Dates are
#: written by ``messages.date``.
Name = NewType("Name", bytes)
Flags = NewType("Flags", bytes)

#: The only system flags a copy carries. ``\Recent`` may not be set (RFC 3501 §2.3.2) and ``\Deleted`` would hide mail.
SYSTEM_FLAGS = frozenset({rb"\seen", rb"\answered", rb"\flagged", rb"\draft"})

_APPENDUID = re.compile(rb"\[APPENDUID (\d+) ([\d:,]+)\]", re.IGNORECASE)
#: What no quoted string and no line may hold (RFC 3501 §9: TEXT-CHAR).
_ENDS_A_LINE = re.compile(rb"[\r\n\0]")
#: atom (RFC 3501 §9), and "]", which some servers allow in keywords and which can end nothing here.
_FLAG = re.compile(rb'\\?[^\0-\x20\x7f-\xff(){%*"\\]+')


def command(text: bytes) -> bytes:
    """A whole command line, ready to be sent. Raises ValueError for what would be more than one."""
    if _ENDS_A_LINE.search(text):
        raise ValueError("a command is one line")
    return text + b"\r\n"


def is_name(name: bytes) -> bool:
    """Whether a mailbox name can be written on a command line."""
    return _ENDS_A_LINE.search(name) is None


def quoted(name: bytes) -> Name:
    """A mailbox name, already in modified UTF-7, as a quoted string (RFC 3501 §9). Raises ValueError: ``is_name``."""
    if not is_name(name):
        raise ValueError("a mailbox name holds a line end or NUL")
    return Name(b'"' + name.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"')


def flag_list(flags: Iterable[bytes]) -> Flags:
    """Those of the flags that are atoms, separated by blanks."""
    return Flags(b" ".join(flag for flag in flags if _FLAG.fullmatch(flag)))


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


def number(digits: bytes) -> int:
    """A number of IMAP (RFC 3501 §9: 32 bits). Raises ``Excess`` for a larger one."""
    if len(digits) > 10 or (value := int(digits)) > LARGEST_NUMBER:
        raise Excess(Phrase("a number of {digits} digits", digits=len(digits)))
    return value


def uids_of(text: bytes, most: int) -> Iterator[int]:
    """The UIDs of a sequence set, in the order written (RFC 4315 §3 keeps the order of a MULTIAPPEND).

    Raises ``Excess`` when they are more than ``most``, ValueError for what is no sequence set.
    """
    for part in text.split(b","):
        first, _, last = part.partition(b":")
        start, end = number(first), number(last or first)
        most -= end - start + 1
        if most < 0:
            raise Excess(Phrase("more UIDs than messages were sent"))
        yield from range(start, end + 1)


def appended(answer: bytes, most: int) -> tuple[int, list[int]] | None:
    """UIDVALIDITY and UIDs, ``most`` of them at most, of an ``[APPENDUID …]`` response code (RFC 4315 §3); None when
    there is none. Raises ``Excess``."""
    found = _APPENDUID.search(answer)
    try:
        return (number(found[1]), list(uids_of(found[2], most))) if found else None
    except ValueError:
        return None


def kept_flags(flags: bytes, any_keyword: bool, keywords: frozenset[bytes]) -> tuple[Flags, tuple[bytes, ...]]:
    """What of a message's flags the destination takes, and the keywords it does not; what is no flag is one of these.

    ``any_keyword``: the destination announced ``\\*`` in PERMANENTFLAGS; otherwise only ``keywords`` (lower case).
    """
    kept: list[bytes] = []
    dropped: list[bytes] = []
    for flag in flags.split():
        if flag.startswith(b"\\"):
            if flag.lower() in SYSTEM_FLAGS:
                kept.append(flag)
        elif _FLAG.fullmatch(flag) and (any_keyword or flag.lower() in keywords):
            kept.append(flag)
        else:
            dropped.append(flag)
    return flag_list(kept), tuple(dropped)


def readable(answer: bytes) -> str:
    """A server's answer as one line for a person."""
    return " ".join(answer.decode("utf-8", "replace").split())
