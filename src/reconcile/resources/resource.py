"""What a resource looks like: as asked for (desired) and as the world shows it (live)."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from pathlib import PurePath
from typing import Self

from reconcile.config.federation.federation import Federation, Mark, Route
from reconcile.resources.address import Address

#: A field's value. Sets are sorted tuples of text.
Value = str | bool | int | None | tuple[str, ...]


#: The output every resource with an immutable id has.
IDENTITY = "identity"


@dataclasses.dataclass(frozen=True, slots=True)
class Reference:
    """A value only another resource's outside system can tell (Microsoft assigns the MX host, for one).

    ``output`` names an entry of the *outputs* of the live resource at ``address``, or is IDENTITY: its immutable id.
    """

    address: Address
    output: str


@dataclasses.dataclass(frozen=True, slots=True)
class Origin:
    """The place in a federation file a resource comes from; line and column start at 1."""

    path: PurePath
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """Where in a federation's file a resource is written: at the first of ``routes`` that is there.

    The line is looked up when it is asked for. That reads the file a second time, and nearly every resource is as it
    should be.
    """

    path: PurePath
    routes: tuple[Route, ...]
    marks: Mapping[Route, Mark] = dataclasses.field(compare=False, repr=False)

    @classmethod
    def of(cls, federation: Federation, *routes: Route) -> Self:
        return cls(federation.path, routes, federation.marks)

    @property
    def origin(self) -> Origin | None:
        """The line and column of its key; None when none of the routes is in the file."""
        found = next((self.marks[route] for route in self.routes if route in self.marks), None)
        return Origin(self.path, found.key_line, found.key_column) if found else None


@dataclasses.dataclass(frozen=True, slots=True)
class Desired:
    """What YAML asks of one resource. A field that is not in ``fields`` is not managed.

    ``after``: resources that must be right before this one is touched. ``due``: the moment from which it may be
    carried out; None means at once. ``formerly``: the address it was recorded under before it was renamed.
    ``behind``: resources whose turn comes first, whether they succeed or not; ``spare``: so many mailboxes of them may
    be missing, and one more holds this one back. ``apart``: never changed by the run that changes one of these.
    """

    address: Address
    fields: Mapping[str, Value | Reference]
    after: tuple[Address, ...] = ()
    due: dt.datetime | None = None
    place: Place | None = None
    formerly: Address | None = None
    behind: tuple[Address, ...] = ()
    spare: int = 0
    apart: tuple[Address, ...] = ()

    @property
    def origin(self) -> Origin | None:
        """Where it is written, for whoever shows it."""
        return self.place.origin if self.place else None


@dataclasses.dataclass(frozen=True, slots=True)
class Live:
    """What the world shows of one resource.

    ``identity``: the outside system's own immutable id ("" when it has none). ``outputs``: facts only the outside
    system knows, that other resources may refer to. ``context``: what a view may show beside a change (a whole SPF
    record), never compared. ``owner``: the federation whose mark of ownership the object bears, "" without one.
    """

    address: Address
    fields: Mapping[str, Value]
    identity: str = ""
    outputs: Mapping[str, Value] = dataclasses.field(default_factory=dict)
    context: Mapping[str, Value] = dataclasses.field(default_factory=dict)
    owner: str = dataclasses.field(default="", compare=False)

    @property
    def referable(self) -> Mapping[str, Value]:
        """What other resources may refer to: its outputs, and its identity when it has one."""
        return {**self.outputs, IDENTITY: self.identity} if self.identity else self.outputs
