"""Some copies of the list, by what people call them: in Python, and as a condition of a query."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence


@dataclasses.dataclass(frozen=True, slots=True)
class Choice:
    """``names``: a federation (``spf55``), an old or new address (``contact@spf55.org``) or a key; all copies without
    any."""

    names: tuple[str, ...] = ()

    def includes(self, key: str, destination: str) -> bool:
        called = {key, key.partition("/")[0], key.rpartition("/")[2], destination}
        return not self.names or any(name in called for name in self.names)

    @property
    def condition(self) -> str:
        """The same of a row of ``job``, with a ``?`` for each of the ``values``."""
        return _any_of([_condition(name) for name in self.names]) if self.names else "1=1"

    @property
    def values(self) -> list[str | int]:
        return [value for name in self.names for value in _values(name)]


EVERYTHING = Choice()


def _condition(name: str) -> str:
    whole = "key=? OR destination=?"
    return f"({whole})" if "/" in name else f"({whole} OR substr(key, 1, ?)=? OR substr(key, length(key)-?)=?)"


def _values(name: str) -> list[str | int]:
    length = len(name)
    parts: list[str | int] = [] if "/" in name else [length + 1, f"{name}/", length, f"/{name}"]
    return [name, name, *parts]


def _any_of(conditions: Sequence[str]) -> str:
    """Paired, for SQLite takes no more than a thousand in a row."""
    if len(conditions) == 1:
        return conditions[0]
    half = len(conditions) // 2
    return f"({_any_of(conditions[:half])} OR {_any_of(conditions[half:])})"
