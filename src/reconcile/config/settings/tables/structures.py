"""The table [structures] of reconcile.toml: where the structures of the network are read from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from reconcile.config.settings.tables.table import Name, Table

_Titles = Annotated[
    tuple[Name, ...],
    BeforeValidator(lambda written: (written,) if isinstance(written, str) else written),
    Field(min_length=1),
]


class StructuresCsv(Table):
    file: Path
    """PopStructure's export as CSV, relative to reconcile.toml."""
    columns: dict[Literal["code", "name", "street", "postal_code", "city", "website", "networks"], _Titles] = Field(
        default_factory=dict
    )
    """The titles of its columns, when they are not the usual ones; several make one line."""


class StructureSources(Table):
    """Where the structures are read from, by reconcile structures read (docs/structures.md)."""

    csv: StructuresCsv | None = None
    """A file somebody exported from PopStructure."""
