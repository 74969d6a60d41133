"""The quick reading of a text in which nothing is out of the ordinary: its tree alone, no place of anything."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Any

import yaml

# What YAML calls null, when written without quotes.
NULLS = frozenset({"", "~", "null", "Null", "NULL"})


class NotPlain(Exception):
    """The text holds something that must be told with its place, or is refused."""


def plain_tree(text: str, loader: Any, depth: int) -> dict[str, Any]:
    """The tree of a text that is one mapping, nested ``depth`` levels at most, each key once, without anchors, aliases,
    merge keys and tags.

    Raises ``NotPlain`` for any other, and yaml's own error for what is no YAML.
    """
    parser = loader(text)
    try:
        events: Callable[[], yaml.Event] = parser.get_event
        events()  # the start of the stream
        if type(events()) is not yaml.DocumentStartEvent:
            raise NotPlain
        tree = _value(events(), events, depth)
        events()  # the end of the document
        if type(events()) is not yaml.StreamEndEvent or not isinstance(tree, dict):
            raise NotPlain
        return tree
    finally:
        parser.dispose()


def scalar(event: yaml.ScalarEvent) -> str | None:
    """What a scalar says: its text in NFC, None for what YAML calls null."""
    text: str = event.value
    if not event.style and text in NULLS:
        return None
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _value(event: Any, events: Callable[[], Any], depth: int) -> Any:
    kind = type(event)
    if kind is yaml.AliasEvent or event.anchor is not None or event.tag is not None:
        raise NotPlain
    if kind is yaml.ScalarEvent:
        return scalar(event)
    if not depth:
        raise NotPlain
    if kind is yaml.SequenceStartEvent:
        items = []
        while type(event := events()) is not yaml.SequenceEndEvent:
            items.append(_value(event, events, depth - 1))
        return items
    entries: dict[str, Any] = {}
    while type(event := events()) is not yaml.MappingEndEvent:
        key = _value(event, events, 0)
        if key is None or key == "<<" or key in entries:
            raise NotPlain
        entries[key] = _value(events(), events, depth - 1)
    return entries
