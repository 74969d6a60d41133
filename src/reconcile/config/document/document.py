"""YAML text to a plain tree in which every scalar is text, with the place of every key and value.

YAML 1.1 would read the phone ``0321456777`` as an octal number, ``16:00`` as 960 and ``No`` as false. Here nothing is
guessed: the tree holds dicts, lists, text and None, and the models give each text its type.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from reconcile.config.document.flaw import Flaw
from reconcile.config.document.marked import DEPTH_LIMIT, Document, Unreadable, read_with_places
from reconcile.config.document.plain import NotPlain, plain_tree
from reconcile.config.federation.federation import Mark, Route
from reconcile.language.phrase import Phrase

__all__ = ["Document", "Unreadable", "decode", "read_document"]

SIZE_LIMIT = 1_000_000  # bytes; a federation of 1,000 mailboxes is about 300 kB

#: libyaml's parser where PyYAML was built with it: fifteen times the speed of the Python one, for the same events.
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# Control characters, and the three separators YAML 1.1 counts as line ends and no editor does.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def decode(raw: bytes) -> str:
    """The text of a file: UTF-8, a leading byte order mark dropped. Raises ``Unreadable``."""
    if len(raw) > SIZE_LIMIT:
        raise Unreadable(
            Flaw(
                "SPF101",
                1,
                1,
                Phrase("the file is larger than {size_limit} kB", size_limit=SIZE_LIMIT // 1000),
                "split it",
            )
        )
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Unreadable(Flaw("SPF101", 1, 1, "the file is in UTF-16", "save it again as UTF-8"))
    try:
        text = raw.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8").removeprefix("\ufeff")
        message = Phrase("the file is not in UTF-8: byte 0x{raw:02X}", raw=raw[error.start])
        hint = Phrase("save it again as UTF-8 (it may be in Windows-1252)")
        raise Unreadable(Flaw("SPF101", *_place(before), message, hint)) from None
    if match := _FORBIDDEN.search(text):
        message = Phrase("a character that no text needs: U+{match:04X}", match=ord(match[0]))
        raise Unreadable(Flaw("SPF101", *_place(text[: match.start()]), message, "delete it"))
    return text


def read_document(text: str, loader: Any = LOADER) -> Document:
    """Read one YAML document. Duplicate keys, anchors, aliases, merge keys and tags become flaws, all of them.

    Where there is none, as nearly always, the places are looked up when the first of them is asked for.
    """
    try:
        return Document(plain_tree(text, loader, DEPTH_LIMIT), _PlacesOf(text, loader), ())
    except (NotPlain, yaml.MarkedYAMLError):
        return read_with_places(text, loader)


class _PlacesOf(Mapping[Route, Mark]):
    """The places of a text without flaws: half of what a reading costs, and nobody asks where nothing is wrong.

    Only those of the file asked about last are kept: those of a thousand files would be a quarter of a plan's memory.
    """

    def __init__(self, text: str, loader: Any) -> None:
        self._text, self._loader = text, loader

    @property
    def _marks(self) -> Mapping[Route, Mark]:
        return _marks_of(self._text, self._loader)

    def __getitem__(self, route: Route) -> Mark:
        return self._marks[route]

    def __iter__(self) -> Iterator[Route]:
        return iter(self._marks)

    def __len__(self) -> int:
        return len(self._marks)


@functools.lru_cache(2)
def _marks_of(text: str, loader: Any) -> Mapping[Route, Mark]:
    return read_with_places(text, loader).marks


def _place(before: str) -> tuple[int, int]:
    """Line and column of the character that follows ``before``."""
    lines = re.split("\r\n|\r|\n", before)
    return len(lines), len(lines[-1]) + 1
