"""The careful reading of a text: every flaw, and the place of every key and value."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from reconcile.config.document.flaw import Flaw
from reconcile.config.document.plain import scalar
from reconcile.config.document.syntax import syntax_flaw
from reconcile.config.federation.federation import Mark, Route
from reconcile.config.federation.scalars import shown
from reconcile.language.phrase import Phrase

DEPTH_LIMIT = 16  # a federation file needs 6


@dataclasses.dataclass(frozen=True, slots=True)
class Document:
    """What a text says. When ``broken`` it could not be read to its end and ``tree`` is None.

    ``refused`` are the routes whose value is not what was written, because a flaw says it may not be written so.
    """

    tree: Any
    marks: Mapping[Route, Mark]
    flaws: tuple[Flaw, ...]
    refused: frozenset[Route] = frozenset()
    broken: bool = False


class Unreadable(Exception):
    """The text cannot be read any further; ``flaw`` says why."""

    def __init__(self, flaw: Flaw) -> None:
        super().__init__(flaw.message)
        self.flaw = flaw


def read_with_places(text: str, loader: Any) -> Document:
    """The document with the places of all that it holds."""
    reading = _Reading(yaml.parse(text, Loader=loader))
    try:
        tree = reading.document()
    except Unreadable as stop:
        return Document(None, reading.marks, (*reading.flaws, stop.flaw), broken=True)
    except yaml.MarkedYAMLError as error:
        return Document(None, reading.marks, (*reading.flaws, syntax_flaw(error, text)), broken=True)
    return Document(tree, reading.marks, tuple(reading.flaws), frozenset(reading.refused))


#: Line and column, from 1.
_Place = tuple[int, int]


class _Reading:
    """One walk over the parser's events. A route of None is a value read only to get past it."""

    def __init__(self, events: Iterator[yaml.Event]) -> None:
        self.events = events
        self.marks: dict[Route, Mark] = {}
        self.flaws: list[Flaw] = []
        self.refused: set[Route] = set()
        self.depth = 0

    def document(self) -> Any:
        next(self.events)  # the start of the stream
        if isinstance(next(self.events), yaml.StreamEndEvent):
            raise Unreadable(Flaw("SPF101", 1, 1, "the file is empty"))
        first = next(self.events)
        tree = self.value(first, (), _start(first))
        next(self.events)  # the end of the document
        after = next(self.events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise Unreadable(
                self._flaw("SPF101", after, Phrase("a second document starts here"), Phrase("one federation per file"))
            )
        if tree is None and not self.flaws:
            raise Unreadable(Flaw("SPF101", 1, 1, "the file is empty"))
        return tree

    def value(self, event: yaml.Event, route: Route | None, key: _Place) -> Any:
        """``key``: the place of its key, or its own."""
        if route is not None:
            self.marks[route] = Mark(*_start(event), *key)
        if isinstance(event, yaml.ScalarEvent):
            self._refuse_anchor_and_tag(event)
            return scalar(event)
        if isinstance(event, yaml.AliasEvent):
            self.flaws.append(
                self._flaw(
                    "SPF108",
                    event,
                    Phrase("the alias *{anchor} is refused", anchor=event.anchor),
                    Phrase("repeat the value"),
                )
            )
            self._refuse(route)
            return None
        if not isinstance(event, yaml.CollectionStartEvent):
            raise TypeError(f"the parser's grammar has no {type(event).__name__} where a value begins")
        self._refuse_anchor_and_tag(event)
        if self.depth == DEPTH_LIMIT:
            raise Unreadable(
                self._flaw("SPF101", event, Phrase("nested deeper than {depth_limit} levels", depth_limit=DEPTH_LIMIT))
            )
        self.depth += 1
        inside = self._sequence(route) if isinstance(event, yaml.SequenceStartEvent) else self._mapping(route)
        self.depth -= 1
        return inside

    def _sequence(self, route: Route | None) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self.value(event, None if route is None else (*route, len(items)), _start(event)))
        return items

    def _mapping(self, route: Route | None) -> dict[str, Any]:
        entries: dict[str, Any] = {}
        places: dict[str, _Place] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key, place = self._key(event), _start(event)
            if key is None:
                self._refuse(route)
                self.value(next(self.events), None, place)
            elif key in entries:
                message = Phrase("the key {key} is already on line {places}", key=shown(key), places=places[key][0])
                self.flaws.append(self._flaw("SPF102", event, message, Phrase("keep one of the two")))
                self.value(next(self.events), None, place)
            else:
                places[key] = place
                entries[key] = None
                entries[key] = self.value(next(self.events), None if route is None else (*route, key), place)
        return entries

    def _key(self, event: yaml.Event) -> str | None:
        """The key's text; None, with a flaw, for what cannot be a key."""
        if isinstance(event, yaml.ScalarEvent):
            self._refuse_anchor_and_tag(event)
            if event.value == "<<" and not event.style:
                self.flaws.append(
                    self._flaw("SPF108", event, Phrase("the merge key << is refused"), Phrase("repeat the keys"))
                )
                return None
            if (text := scalar(event)) is None:
                self.flaws.append(self._flaw("SPF101", event, Phrase("a key is missing before ':'")))
            return text
        flaw = self._flaw("SPF101", event, Phrase("a key must be a word, not a list, a mapping or an alias"))
        if not isinstance(event, yaml.AliasEvent):
            raise Unreadable(flaw)
        self.flaws.append(flaw)
        return None

    def _refuse(self, route: Route | None) -> None:
        if route is not None:
            self.refused.add(route)

    def _refuse_anchor_and_tag(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> None:
        if event.anchor is not None:
            self.flaws.append(
                self._flaw(
                    "SPF108", event, Phrase("the anchor &{anchor} is refused", anchor=event.anchor), Phrase("delete it")
                )
            )
        if event.tag is not None:
            self.flaws.append(
                self._flaw(
                    "SPF108", event, Phrase("the tag {tag} is refused", tag=shown(event.tag)), Phrase("delete it")
                )
            )

    @staticmethod
    def _flaw(code: str, event: yaml.Event, message: str, hint: str = "") -> Flaw:
        return Flaw(code, *_start(event), message, hint)


def _start(event: yaml.Event) -> _Place:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)  # without a mark only when built by hand
