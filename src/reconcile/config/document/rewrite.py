"""Change the date of a federation file and nothing else of it: comments, quotes and order stay as they are."""

from __future__ import annotations

import datetime as dt
from typing import Any

import yaml

from reconcile.config.document.document import read_document
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

#: What an agreement on another date is worth: nothing.
_AGREEMENTS = ("confirmed",)


def with_date(text: str, date: dt.date | None, path: str) -> str:
    """The file's text with ``migration: date:`` as given, taken out for None, and what was agreed for another date
    taken out with it.

    Raises Problem CFG06 when the file is written in a way this cannot change safely; nothing is guessed.
    """
    before = read_document(text)
    wanted = _expected(before.tree, date)
    if before.tree == wanted:
        return text
    if before.flaws:
        raise _unsafe(path, date)
    changed = text
    for key in _AGREEMENTS:
        changed = _without(changed, ("migration", key))
    changed = _without(changed, ("migration", "date")) if date is None else _with(changed, date)
    after = read_document(changed).tree
    if isinstance(after, dict) and after.get("migration") == {}:
        after = {**after, "migration": None}
    if after != wanted:
        raise _unsafe(path, date)
    return changed


def _unsafe(path: str, date: dt.date | None) -> Problem:
    hint = Phrase(
        "write by hand, under migration: date: {date}, and take confirmed: out", date=date or Phrase("nothing")
    )
    return Problem("CFG07", Phrase("{path} is written in a way that cannot be changed safely.", path=path), hint)


def _expected(tree: Any, date: dt.date | None) -> Any:
    if not isinstance(tree, dict):
        return tree
    migration = dict(tree.get("migration") or {})
    if date is None or migration.get("date") != date.isoformat():
        for key in _AGREEMENTS:
            migration.pop(key, None)
    if date is None:
        migration.pop("date", None)
    else:
        migration["date"] = date.isoformat()
    return {**tree, "migration": migration or None} if "migration" in tree or migration else tree


def _with(text: str, date: dt.date) -> str:
    """The text with that date, in the place of the one it had or in a new line."""
    root: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    section = _entry(root, "migration")
    if section is None:
        found = _entry(root, "mailboxes")
        if found is None:
            return text
        key = found[0]
        return f"{text[: key.start_mark.index]}migration: {{date: {date}}}\n\n{text[key.start_mark.index :]}"
    key, migration = section
    if not isinstance(migration, yaml.MappingNode) or not migration.value:
        end = key.end_mark.index + 1
        rest = text[end:] if isinstance(migration, yaml.ScalarNode) else text[migration.end_mark.index :]
        return f"{text[:end]} {{date: {date}}}{rest}"
    if (found := _entry(migration, "date")) is not None:
        value = found[1]
        return f"{text[: value.start_mark.index]}{date}{text[value.end_mark.index :]}"
    first = migration.value[0][0].start_mark
    between = ", " if migration.flow_style else "\n" + " " * first.column
    return f"{text[: first.index]}date: {date}{between}{text[first.index :]}"


def _without(text: str, route: tuple[str, str]) -> str:
    """The text without that entry; with its line in a block, with its comma between braces."""
    section = _entry(yaml.compose(text, Loader=yaml.SafeLoader), route[0])
    if section is None or not isinstance(section[1], yaml.MappingNode):
        return text
    migration = section[1]
    place = next((number for number, (key, _) in enumerate(migration.value) if key.value == route[1]), None)
    if place is None:
        return text
    key, value = migration.value[place]
    if migration.flow_style:
        if place + 1 < len(migration.value):
            start, end = key.start_mark.index, migration.value[place + 1][0].start_mark.index
        else:
            start = migration.value[place - 1][1].end_mark.index if place else key.start_mark.index
            end = value.end_mark.index
        return text[:start] + text[end:]
    start = text.rfind("\n", 0, key.start_mark.index) + 1
    end = text.find("\n", value.end_mark.index)
    return text[:start] + (text[end + 1 :] if end >= 0 else "")


def _entry(node: Any, name: str) -> tuple[yaml.Node, yaml.Node] | None:
    entries = node.value if isinstance(node, yaml.MappingNode) else []
    return next(((key, value) for key, value in entries if key.value == name), None)
