"""What changed in PopStructure between two readings: a structure made since, one gone, one that moved house. Pure."""

from __future__ import annotations

import dataclasses

from reconcile.config.structures.register import FACTS, Fact, Register, RegisteredStructure


@dataclasses.dataclass(frozen=True, slots=True)
class Difference:
    """One fact of a structure that is not what it was; known both times, even if as empty."""

    number: int
    fact: Fact
    before: str | None
    after: str | None


@dataclasses.dataclass(frozen=True, slots=True)
class Comparison:
    """``appeared``, ``gone``: structures, by their number. ``changed``: facts both readings have a column for."""

    before: Register
    after: Register
    appeared: tuple[RegisteredStructure, ...]
    gone: tuple[RegisteredStructure, ...]
    changed: tuple[Difference, ...]

    @property
    def same(self) -> bool:
        return not (self.appeared or self.gone or self.changed)


def compare(before: Register, after: Register) -> Comparison:
    """What became of ``before``."""
    older, newer = before.structures, after.structures
    changed = (
        Difference(number, fact, older[number].facts[fact], newer[number].facts[fact])
        for number in sorted(older.keys() & newer.keys())
        for fact in FACTS
        if fact in older[number].facts and fact in newer[number].facts
    )
    return Comparison(
        before,
        after,
        appeared=tuple(newer[number] for number in sorted(newer.keys() - older.keys())),
        gone=tuple(older[number] for number in sorted(older.keys() - newer.keys())),
        changed=tuple(one for one in changed if one.before != one.after),
    )
