"""Writing a whole Maildir at once: quicker than signing in, and the UIDs, dates and flags are exactly those given."""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import hashlib
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from reconcile.sandbox.imap.dovecot import MailOwner

INBOX = ("INBOX",)

_LETTERS = {"\\Draft": "D", "\\Flagged": "F", "\\Answered": "R", "\\Seen": "S", "\\Deleted": "T"}
_MAX_KEYWORDS = 26


@dataclasses.dataclass(frozen=True, slots=True)
class StoredMessage:
    """One message where it lies: the folder as the names on the way to it, IMAP flags and keywords, INTERNALDATE."""

    folder: tuple[str, ...]
    content: bytes
    received: dt.datetime
    flags: frozenset[str] = frozenset()


def write_maildir(
    maildir: Path, owner: MailOwner, messages: Iterable[StoredMessage], empty_folders: Iterable[tuple[str, ...]] = ()
) -> int:
    """Fill a new Maildir, each folder's UIDs in the order given from 1; how many messages were written.

    Folders on the way that hold nothing themselves are not made, so that they show as \\Noselect. A dot, which
    separates folders here, becomes an underscore in a name. At most 26 keywords a folder (Maildir's limit).
    """
    by_folder: dict[tuple[str, ...], list[StoredMessage]] = {INBOX: []}
    for folder in empty_folders:
        by_folder.setdefault(folder, [])
    for message in messages:
        by_folder.setdefault(message.folder, []).append(message)
    _make_folder(maildir.parent, owner)
    for folder, stored in by_folder.items():
        _write_folder(maildir / _directory(folder), owner, folder, stored)
    names = sorted(_directory(folder).removeprefix(".") for folder in by_folder if folder != INBOX)
    _write_file(maildir / "subscriptions", owner, "".join(f"{name}\n" for name in ["INBOX", *names]).encode())
    return sum(len(stored) for stored in by_folder.values())


def modified_utf7(name: str) -> str:
    """A folder's name as IMAP writes it (RFC 3501 §5.1.3)."""

    def shifted(run: re.Match[str]) -> str:
        if run[0] == "&":
            return "&-"
        return "&" + base64.b64encode(run[0].encode("utf-16-be")).decode().rstrip("=").replace("/", ",") + "-"

    return re.sub("&|[^\x20-\x7e]+", shifted, name)


def _directory(folder: tuple[str, ...]) -> str:
    """Maildir++: one flat level, each folder's whole path behind a dot."""
    if folder == INBOX:
        return ""
    return "." + ".".join(modified_utf7(name.replace(".", "_")) for name in folder)


def _write_folder(directory: Path, owner: MailOwner, folder: tuple[str, ...], stored: Sequence[StoredMessage]) -> None:
    for part in (directory, directory / "cur"):  # Dovecot makes new and tmp when it opens the folder
        _make_folder(part, owner)
    keywords = sorted({flag for message in stored for flag in message.flags if flag not in _LETTERS})[:_MAX_KEYWORDS]
    if keywords:
        lines = "".join(f"{number} {keyword}\n" for number, keyword in enumerate(keywords))
        _write_file(directory / "dovecot-keywords", owner, lines.encode())
    letters = _LETTERS | {keyword: chr(ord("a") + number) for number, keyword in enumerate(keywords)}
    uids = []
    for uid, message in enumerate(stored, start=1):
        base = _file_name(uid, message)
        flags = "".join(sorted(letters[flag] for flag in message.flags if flag in letters))
        path = directory / "cur" / f"{base}:2,{flags}"
        _write_file(path, owner, message.content)
        os.utime(path, (message.received.timestamp(),) * 2)
        uids.append(f"{uid} :{base}\n")
    identity = hashlib.sha256("/".join((str(directory), *folder)).encode()).hexdigest()[:32]
    validity = 1_200_000_000 + int(identity[:6], 16)
    header = f"3 V{validity} N{len(stored) + 1} G{identity}\n"
    _write_file(directory / "dovecot-uidlist", owner, (header + "".join(uids)).encode())


def _file_name(uid: int, message: StoredMessage) -> str:
    """With both sizes in the name Dovecot need not open the file: S on disk, W as IMAP sends it, every line CRLF."""
    content = message.content
    sent = len(content) + content.count(b"\n") - content.count(b"\r\n")
    return f"{int(message.received.timestamp())}.M{uid:06}.sandbox,S={len(content)},W={sent}"


def _make_folder(path: Path, owner: MailOwner) -> None:
    if not path.is_dir():
        path.mkdir(mode=0o700)
        owner.take(path)


def _write_file(path: Path, owner: MailOwner, content: bytes) -> None:
    path.write_bytes(content)
    owner.take(path)
