"""A returned file as plain values: sheets of cells, with the marks people leave on them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal

CellKind = Literal["text", "number", "date", "flag", "error", "formula"]

#: Row and column, from 0.
Place = tuple[int, int]


@dataclasses.dataclass(frozen=True, slots=True)
class Cell:
    """``kind`` formula: a formula of which the file does not hold the value. ``shown``: what the cell's format makes of
    a number, when that is something else."""

    text: str
    kind: CellKind = "text"
    shown: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Grid:
    """One sheet. ``struck``: cells struck through as a whole. ``hidden``: rows not shown, by hand or by a filter.
    ``merges``: first row, first column, last row, last column. Empty cells are not in ``cells``."""

    name: str
    cells: Mapping[Place, Cell]
    visible: bool = True
    struck: frozenset[Place] = frozenset()
    hidden: frozenset[int] = frozenset()
    notes: Mapping[Place, str] = dataclasses.field(default_factory=dict)
    merges: tuple[tuple[int, int, int, int], ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Returned:
    """``shape``: xlsx, xls, xlsb, ods or csv. ``properties``: the custom ones. ``macros``: it holds some. ``unmarked``:
    why strikes, notes and hidden rows could not be read; "" when they were."""

    shape: str
    grids: tuple[Grid, ...]
    properties: Mapping[str, str] = dataclasses.field(default_factory=dict)
    macros: bool = False
    unmarked: str = ""


class Refused(Exception):
    """The file is not read. ``code``: its WBK code; ``sentence``: why, in French, for whoever sent it."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


def encode(returned: Returned) -> dict[str, Any]:
    """As JSON takes it."""
    return {
        "shape": returned.shape,
        "properties": dict(returned.properties),
        "macros": returned.macros,
        "unmarked": returned.unmarked,
        "grids": [
            {
                "name": grid.name,
                "visible": grid.visible,
                "cells": [[*at, one.text, one.kind, one.shown] for at, one in grid.cells.items()],
                "struck": sorted(grid.struck),
                "hidden": sorted(grid.hidden),
                "notes": [[*at, text] for at, text in grid.notes.items()],
                "merges": grid.merges,
            }
            for grid in returned.grids
        ],
    }


def decode(document: Mapping[str, Any]) -> Returned:
    """What ``encode`` wrote. Raises KeyError, TypeError or ValueError for anything else."""
    grids = tuple(
        Grid(
            name=str(one["name"]),
            visible=bool(one["visible"]),
            cells={(int(r), int(c)): Cell(str(text), kind, str(shown)) for r, c, text, kind, shown in one["cells"]},
            struck=frozenset((int(r), int(c)) for r, c in one["struck"]),
            hidden=frozenset(map(int, one["hidden"])),
            notes={(int(r), int(c)): str(text) for r, c, text in one["notes"]},
            merges=tuple((int(a), int(b), int(c), int(d)) for a, b, c, d in one["merges"]),
        )
        for one in document["grids"]
    )
    properties = {str(name): str(value) for name, value in document["properties"].items()}
    return Returned(str(document["shape"]), grids, properties, bool(document["macros"]), str(document["unmarked"]))
