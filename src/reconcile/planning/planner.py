"""Make a plan: observe in bulk, compare three ways, order, and say what cannot be told.

Handed readers only: nothing here can write.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from reconcile.language.phrase import Phrase
from reconcile.planning.compare import compare
from reconcile.planning.guards.staleness import LIFETIME
from reconcile.planning.inputs import Inputs
from reconcile.planning.observe import observe
from reconcile.planning.order.behind import spared, without_dependants
from reconcile.planning.order.order import ordered
from reconcile.planning.order.seats import allocate
from reconcile.planning.plan.plan import Blocked, Change, Plan
from reconcile.planning.splits import latecomers, splits
from reconcile.providers.base import Observed, Reader
from reconcile.resources.address import Address
from reconcile.resources.resource import Live, Reference, Value


def make_plan(inputs: Inputs, readers: Mapping[str, Reader], now: dt.datetime, tool: str) -> Plan:
    """Compare ``inputs`` with the world as ``readers`` (by provider name) show it at ``now``."""
    records = inputs.records
    observation = observe(inputs, readers)
    observed = observation.observed
    found = compare(inputs, observed, now)
    allowed, blocked = _block_dependants(found.changes, found.blocked)
    allowed = _kept_apart([spared(change, blocked) for change in allowed], found.apart, now + LIFETIME)
    seats = allocate(allowed, observation.seats)
    open_ = {change.address for change in allowed} | set(blocked)
    return Plan(
        created=now,
        expires=now + LIFETIME,
        tool=tool,
        basis=inputs.basis,
        changes=ordered(allowed, seats.waits),
        blocked=tuple(sorted(blocked.values(), key=lambda one: one.address)),
        unchanged=found.unchanged,
        unmanaged=tuple(sorted(observation.unmanaged)),
        outputs=_outputs_used(allowed, observed),
        partial=inputs.partial,
        seats=seats.counts,
        unrecorded=tuple(found.unrecorded),
        splits=tuple(splits(inputs.desired, records, observed, open_, now)),
        late=tuple(latecomers(inputs.desired, records, observed, open_, now)),
        findings=tuple(sorted(observation.findings, key=lambda one: (one.federation, one.domain))),
    )


def _block_dependants(
    changes: Iterable[Change], blocked: Mapping[Address, Blocked]
) -> tuple[list[Change], dict[Address, Blocked]]:
    """Set aside every change that depends, directly or not, on a resource about which nothing is known."""
    kept, needs = without_dependants(changes, blocked)
    stopped = dict(blocked)
    for address, culprit in needs.items():
        root = stopped[culprit].because or culprit
        stopped[address] = Blocked(address, stopped[root].reason, because=root)
    return kept, stopped


def _kept_apart(
    changes: Sequence[Change], apart: Mapping[Address, Sequence[Address]], expires: dt.datetime
) -> list[Change]:
    """The changes, those that must not share a run with another put off until this plan has expired."""
    present = {change.address for change in changes}
    result = []
    for change in changes:
        other = next((address for address in apart.get(change.address, ()) if address in present), None)
        if other is None or change.due is None or change.due >= expires:
            result.append(change)
        else:
            result.append(
                dataclasses.replace(
                    change, due=expires, note=Phrase("never in the same apply as {other}", other=other.key)
                )
            )
    return result


def _outputs_used(
    changes: Iterable[Change], observed: Mapping[Address, Observed]
) -> dict[Address, Mapping[str, Value]]:
    outputs: dict[Address, Mapping[str, Value]] = {}
    for change in changes:
        for value in change.wanted.values():
            if isinstance(value, Reference):
                shown = observed.get(value.address)
                if isinstance(shown, Live) and shown.referable:
                    outputs[value.address] = shown.referable
    return outputs
