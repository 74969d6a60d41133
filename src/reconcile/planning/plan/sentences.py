"""The sentences of a plan, as its file keeps what they were made of."""

from __future__ import annotations

from collections.abc import Iterator

from reconcile.planning.plan.plan import Plan


def sentences_in(plan: Plan) -> Iterator[str]:
    """All that say why."""
    yield from (one.reason for one in plan.blocked)
    yield from (one.sentence for one in plan.findings)
    yield from (one.why for one in plan.left_out)
    yield from (one.note for one in plan.changes)
    for gate in plan.gates:
        yield from (gate.why, gate.hint)
