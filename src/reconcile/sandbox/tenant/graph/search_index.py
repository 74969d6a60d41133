"""The index that advanced queries run on: it follows the directory some seconds behind."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Values = Mapping[str, Any]


@dataclasses.dataclass(slots=True)
class _Entry:
    """What the index shows of an object, and since when it is known to differ from the object."""

    shown: Values
    differs_since: dt.datetime | None = None


class SearchIndex:
    """Shows every object as it was: a new one not at all, a changed one with its old values.

    The index looks at the directory when it is asked, and counts from there.
    """

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}

    def showing(self, objects: Iterable[tuple[Values, bool]], now: dt.datetime, lag: dt.timedelta) -> Iterator[Values]:
        """The index's view of the objects, each given with whether it is old enough to be in it at all."""
        for values, settled in objects:
            entry = self._entries.get(values["id"])
            if entry is None:
                if settled:
                    entry = self._entries[values["id"]] = _Entry(dict(values))
                    yield entry.shown
                continue
            if entry.shown == values:
                entry.differs_since = None
            elif entry.differs_since is None and lag:
                entry.differs_since = now
            elif entry.differs_since is None or now - entry.differs_since >= lag:
                entry.shown, entry.differs_since = dict(values), None
            yield entry.shown
