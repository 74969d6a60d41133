"""The nodes of a YAML text, each with the comments that belong to it."""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Sequence
from typing import Any

import yaml

COMMENT = re.compile(r"(?:^|\s)(#.*)$")


class TooOdd(Exception):
    """A form nobody writes: left to a person."""


@dataclasses.dataclass(slots=True)
class Item:
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
    items: list[Item] | None = None
    under: list[str] = dataclasses.field(default_factory=list)


class Reading:
    """Walks the nodes in the order of the text, and gives each its comments."""

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")
        #: The first line that no node has taken yet.
        self._next = 0

    def entries(self, node: yaml.MappingNode) -> list[Item]:
        items: list[Item] = []
        for key, value in node.value:
            above = self._until(key.start_mark, items)
            item = Item(unicodedata.normalize("NFC", key.value), value, above)
            self._take(item, key.end_mark)
            items.append(item)
        return items

    def elements(self, node: yaml.CollectionNode) -> list[Item]:
        items: list[Item] = []
        for value in node.value:
            above = self._until(node.start_mark, items, value.start_mark.line)
            item = Item(None, value, above)
            self._take(item, value.start_mark)
            items.append(item)
        return items

    def rest(self, before: Sequence[Item]) -> list[str]:
        """What follows the last node, but for what stands deeper, which belongs to the last entry."""
        lines = self._split(range(self._next, len(self._lines)), 0, before)
        while lines and not lines[-1]:
            lines.pop()
        return lines

    def _take(self, item: Item, mark: Any) -> None:
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
            raise TooOdd
        if isinstance(node, yaml.CollectionNode) and any(
            COMMENT.search(one) for one in self._lines[node.start_mark.line : end]
        ):
            raise TooOdd  # between the brackets
        self._beside(item, end, column)
        self._next = end + 1

    def _under(self, node: yaml.CollectionNode) -> list[Item]:
        return self.entries(node) if isinstance(node, yaml.MappingNode) else self.elements(node)

    def _beside(self, item: Item, line: int, column: int) -> None:
        found = COMMENT.search(self._lines[line], column)
        if found:
            item.beside, item.column = found[1].rstrip(), found.start(1)

    def _until(self, mark: Any, before: Sequence[Item], line: int | None = None) -> list[str]:
        """The lines between, those that stand deeper than what follows given to what they follow."""
        numbers = range(self._next, mark.line if line is None else line)
        self._next = numbers.stop
        return self._split(numbers, mark.column, before)

    def _split(self, numbers: range, column: int, before: Sequence[Item]) -> list[str]:
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
            raise TooOdd
        return line
