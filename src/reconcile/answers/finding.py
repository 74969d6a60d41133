"""What is said of a returned file: where, what was read, what was understood, and whether somebody must answer."""

from __future__ import annotations

import dataclasses
from typing import Generic, Literal, TypeVar

#: corrected: understood without doubt. confirm: understood, to be confirmed. error: not understood, nothing is taken.
Level = Literal["corrected", "confirm", "error"]
ORDER: dict[Level, int] = {"error": 0, "confirm": 1, "corrected": 2}

T = TypeVar("T")


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """``cell``: such as D17, "" for the whole file or a row that is missing. ``address``: whose row. ``sentence``: in
    French, for whoever filled it in."""

    code: str
    level: Level
    sentence: str
    sheet: str = ""
    cell: str = ""
    address: str = ""
    read: str = ""
    understood: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Said:
    """A remark on one cell, before its place is known."""

    code: str
    level: Level
    sentence: str


@dataclasses.dataclass(frozen=True, slots=True)
class Understood(Generic[T]):
    """``value``: None when nothing was understood, and then ``said`` holds an error, or when the cell is empty.
    ``rest``: what was in the cell beside it, for the remarks."""

    value: T | None = None
    said: tuple[Said, ...] = ()
    rest: str = ""
