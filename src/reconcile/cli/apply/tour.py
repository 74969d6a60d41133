"""What one round of ``reconcile day`` met, and how that is told."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from reconcile.cli.session.exits import DONE, PARTLY_APPLIED, REFUSED
from reconcile.cli.session.session import Session
from reconcile.language.phrase import Phrase

if TYPE_CHECKING:
    from reconcile.applying.outcome import Run
    from reconcile.planning.gates.gate import Gate
    from reconcile.planning.plan.plan import Plan
    from reconcile.resources.address import Address

#: What trouble is filed under that is not one federation's.
ALL = Phrase("the batch")


@dataclasses.dataclass
class Tour:
    """What one round over the batch met: federation → in what trouble it is, and which its gates hold back."""

    trouble: dict[str, str] = dataclasses.field(default_factory=dict)
    held: dict[str, str] = dataclasses.field(default_factory=dict)
    interrupted: bool = False

    @property
    def unsettled(self) -> Collection[str] | None:
        """Whom another attempt is about; None: everybody, for nobody knows who was met by what went wrong."""
        return None if ALL in self.trouble else self.trouble.keys() | self.held.keys()


def note_held(held: Mapping[Address, Sequence[Gate]], plan: Plan, tour: Tour, now: dt.datetime) -> None:
    """Whom a gate keeps from something that is due now."""
    from reconcile.resources.milestones import due_now

    for change in plan.changes:
        if change.address in held and due_now(change.due, now):
            gate = held[change.address][-1]
            tour.held[change.address.federation] = Phrase("{code} {why}", code=gate.code, why=gate.why)


def note(run: Run, tour: Tour) -> None:
    from reconcile.applying.outcome import Result

    tour.interrupted = run.interrupted
    for outcome in run.outcomes:
        slug = outcome.change.address.federation
        if outcome.result is Result.FAILED:
            why = outcome.problem or Phrase("it failed")
            tour.trouble.setdefault(slug, Phrase("{address}: {why}", address=outcome.change.address, why=why))


def tell(session: Session, tour: Tour, last: Tour) -> None:
    """What is new since the round before."""
    for slug, what in tour.trouble.items():
        if last.trouble.get(slug) != what:
            session.warn(Phrase("✗ {slug}: {what}", slug=slug, what=what))
    for slug, why in tour.held.items():
        if last.held.get(slug) != why:
            session.warn(Phrase("■ {slug} is held back: {why}", slug=slug, why=why))
    for slug in last.trouble.keys() - tour.trouble.keys() - tour.held.keys():
        session.warn(Phrase("✓ {slug} goes on.", slug=slug))


def ended(session: Session, tour: Tour) -> int:
    if tour.trouble:
        session.warn(
            Phrase("Still in trouble: {trouble}. See: reconcile status", trouble=", ".join(sorted(tour.trouble)))
        )
        return PARTLY_APPLIED
    if tour.held:
        session.warn(
            Phrase("Held back by their gates: {held}. See: reconcile status", held=", ".join(sorted(tour.held)))
        )
        return REFUSED
    session.warn("All that is due is done.")
    return DONE
