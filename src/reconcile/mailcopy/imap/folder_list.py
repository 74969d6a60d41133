"""The folders of a mailbox, read from the answers to LIST, LSUB and NAMESPACE. Pure."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Set

from reconcile.language.phrase import Phrase
from reconcile.mailcopy.imap.grammar import is_name, number, unquoted
from reconcile.mailcopy.imap.limits import FOLDERS, Excess

_QUOTED = rb'"(?:\\.|[^"\\])*"'
_ROW = re.compile(
    rb"^\* (LIST|LSUB) \(([^)]*)\) (NIL|" + _QUOTED + rb") (?:\{(\d+)\}\r\n|(" + _QUOTED + rb")|([^\r\n]+))",
    re.MULTILINE | re.IGNORECASE,
)
#: Personal, other users' and shared namespaces (RFC 2342 §5).
_SPACES = rb"(NIL|\((?:\(" + _QUOTED + rb"(?:[^\"()]|" + _QUOTED + rb"|\([^)]*\))*\) ?)*\))"
_NAMESPACE = re.compile(rb"^\* NAMESPACE " + _SPACES + rb" " + _SPACES + rb" " + _SPACES, re.MULTILINE | re.IGNORECASE)
_PREFIX = re.compile(rb"(?:(?<=\()|(?<=\))|(?<=\) ))\((" + _QUOTED + rb")")
INBOX = b"INBOX"
#: Why a folder of the shared namespace is left out.
PUBLIC = "shared or public mail"
#: Folders that show messages of other folders (RFC 6154 §2, RFC 8457), and the namespace of Dovecot's virtual plugin.
VIEWS = frozenset({"\\all", "\\flagged", "\\important"})
VIRTUAL = re.compile(rb"virtual[^A-Za-z0-9]", re.IGNORECASE)


@dataclasses.dataclass(frozen=True, slots=True)
class Folder:
    """A folder as LIST shows it. ``name`` is raw (modified UTF-7), ``flags`` lower case (``\\sent``…)."""

    name: bytes
    separator: str
    flags: frozenset[str]

    @property
    def selectable(self) -> bool:
        return not self.flags & {"\\noselect", "\\nonexistent"}


@dataclasses.dataclass(frozen=True, slots=True)
class Layout:
    """The folders of the mailbox's owner, each once. ``prefix``: of the personal namespace (RFC 2342), b"" or b"INBOX."
    for instance. ``left_out``: folder → why it is not the mailbox's own mail: somebody else's, or a view of others.
    ``unusable``: names no command can hold, with a line end for instance; nothing is asked about these. ``public``: the
    shared or public folders among those left out. ``inbox``: the folder that is the mailbox's inbox."""

    folders: list[Folder]
    subscribed: frozenset[bytes]
    prefix: bytes = b""
    unusable: tuple[bytes, ...] = ()
    left_out: Mapping[bytes, str] = dataclasses.field(default_factory=dict)
    public: tuple[Folder, ...] = ()
    inbox: bytes = INBOX


def read_layout(answers: bytes) -> Layout:
    """The untagged answers, whole, in any order. A name comes as a quoted string, a literal or an atom.

    Raises ``Excess`` for more folders than a mailbox has.
    """
    folders: dict[bytes, Folder] = {}
    unusable: list[bytes] = []
    subscribed: set[bytes] = set()
    position = 0
    while row := _ROW.search(answers, position):
        position = row.end()
        if row[4] is not None:
            length = number(row[4])
            name = answers[position : position + length]
            position += length
        else:
            name = unquoted(row[5][1:-1]) if row[5] is not None else row[6]
        if not is_name(name):
            unusable.append(name)
        elif row[1].upper() == b"LSUB":
            subscribed.add(_canonical(name))
        else:
            separator = "" if row[3].upper() == b"NIL" else unquoted(row[3][1:-1]).decode("latin-1")
            separator = separator if len(separator) == 1 and separator.isprintable() else ""
            flags = frozenset(row[2].decode("latin-1").lower().split())
            name = _canonical(name)
            if name not in folders or not folders[name].selectable:
                folders[name] = Folder(name, separator, flags)
        if max(len(folders), len(subscribed), len(unusable)) > FOLDERS:
            raise Excess(Phrase("more than {folders:,} folders", folders=FOLDERS))
    spaces = _Namespaces.read(answers)
    # The inbox is no view: what it bears too are flags of messages, which some servers list for every folder.
    views = VIEWS - (folders[INBOX].flags if INBOX in folders else frozenset())
    left_out = {name: why for name, folder in folders.items() if (why := _why_left_out(folder, spaces, views))}
    own = [folder for name, folder in folders.items() if name not in left_out]
    prefix = spaces.personal[0] if spaces.personal and is_name(spaces.personal[0]) else b""
    public = tuple(folder for name, folder in folders.items() if left_out.get(name) == PUBLIC)
    return Layout(own, frozenset(subscribed), prefix, tuple(unusable), left_out, public)


@dataclasses.dataclass(frozen=True, slots=True)
class _Namespaces:
    """The prefixes of each kind, in the server's order."""

    personal: tuple[bytes, ...] = ()
    others: tuple[bytes, ...] = ()
    shared: tuple[bytes, ...] = ()

    @classmethod
    def read(cls, answers: bytes) -> _Namespaces:
        found = _NAMESPACE.search(answers)
        if not found:
            return cls()
        kinds = (found[n] if found[n].upper() != b"NIL" else b"" for n in (1, 2, 3))
        return cls(*(tuple(unquoted(prefix[1:-1]) for prefix in _PREFIX.findall(kind)) for kind in kinds))

    def whose(self, folder: Folder) -> str:
        """Whose mail a folder holds, "" for the mailbox's owner: the longest prefix that matches decides."""
        if folder.name == b"INBOX":
            return ""
        kinds = ((self.personal, ""), (self.others, "another user's mail"), (self.shared, PUBLIC))
        matching = [
            (len(prefix), whose == "", whose)
            for prefixes, whose in kinds
            for prefix in prefixes
            if folder.name.startswith(prefix) or folder.name + folder.separator.encode("latin-1") == prefix
        ]
        return max(matching)[2] if matching else ""


def _why_left_out(folder: Folder, spaces: _Namespaces, marks: Set[str]) -> str:
    """``marks``: the flags by which this server tells views."""
    if whose := spaces.whose(folder):
        return whose
    if views := sorted(folder.flags & marks):
        return Phrase("a view of messages in other folders ({flag})", flag=views[0])
    virtual = any(VIRTUAL.fullmatch(prefix) and folder.name.startswith(prefix) for prefix in spaces.personal)
    return Phrase("a view of messages in other folders ({flag})", flag="virtual") if virtual else ""


def _canonical(name: bytes) -> bytes:
    """INBOX is one folder however it is written (RFC 3501 §5.1)."""
    return b"INBOX" if name.upper() == b"INBOX" else name
