"""Folders that a server lists under two names: as UTF-8 and modified UTF-7, or in two cases."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from reconcile.language.phrase import Phrase
from reconcile.mailcopy.imap.folder_list import Folder
from reconcile.mailcopy.imap.folder_names import decoded
from reconcile.mailcopy.imap.folders.mapping import folded
from reconcile.mailcopy.imap.messages.listing import Status, dates, list_folders, statuses
from reconcile.mailcopy.imap.session import Session


def same_folders(session: Session, folders: Sequence[Folder]) -> dict[bytes, str]:
    """Folder → which other it is once more, for names that differ by case or encoding at most and hold the very same
    messages (UIDVALIDITY, UIDs, sizes, dates). Asks the server only when there are such names.

    Raises ``ConnectionLost`` and ``FolderRefused``.
    """
    alike: dict[str, list[bytes]] = defaultdict(list)
    for folder in folders:
        if folder.selectable:
            alike[folded(decoded(folder.name))].append(folder.name)
    found: dict[bytes, str] = {}
    for names in alike.values():
        if len(names) > 1:
            first, *others = names
            state = statuses(session, names)
            for other in others:
                same = isinstance(state[first], Status) and state[first] == state[other]
                if same and _content(session, first) == _content(session, other):
                    found[other] = Phrase("the same folder as {name}, listed under another name", name=decoded(first))
    return found


def _content(session: Session, folder: bytes) -> object:
    listing = list_folders(session, {folder: b"1:*"})[folder]
    return listing.uids, listing.sizes, listing.error or dates(session, folder, 1, lambda *_: True)
