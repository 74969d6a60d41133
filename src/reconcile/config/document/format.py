"""A federation file in its canonical form: order of keys, quotes, indentation; every comment kept where it belongs.

A comment above a key moves with it, one beside a value stays beside it, those before the first key stay first. What
stands between brackets stays so as long as it fits on a line.
"""

from __future__ import annotations

import collections
import dataclasses
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import yaml

from reconcile.config.document.canonical_order import Place, below, rank
from reconcile.config.document.document import LOADER, read_document
from reconcile.config.document.edit import scalar_of
from reconcile.config.document.written import entry, inline, scalar
from reconcile.problem import Problem

#: Line length beyond which what stands between brackets is written over several lines.
_WIDTH = 120
_COMMENT = re.compile(r"(?:^|\s)(#.*)$")


def formatted(text: str, path: str) -> str:
    """The same file in its canonical form; formatted again it is the same text.

    Raises Problem FMT01 for a text that is not YAML as federation files are, FMT02 when a comment or a value would be
    lost; nothing is guessed.
    """
    document = read_document(text)
    if document.flaws or not isinstance(document.tree, dict):
        first = document.flaws[0] if document.flaws else None
        where = f"{path}:{first.line}:{first.column}: {first.message}" if first else f"{path} holds no federation"
        raise Problem("FMT01", f"{where}.", f"see: reconcile validate {path}", 3)
    try:
        result = _once(text)
        settled = _once(result)
    except _TooOdd:
        raise _lossy(path) from None
    after = read_document(result)
    kept = _comments(result) == _comments(text) and after.tree == document.tree and not after.flaws
    if not kept or settled != result:
        raise _lossy(path)
    return result


def as_before(before: str, after: str, path: str) -> str:
    """A changed file in its canonical form, where it was before it was changed; else as it is, so that a change shows
    nothing but itself."""
    try:
        return formatted(after, path) if formatted(before, path) == before else after
    except Problem:
        return after


class _TooOdd(Exception):
    """A form nobody writes: left to a person."""


@dataclasses.dataclass(slots=True)
class _Item:
    """An entry of a mapping, or an element of a list (``key`` None), with the comments that belong to it.

    ``above``: the lines before it, "" for a blank one. ``beside``: the comment on its line, at ``column``. ``items``:
    what stands under it, line by line; None for a value of one line, or between brackets. ``under``: comments that
    follow the last of them.
    """

    key: str | None
    node: Any
    above: list[str]
    beside: str = ""
    column: int = 0
    items: list[_Item] | None = None
    under: list[str] = dataclasses.field(default_factory=list)


def _once(text: str) -> str:
    text = text.replace("\r\n", "\n")
    root = yaml.compose(text, Loader=LOADER)
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        raise _TooOdd
    reading = _Reading(text)
    items = reading.entries(root)
    last = reading.rest(items)
    header, items[0].above = items[0].above, []
    lines = [*header, *_block(items, 0, ()), *last]
    return "\n".join(_without_doubled_blanks(lines)) + "\n"


class _Reading:
    """Walks the nodes in the order of the text, and gives each its comments."""

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")
        #: The first line that no node has taken yet.
        self._next = 0

    def entries(self, node: yaml.MappingNode) -> list[_Item]:
        items: list[_Item] = []
        for key, value in node.value:
            above = self._until(key.start_mark, items)
            item = _Item(unicodedata.normalize("NFC", key.value), value, above)
            self._take(item, key.end_mark)
            items.append(item)
        return items

    def elements(self, node: yaml.CollectionNode) -> list[_Item]:
        items: list[_Item] = []
        for value in node.value:
            above = self._until(node.start_mark, items, value.start_mark.line)
            item = _Item(None, value, above)
            self._take(item, value.start_mark)
            items.append(item)
        return items

    def rest(self, before: Sequence[_Item]) -> list[str]:
        """What follows the last node, but for what stands deeper, which belongs to the last entry."""
        lines = self._split(range(self._next, len(self._lines)), 0, before)
        while lines and not lines[-1]:
            lines.pop()
        return lines

    def _take(self, item: _Item, mark: Any) -> None:
        """``mark``: where its key ends, or where it begins as an element of a list."""
        node = item.node
        if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
            if item.key is not None:
                self._beside(item, mark.line, mark.column)
                self._next = mark.line + 1
            item.items = self._under(node)
            return
        end, column = node.end_mark.line, node.end_mark.column
        if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
            raise _TooOdd
        if isinstance(node, yaml.CollectionNode) and any(
            _COMMENT.search(one) for one in self._lines[node.start_mark.line : end]
        ):
            raise _TooOdd  # between the brackets
        self._beside(item, end, column)
        self._next = end + 1

    def _under(self, node: yaml.CollectionNode) -> list[_Item]:
        return self.entries(node) if isinstance(node, yaml.MappingNode) else self.elements(node)

    def _beside(self, item: _Item, line: int, column: int) -> None:
        found = _COMMENT.search(self._lines[line], column)
        if found:
            item.beside, item.column = found[1].rstrip(), found.start(1)

    def _until(self, mark: Any, before: Sequence[_Item], line: int | None = None) -> list[str]:
        """The lines between, those that stand deeper than what follows given to what they follow."""
        numbers = range(self._next, mark.line if line is None else line)
        self._next = numbers.stop
        return self._split(numbers, mark.column, before)

    def _split(self, numbers: range, column: int, before: Sequence[_Item]) -> list[str]:
        deeper = [number for number in numbers if before and self._indent(number) > column]
        split = deeper[-1] + 1 if deeper else numbers.start
        if deeper:
            before[-1].under += [self._comment_line(number) for number in range(numbers.start, split)]
        return [self._comment_line(number) for number in range(split, numbers.stop)]

    def _indent(self, number: int) -> int:
        line = self._lines[number]
        return len(line) - len(line.lstrip()) if line.strip() else -1

    def _comment_line(self, number: int) -> str:
        line = self._lines[number].strip()
        if line and not line.startswith("#"):
            if line in ("---", "..."):
                return ""
            raise _TooOdd
        return line


def _block(items: Iterable[_Item], indent: int, place: Place) -> Iterator[str]:
    """The lines of entries or elements, entries in the canonical order."""
    ordered = sorted(items, key=lambda item: rank(place, item.key or ""))
    for number, item in enumerate(ordered):
        above = item.above if number or indent == 0 else list(_from_first_comment(item.above))
        yield from _margin(above, indent)
        yield from _item(item, indent, place)


def _item(item: _Item, indent: int, place: Place) -> Iterator[str]:
    start = " " * indent
    if item.key is None:
        yield from _element(item, indent, place)
    elif item.items is not None:
        there = below(place, item.key)
        yield _with_comment(f"{start}{scalar('', item.key)}:", item)
        yield from _block(item.items, indent + 2, there)
        yield from _margin(item.under, indent + 2)
    else:
        value = _ordered(item.node, below(place, item.key))
        lines = entry(item.key, value, indent) if isinstance(value, dict | list) else []
        if isinstance(value, dict | list) and len(f"{start}{item.key}: {inline(item.key, value)}") <= _WIDTH:
            lines = [f"{start}{scalar('', item.key)}: {inline(item.key, value)}"]
        lines = lines or [f"{start}{scalar('', item.key)}: {scalar(item.key, value)}"]
        yield _with_comment(lines[0], item)
        yield from lines[1:]
        yield from _margin(item.under, indent + 2)


def _element(item: _Item, indent: int, place: Place) -> Iterator[str]:
    start = " " * indent
    if item.items is None:
        key = place[-1] if place else ""
        value = _ordered(item.node, (*place, "*"))
        yield _with_comment(f"{start}- {inline(key, value)}", item)
    else:
        lines = list(_block(item.items, indent + 2, (*place, "*")))
        first = next(number for number, line in enumerate(lines) if line and not line.lstrip().startswith("#"))
        yield from (line[2:] for line in lines[:first])
        yield f"{start}- {lines[first].lstrip()}"
        yield from lines[first + 1 :]
    yield from _margin(item.under, indent + 2)


def _ordered(node: Any, place: Place) -> Any:
    """A value between brackets, its keys in the canonical order."""
    if isinstance(node, yaml.MappingNode):
        pairs = [(unicodedata.normalize("NFC", key.value), value) for key, value in node.value]
        pairs.sort(key=lambda pair: rank(place, pair[0]))
        return {key: _ordered(value, below(place, key)) for key, value in pairs}
    if isinstance(node, yaml.SequenceNode):
        return [_ordered(one, (*place, "*")) for one in node.value]
    return scalar_of(node)


def _with_comment(line: str, item: _Item) -> str:
    """Beside its value, where it stood as far as there is room."""
    return f"{line}{' ' * max(2, item.column - len(line))}{item.beside}" if item.beside else line


def _margin(lines: Iterable[str], indent: int) -> Iterator[str]:
    return (f"{' ' * indent}{line}" if line else "" for line in lines)


def _from_first_comment(lines: Sequence[str]) -> Iterator[str]:
    """Without the blank lines that would follow the key of the section."""
    found = next((number for number, line in enumerate(lines) if line), len(lines))
    yield from lines[found:]


def _without_doubled_blanks(lines: Iterable[str]) -> Iterator[str]:
    before = ""
    for line in lines:
        if line or before:
            yield line
        before = line


def _comments(text: str) -> collections.Counter[str]:
    """The comments of a text, told from what stands in quotes by the scanner's own tokens."""
    lines = text.replace("\r\n", "\n").split("\n")
    taken: dict[int, int] = {}
    for token in yaml.scan(text.replace("\r\n", "\n"), Loader=LOADER):
        for mark in (token.start_mark, token.end_mark):
            taken[mark.line] = max(taken.get(mark.line, 0), mark.column)
    found = (_COMMENT.search(line, taken.get(number, 0)) for number, line in enumerate(lines))
    return collections.Counter(one[1].rstrip() for one in found if one)


def _lossy(path: str) -> Problem:
    hint = "a comment between brackets, or a text of several lines, is in the way; write it otherwise"
    return Problem("FMT02", f"{path} is written in a way that cannot be formatted without loss.", hint)
