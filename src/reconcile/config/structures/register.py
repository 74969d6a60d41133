"""What PopStructure said of every structure on one day. Pure."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args

from reconcile.config.federation.structure import Structure

#: What is kept of a structure; the keys of a federation file's ``structures:``.
Fact = Literal["name", "street", "postal_code", "city", "website", "networks"]
FACTS: tuple[Fact, ...] = get_args(Fact)

#: Without one of these a letter to the structure, or a signature, names no place.
POSTAL: tuple[Fact, ...] = ("street", "postal_code", "city")


@dataclasses.dataclass(frozen=True, slots=True)
class RegisteredStructure:
    """One structure. ``code``: PopStructure's whole code, "" when the export holds only numbers; ``department``: as it
    says it ("055"), or "". ``facts``: those the export has a column for; None where the cell is empty."""

    number: int
    code: str = ""
    department: str = ""
    facts: Mapping[Fact, str | None] = dataclasses.field(default_factory=dict)

    def lacks(self, facts: Iterable[Fact]) -> tuple[Fact, ...]:
        """Which of these are not known of it."""
        return tuple(fact for fact in facts if not self.facts.get(fact))


@dataclasses.dataclass(frozen=True, slots=True)
class Register:
    """A dated reading. ``taken``: the moment, UTC, whole seconds. ``source``: what it was read from. ``columns``: the
    facts the export has a column for; the others are not known of any structure."""

    taken: dt.datetime
    source: str
    columns: tuple[Fact, ...]
    structures: Mapping[int, RegisteredStructure]


def places(own: Iterable[Structure], register: Register | None) -> Mapping[int, Structure]:
    """What is shown of each structure: what the register says, and over it what a federation's file does."""
    found: dict[int, Structure] = {}
    if register is not None:
        found = {number: _structure(one) for number, one in register.structures.items()}
    for written in own:
        known = found.get(written.atrium_id)
        said = {name: getattr(written, name) for name in written.model_fields_set}
        found[written.atrium_id] = known.model_copy(update=said) if known else written
    return found


def _structure(one: RegisteredStructure) -> Structure:
    # Each fact was checked as the models check it when it was read.
    said: dict[str, Any] = dict(one.facts.items())
    return Structure.model_construct(_fields_set={"atrium_id", *said}, atrium_id=one.number, **said)
