"""Which folder of the new mailbox receives which folder of the old one. Pure.

Special use first (RFC 6154), then the names mail programs give, in French and in English. Sources: Exchange Online's
default folder names; Microsoft, "Folder name is reserved" (Files); RFC 3501 §5.1 (hierarchy, INBOX).
"""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence, Set

from reconcile.mailcopy.imap.folder_list import INBOX, Folder
from reconcile.mailcopy.imap.folder_names import decoded, encoded

#: Special use → the names it goes by, ours first; compared without case or accents.
NAMES: Mapping[str, tuple[str, ...]] = {
    "\\sent": ("Sent Items", "Sent", "Sent Messages", "Éléments envoyés", "Messages envoyés", "Envoyés", "Envoyé"),
    "\\drafts": ("Drafts", "Draft", "Brouillons", "Brouillon"),
    "\\trash": ("Deleted Items", "Trash", "Deleted Messages", "Éléments supprimés", "Corbeille", "Poubelle"),
    "\\junk": ("Junk Email", "Junk", "Spam", "Junk E-mail", "Courrier indésirable", "Indésirables", "Pourriel"),
    "\\archive": ("Archive", "Archives"),
}
#: Top-level names an Exchange mailbox keeps for itself; mail may not be put there, or would not be shown as mail.
RESERVED = frozenset(
    {"files", "fichiers", "calendar", "calendrier", "contacts", "tasks", "taches", "notes", "journal", "outbox"}
    | {"boite d'envoi", "conversation history", "sync issues"}
)


@dataclasses.dataclass(frozen=True, slots=True)
class Route:
    """One source folder and where its mail goes. Names are raw (modified UTF-7); ``exists``: no need to create it.
    ``holds_mail``: false for a level of the hierarchy that is only subscribed to."""

    source: bytes
    destination: bytes
    exists: bool
    holds_mail: bool = True

    @property
    def label(self) -> str:
        """The source folder's name as people read it."""
        return decoded(self.source)


@dataclasses.dataclass(frozen=True, slots=True)
class Names:
    """How a mailbox's folders are called: the namespace's prefix, and the folder that is its inbox; where a public
    folder is the mailbox, that one."""

    prefix: bytes = b""
    inbox: bytes = INBOX

    def path(self, folder: Folder) -> list[str]:
        """The folder's place in the hierarchy, without the prefix."""
        if folder.name == self.inbox or folder.name.upper() == INBOX:
            return ["INBOX"]
        stripped = self.prefix and folder.name.startswith(self.prefix)
        text = decoded(folder.name[len(self.prefix) :] if stripped else folder.name)
        return text.split(folder.separator) if folder.separator else [text]

    def named(self, path: list[str], separator: str) -> str:
        """The other way round."""
        return decoded(self.inbox) if path == ["INBOX"] else decoded(self.prefix) + separator.join(path)


def route_folders(
    source: Sequence[Folder],
    destination: Sequence[Folder],
    *,
    theirs: Names = Names(),
    ours: Names = Names(),
    root: str = "",
    decided: Mapping[bytes, bytes] | None = None,
    subscribed: Set[bytes] = frozenset(),
) -> list[Route]:
    """Give every selectable source folder its destination, and every one that is ``subscribed`` all the same.

    ``theirs``, ``ours``: how folders are called in the source and in the destination. ``root``: one folder of the new
    mailbox that receives everything (the mail of a merged alias). ``decided``: earlier decisions, which stand as long
    as the destination folder does. Two source folders that differ only by case get different destinations; the second
    is numbered.
    """
    decided = decided or {}
    separator = next((folder.separator for folder in destination if folder.separator), "/")
    existing = {folded(decoded(folder.name)): folder.name for folder in destination if folder.selectable}
    special = {} if root else _special(_by_use(source, theirs), _by_use(destination, ours))
    taken: set[str] = set()
    routes = []
    wanted = [folder for folder in source if folder.selectable or folder.name in subscribed]
    for folder in sorted(wanted, key=lambda f: (not f.selectable, f.name != theirs.inbox, f.name)):
        if (earlier := decided.get(folder.name)) and folded(decoded(earlier)) in existing:
            name = decoded(earlier)
        else:
            name = ours.named(_placed(theirs.path(folder), special, root, separator), separator)
            name = _apart(name, taken) if folder.selectable else name
        taken.add(folded(name))
        raw = existing.get(folded(name))
        routes.append(Route(folder.name, encoded(name) if raw is None else raw, raw is not None, folder.selectable))
    return routes


def is_trash(label: str) -> bool:
    """Whether a folder's name, by its last level, is one of those of deleted mail."""
    return _plain(re.split(r"[./]", label)[-1]) in set(map(_plain, NAMES["\\trash"]))


def _special(theirs: Mapping[str, list[str]], ours: Mapping[str, list[str]]) -> dict[tuple[str, ...], list[str]]:
    """Source path → destination path, for the folders both sides use for the same purpose."""
    return {tuple(theirs[use]): ours[use] for use in theirs if use in ours}


def _by_use(folders: Iterable[Folder], names: Names) -> dict[str, list[str]]:
    """Special use → path: by flag, and by name where no folder bears the flag."""
    found: dict[str, list[str]] = {}
    selectable = [folder for folder in folders if folder.selectable]
    for folder in selectable:
        for use in NAMES:
            if use in folder.flags:
                found.setdefault(use, names.path(folder))
    top = {_plain(path[0]): path for path in map(names.path, selectable) if len(path) == 1}
    for use, usual in NAMES.items():
        if use not in found and (name := next((name for name in map(_plain, usual) if name in top), None)):
            found[use] = top[name]
    return found


def _placed(path: list[str], special: Mapping[tuple[str, ...], list[str]], root: str, separator: str) -> list[str]:
    """Where a path goes: under the root, or with its special folder, else where it was under an allowed name."""
    clean = [_component(part, separator) for part in path]
    if root:
        return [_component(root, separator), *(clean if path != ["INBOX"] else [])]
    for length in range(len(path), 0, -1):
        if chosen := special.get(tuple(path[:length])):
            return [*chosen, *clean[length:]]
    if _plain(clean[0]) in RESERVED:
        clean[0] += " (mail)"
    return clean


def _component(part: str, separator: str) -> str:
    """One level of a name the new server takes: no separator, no control character, no blank at either end."""
    kept = "".join("-" if c == separator or unicodedata.category(c) == "Cc" else c for c in part).strip()
    return kept or "-"


def _apart(name: str, taken: Set[str]) -> str:
    """The name, numbered when another source folder already goes to one that differs by case at most."""
    candidate, number = name, 2
    while folded(candidate) in taken and candidate != "INBOX":
        candidate, number = f"{name} ({number})", number + 1
    return candidate


def folded(name: str) -> str:
    """A name by which two folders that differ by case or composition at most are the same."""
    return unicodedata.normalize("NFC", name).casefold()


def _plain(name: str) -> str:
    """Without case or accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c)).casefold()
