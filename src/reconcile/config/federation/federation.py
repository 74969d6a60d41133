"""A loaded federation: the typed file, where it stands, and the line of everything in it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from reconcile.config.federation.models import FederationFile
from reconcile.config.federation.structure import Structure

#: The way to a value in the file, as keys and list positions: ("mailboxes", "a@spf55.org", "aliases", 0).
Route = tuple[str | int, ...]


class Mark(NamedTuple):
    """Line and column of a value and, for a mapping's entry, of its key. All start at 1."""

    line: int
    column: int
    key_line: int
    key_column: int


@dataclasses.dataclass(frozen=True, slots=True)
class Federation:
    """One federation file, valid in shape.

    ``slug`` is the name used everywhere, which is also the file's stem: ``spf55``. In ``marks`` a mailbox goes by its
    address in lower case, as in ``file``.
    """

    slug: str
    path: Path
    file: FederationFile
    marks: Mapping[Route, Mark]
    digest: str  # SHA-256 of the file's bytes, hexadecimal
    #: The structures by their number: as PopStructure has them, and over that as the file does.
    places: Mapping[int, Structure] = dataclasses.field(default_factory=dict)

    @property
    def domains(self) -> tuple[str, ...]:
        """The federation's domain, then its subdomains."""
        return (self.file.domain, *self.file.subdomains)


_START = Mark(1, 1, 1, 1)


def nearest(marks: Mapping[Route, Mark], route: Route) -> Mark:
    """The mark of ``route``, or of the closest thing around it that is written in the file."""
    while route and route not in marks:
        route = route[:-1]
    return marks.get(route, _START)
