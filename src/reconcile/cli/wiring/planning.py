"""The plan of what was prepared: the world read, the gates judged, the licences costed."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from reconcile import __version__
from reconcile.cli.session.session import Session

if TYPE_CHECKING:
    from reconcile.cli.wiring.prepare import Prepared
    from reconcile.planning.gates.gate import Gate
    from reconcile.planning.plan.plan import Plan
    from reconcile.providers.base import Finding, Reader


def observe_and_plan(session: Session, prepared: Prepared, readers: Mapping[str, Reader]) -> Plan:
    """Read the world and compare; judge the gates; say what the licences cost."""
    from reconcile.planning.costs import concerned
    from reconcile.planning.costs import costs as costs_of
    from reconcile.planning.plan.plan import licensed
    from reconcile.planning.planner import make_plan

    plan = make_plan(prepared.inputs, readers, session.clock.now(), f"reconcile {__version__}")
    costs = concerned(costs_of(prepared.federations, session.settings.prices, session.today), licensed(plan.changes))
    gates = closed_gates(session, prepared, plan.findings)
    return dataclasses.replace(plan, gates=gates, costs=costs, left_out=tuple(prepared.left_out))


def observe_and_plan_targets(
    session: Session, prepared: Prepared, readers: Mapping[str, Reader], targets: Sequence[str]
) -> Plan:
    """The plan of what the targets name and needs changing, with its prerequisites; of everything without targets.

    Where the targets alone can tell, they are read first: only when there is something to change is the rest read.
    """
    from reconcile.planning.narrowing import narrowed
    from reconcile.planning.plan.targets import restrict

    if (alone := narrowed(prepared.inputs, targets)) is not None:
        plan = restrict(observe_and_plan(session, dataclasses.replace(prepared, inputs=alone), readers), targets)
        if plan.empty:
            return plan
    return restrict(observe_and_plan(session, prepared, readers), targets)


def closed_gates(session: Session, prepared: Prepared, findings: Sequence[Finding]) -> tuple[Gate, ...]:
    """The gates that do not hold at this moment, of the federations that have not passed them yet. ``findings``: what
    the tenant itself has against them."""
    from reconcile.cli.wiring.gating import judged, still_to_hold
    from reconcile.providers.base import SETTINGS_CHECK

    against: dict[str, list[str]] = {}
    for one in findings:
        if one.check == SETTINGS_CHECK:
            against.setdefault(one.federation, []).append(one.sentence)
    found = judged(session, prepared.federations, prepared.everyone, against)
    return still_to_hold(found, prepared.snapshots, prepared.inputs.interrupted, prepared.rolled_back)
