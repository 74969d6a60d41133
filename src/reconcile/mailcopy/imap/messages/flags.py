"""Flags set after the fact: on adopted messages, and where Exchange wants them a second time."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from reconcile.mailcopy.imap.grammar import flag_list, kept_flags, quoted, uid_set
from reconcile.mailcopy.imap.session import Session

#: Messages named in one command.
AT_ONCE = 200
FLAGGED = b"\\Flagged"

_ROW = re.compile(rb"^\* \d+ FETCH \((.*)\)\r$", re.MULTILINE | re.IGNORECASE)
_UID = re.compile(rb"\bUID (\d{1,10})\b", re.IGNORECASE)
_FLAGS = re.compile(rb"\bFLAGS \(([^)]*)\)", re.IGNORECASE)

#: Whether the destination takes any keyword, and those it takes in any case.
Keywords = tuple[bool, frozenset[bytes]]


def add_flags(destination: Session, folders: Iterable[tuple[bytes, Mapping[bytes, Sequence[int]]]]) -> None:
    """Add to messages of each folder the flags they lack: flags → ascending UIDs. None is ever removed."""
    commands = []
    for name, wanted in folders:
        stores = [
            b"UID STORE %b +FLAGS.SILENT (%b)" % (uid_set(uids[start : start + AT_ONCE]), flag_list(flags.split()))
            for flags, uids in wanted.items()
            for start in range(0, len(uids), AT_ONCE)
        ]
        commands += [b"SELECT " + quoted(name), *stores] if stores else []
    if commands:
        destination.commands.run([*commands, *destination.unselecting])


def flags_lacking(
    source: Session, destination: Session, folders: tuple[bytes, bytes], pairs: Mapping[int, int], keywords: Keywords
) -> dict[bytes, list[int]]:
    """What ``add_flags`` is to add to the destination's half of each pair (source UID → destination UID)."""
    theirs = flags_of(source, folders[0], sorted(pairs))
    ours = flags_of(destination, folders[1], sorted(pairs.values()))
    lacking: dict[bytes, list[int]] = defaultdict(list)
    for uid, destination_uid in pairs.items():
        if destination_uid in ours:
            there = ours[destination_uid].lower().split()
            missing = [
                flag for flag in kept_flags(theirs.get(uid, b""), *keywords)[0].split() if flag.lower() not in there
            ]
            if missing:
                lacking[b" ".join(sorted(missing))].append(destination_uid)
    return {flags: sorted(uids) for flags, uids in lacking.items()}


def flags_of(session: Session, folder: bytes, uids: Sequence[int]) -> dict[int, bytes]:
    """UID → flags of the messages that are still there. Raises ``ConnectionLost``."""
    found: dict[int, bytes] = {}

    def take(_: int, lines: bytes) -> None:
        for row in _ROW.findall(lines):
            uid, flags = _UID.search(row), _FLAGS.search(row)
            if uid and flags:
                found[int(uid[1])] = flags[1]

    parts = [uid_set(uids[start : start + AT_ONCE]) for start in range(0, len(uids), AT_ONCE)]
    session.commands.run(
        [b"EXAMINE " + quoted(folder), *(b"UID FETCH " + part + b" (UID FLAGS)" for part in parts)], take
    )
    return found
