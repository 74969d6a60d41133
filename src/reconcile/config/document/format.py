"""A federation file in its canonical form: order of keys, quotes, indentation; every comment kept where it belongs.

A comment above a key moves with it, one beside a value stays beside it, those before the first key stay first. What
stands between brackets stays so as long as it fits on a line.
"""

from __future__ import annotations

import collections
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import yaml

from reconcile.config.document.canonical_order import Place, below, rank
from reconcile.config.document.comments import COMMENT, Item, Reading, TooOdd
from reconcile.config.document.document import LOADER, read_document
from reconcile.config.document.edit import scalar_of
from reconcile.config.document.written import entry, inline, scalar
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

#: Line length beyond which what stands between brackets is written over several lines.
_WIDTH = 120


def formatted(text: str, path: str) -> str:
    """The same file in its canonical form; formatted again it is the same text.

    Raises Problem FMT01 for a text that is not YAML as federation files are, FMT02 when a comment or a value would be
    lost; nothing is guessed.
    """
    document = read_document(text)
    if document.flaws or not isinstance(document.tree, dict):
        first = document.flaws[0] if document.flaws else None
        where = (
            Phrase("{place}: {said}", place=f"{path}:{first.line}:{first.column}", said=first.message)
            if first
            else Phrase("{path} holds no federation", path=path)
        )
        raise Problem("FMT01", Phrase("{where}.", where=where), Phrase("see: reconcile validate {path}", path=path), 3)
    try:
        result = _once(text)
        if result == text:
            return text
        settled = _once(result)
    except TooOdd:
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


def _once(text: str) -> str:
    text = text.replace("\r\n", "\n")
    root = yaml.compose(text, Loader=LOADER)
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        raise TooOdd
    reading = Reading(text)
    items = reading.entries(root)
    last = reading.rest(items)
    header, items[0].above = items[0].above, []
    lines = [*header, *_block(items, 0, ()), *last]
    return "\n".join(_without_doubled_blanks(lines)) + "\n"


def _block(items: Iterable[Item], indent: int, place: Place) -> Iterator[str]:
    """The lines of entries or elements, entries in the canonical order."""
    ordered = sorted(items, key=lambda item: rank(place, item.key or ""))
    for number, item in enumerate(ordered):
        above = item.above if number or indent == 0 else list(_from_first_comment(item.above))
        yield from _margin(above, indent)
        yield from _item(item, indent, place)


def _item(item: Item, indent: int, place: Place) -> Iterator[str]:
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


def _element(item: Item, indent: int, place: Place) -> Iterator[str]:
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


def _with_comment(line: str, item: Item) -> str:
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
    found = (COMMENT.search(line, taken.get(number, 0)) for number, line in enumerate(lines))
    return collections.Counter(one[1].rstrip() for one in found if one)


def _lossy(path: str) -> Problem:
    hint = Phrase("a comment between brackets, or a text of several lines, is in the way; write it otherwise")
    return Problem(
        "FMT02", Phrase("{path} is written in a way that cannot be formatted without loss.", path=path), hint
    )
