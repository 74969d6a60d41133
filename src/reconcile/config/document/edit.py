"""Make a federation file say something else and leave all the rest of its text as it is: comments, quotes, order."""

from __future__ import annotations

import difflib
import functools
import json
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

import yaml

from reconcile.config.document.document import LOADER, read_document
from reconcile.config.document.plain import NULLS
from reconcile.config.document.written import element, entry, inline, scalar
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

#: (start, end, what stands there instead), in characters of the text.
_Edit = tuple[int, int, str]


def edited(text: str, wanted: Any, path: str) -> str:
    """The text that reads as ``wanted``, a tree as ``read_document`` makes it.

    Raises Problem WBK71 when the file is written in a way this cannot change safely; nothing is guessed.
    """
    before = read_document(text)
    if before.tree == wanted:
        return text
    if before.flaws or not isinstance(before.tree, dict) or not isinstance(wanted, dict):
        raise _unsafe(path)
    text = text.replace("\r\n", "\n")
    if not text.endswith("\n"):
        text += "\n"
    try:
        changed = _Editing(text).apply(wanted)
    except _TooOdd:
        raise _unsafe(path) from None
    after = read_document(changed)
    if after.flaws or after.tree != wanted:
        raise _unsafe(path)
    return changed


class _TooOdd(Exception):
    """A comment between brackets, or a form nobody writes: left to a person."""


class _Editing:
    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self.edits: list[_Edit] = []

    def apply(self, wanted: dict[str, Any]) -> str:
        root = yaml.compose(self.text, Loader=LOADER)
        if not isinstance(root, yaml.MappingNode) or root.flow_style:
            raise _TooOdd
        self._mapping(root, wanted)
        text = self.text
        # From the end; of what is put in at one place, the innermost came first and stands first.
        for _, (start, end, new) in sorted(enumerate(self.edits), key=lambda one: (*one[1][:2], one[0]), reverse=True):
            text = text[:start] + new + text[end:]
        return text

    # --- places ---

    def _at(self, mark: Any) -> int:
        return int(self.starts[mark.line] + mark.column)

    def _end(self, node: yaml.Node) -> int:
        """Where its last character is followed by something else."""
        if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
            last = node.value[-1]
            return self._end(last[1] if isinstance(last, tuple) else last)
        end = self._at(node.end_mark)
        return len(self.text[:end].rstrip()) if isinstance(node, yaml.ScalarNode) and not _is_line(node) else end

    def _line_end(self, at: int) -> int:
        """The place after the end of the line, comment included."""
        found = self.text.find("\n", at)
        return len(self.text) if found < 0 else found + 1

    def _commented(self, start: int, end: int) -> bool:
        """Whether a comment may stand there: a ``#`` that is part of a quoted or plain text is none."""
        text = self.text[start:end]
        if "#" not in text:
            return False
        for first, last in self._scalars:
            if start <= first and last <= end:
                text = text[: first - start] + " " * (last - first) + text[last - start :]
        return "#" in text

    @functools.cached_property
    def _scalars(self) -> list[tuple[int, int]]:
        """Where each quoted or plain text begins and ends; a file is scanned for them once."""
        tokens = yaml.scan(self.text, Loader=LOADER)
        return [
            (self._at(token.start_mark), self._at(token.end_mark))
            for token in tokens
            if isinstance(token, yaml.ScalarToken) and token.style not in ("|", ">")
        ]

    def _line_start(self, at: int) -> int:
        return self.text.rfind("\n", 0, at) + 1

    # --- mappings ---

    def _mapping(self, node: yaml.MappingNode, wanted: dict[str, Any]) -> None:
        now = {key.value: (key, value) for key, value in node.value}
        indent = node.value[0][0].start_mark.column
        for key, (key_node, value_node) in now.items():
            if key not in wanted:
                start = self._line_start(self._at(key_node.start_mark))
                end = self._line_end(self._end(value_node))
                if self.text[:start].endswith("\n\n") and self.text[end : end + 1] == "\n":
                    end += 1  # of the two blank lines about it, one stays
                self.edits.append((start, end, ""))
            elif _tree(value_node) != wanted[key]:
                self._value(key_node, value_node, wanted[key], indent)
        self._insert(node, now, wanted, indent)

    def _insert(self, node: yaml.MappingNode, now: dict[str, Any], wanted: dict[str, Any], indent: int) -> None:
        spaced = self._spaced(node)
        place, lines = None, []
        places: dict[int, list[str]] = {}
        for key, value in wanted.items():
            if key in now:
                place = self._line_end(self._end(now[key][1]))
                continue
            lines = entry(key, value, indent)
            apart = spaced or (indent == 0 and len(lines) > 1)
            made = "".join(f"{line}\n" for line in lines)
            at = place if place is not None else self._line_start(self._at(node.value[0][0].start_mark))
            places.setdefault(at, []).append(f"\n{made}" if apart and place is not None else made)
        for at, texts in places.items():
            self.edits.append((at, at, "".join(texts)))

    def _spaced(self, node: yaml.MappingNode) -> bool:
        """Whether a blank line stands between most entries."""
        gaps = [
            "\n\n" in self.text[self._end(before[1]) : self._at(after[0].start_mark)].replace(" ", "")
            for before, after in zip(node.value, node.value[1:], strict=False)
        ]
        return node.value[0][0].start_mark.column > 0 and sum(gaps) * 2 > len(gaps)

    def _value(self, key: yaml.Node, node: yaml.Node, wanted: Any, indent: int) -> None:
        name = key.value
        if isinstance(node, yaml.MappingNode) and node.value and isinstance(wanted, dict) and wanted:
            if node.flow_style:
                self._flow(node, name, wanted)
            elif any(one in wanted for one, _ in ((k.value, v) for k, v in node.value)):
                self._mapping(node, wanted)
            else:
                self._whole(key, node, wanted, indent)
        elif isinstance(node, yaml.SequenceNode) and node.value and isinstance(wanted, list) and wanted:
            if node.flow_style:
                self._flow(node, name, wanted)
            else:
                self._sequence(node, name, wanted)
        elif isinstance(node, yaml.ScalarNode) and not isinstance(wanted, dict | list) and _is_line(node):
            start, end = self._at(node.start_mark), self._at(node.end_mark)
            self.edits.append((start, end, (" " if start == end else "") + scalar(name, wanted)))
        else:
            self._whole(key, node, wanted, indent)

    def _whole(self, key: yaml.Node, node: yaml.Node, wanted: Any, indent: int) -> None:
        """The entry written anew, in its place."""
        start, end = self._at(key.start_mark), self._end(node)
        if self._commented(start, end):
            raise _TooOdd
        self.edits.append((start, end, "\n".join(entry(key.value, wanted, indent)).lstrip()))

    # --- between brackets ---

    def _flow(self, node: yaml.CollectionNode, name: str, wanted: Any) -> None:
        """Written anew, what stays with the text it had."""
        start, end = self._at(node.start_mark), self._at(node.end_mark)
        if self._commented(start, end):
            raise _TooOdd
        if isinstance(wanted, dict):
            now = {key.value: value for key, value in node.value}
            parts = [f"{scalar('', key)}: {self._same(now.get(key), key, value)}" for key, value in wanted.items()]
            new = "{" + ", ".join(parts) + "}"
        else:
            known = [(_tree(one), self._text(one)) for one in node.value]
            kept = [next((text for tree, text in known if tree == one), inline(name, one)) for one in wanted]
            new = "[" + ", ".join(kept) + "]"
        self.edits.append((start, end, new))

    def _same(self, node: yaml.Node | None, key: str, value: Any) -> str:
        return self._text(node) if node is not None and _tree(node) == value else inline(key, value)

    def _text(self, node: yaml.Node) -> str:
        return self.text[self._at(node.start_mark) : self._at(node.end_mark)] or "null"

    # --- lists ---

    def _sequence(self, node: yaml.SequenceNode, name: str, wanted: list[Any]) -> None:
        now = [json.dumps(_tree(one), sort_keys=True) for one in node.value]
        then = [json.dumps(one, sort_keys=True) for one in wanted]
        indent = node.start_mark.column
        for verb, first, last, new_first, new_last in difflib.SequenceMatcher(None, now, then, False).get_opcodes():
            if verb == "equal":
                continue
            lines = [line for one in wanted[new_first:new_last] for line in element(name, one, indent)]
            made = "".join(f"{line}\n" for line in lines)
            if first == last:
                at = (
                    self._line_end(self._end(node.value[first - 1]))
                    if first
                    else self._line_start(self._at(node.value[0].start_mark))
                )
                self.edits.append((at, at, made))
                continue
            start = self._line_start(self._at(node.value[first].start_mark))
            end = self._line_end(self._end(node.value[last - 1]))
            comments = "".join(self._comment_lines(start, end)) if last - first > 1 else ""
            self.edits.append((start, end, comments + made))

    def _comment_lines(self, start: int, end: int) -> Iterator[str]:
        return (line for line in self.text[start:end].splitlines(keepends=True) if line.lstrip().startswith("#"))


def _tree(node: Any) -> Any:
    """A composed node as ``read_document`` reads it: all text, None for what is empty."""
    if isinstance(node, yaml.MappingNode):
        return {unicodedata.normalize("NFC", key.value): _tree(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_tree(one) for one in node.value]
    return scalar_of(node)


def scalar_of(node: yaml.ScalarNode) -> str | None:
    """A composed scalar as ``read_document`` reads it."""
    if not node.style and node.value in NULLS:
        return None
    return unicodedata.normalize("NFC", node.value)


def _is_line(node: Any) -> bool:
    return node.style not in ("|", ">")


def _unsafe(path: str) -> Problem:
    hint = Phrase("write the difference by hand; the file stays as it is")
    return Problem("WBK71", Phrase("{path} is written in a way that cannot be changed safely.", path=path), hint)
