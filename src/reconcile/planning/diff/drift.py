"""Drift: what the world shows against what we last wrote, whatever YAML says by now. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping

from reconcile.planning.diff.diff import differs
from reconcile.providers.base import Observed, Unknown
from reconcile.resources.address import Address
from reconcile.resources.kinds import KINDS
from reconcile.resources.resource import Live, Value
from reconcile.state.snapshot.snapshot import Record


@dataclasses.dataclass(frozen=True, slots=True)
class Drifted:
    """One field that is no longer as we left it. ``name`` is "" when the whole resource is gone.

    ``since``: when we last wrote it and saw it right (ISO 8601, UTC).
    """

    address: Address
    name: str
    recorded: Value
    live: Value
    since: str


@dataclasses.dataclass(frozen=True, slots=True)
class Drift:
    """All that drifted, and what could not be told. ``unknown``: address → reason."""

    fields: tuple[Drifted, ...]
    unknown: Mapping[Address, str]


def find_drift(
    records: Iterable[Record], observed: Mapping[Address, Observed], described: Collection[Address]
) -> Drift:
    """Compare each record with what the world shows; only recorded fields count: YAML may not manage the others.

    ``described``: what YAML still names. What it names no longer may be gone: that is what it asks.
    """
    drifted: list[Drifted] = []
    unknown: dict[Address, str] = {}
    for record in sorted(records, key=lambda one: one.address):
        shown = observed[record.address]
        if isinstance(shown, Unknown):
            unknown[record.address] = shown.reason
        elif isinstance(shown, Live):
            drifted += _fields(record, shown)
        elif record.address in described:
            drifted.append(Drifted(record.address, "", None, None, record.applied_at))
    return Drift(tuple(drifted), unknown)


def _fields(record: Record, live: Live) -> list[Drifted]:
    declared = KINDS[record.address.kind].fields
    visible = {name: value for name, value in record.fields.items() if name in declared and declared[name].in_the_world}
    return [
        Drifted(record.address, name, recorded, live.fields.get(name), record.applied_at)
        for name, recorded in visible.items()
        if differs(declared[name], live.fields.get(name), recorded)
    ]
