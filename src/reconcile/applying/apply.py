"""Apply a plan: lock, journal, walk, record. One federation's failure leaves the others running."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import threading
import time
from collections.abc import Iterator, Mapping

from reconcile.applying.events import Listener
from reconcile.applying.outcome import Outcome, Result, Run
from reconcile.applying.pace import Pace
from reconcile.applying.perform import Performer
from reconcile.applying.recorder import Recorder
from reconcile.applying.walk import Walk, Work
from reconcile.clock import Clock
from reconcile.planning.guards.boundary import Boundary
from reconcile.planning.guards.held import held_back
from reconcile.planning.plan.plan import Plan
from reconcile.problem import Problem
from reconcile.providers.base import Provider
from reconcile.state.journal.journal import Journal
from reconcile.state.journal.replay import Journals
from reconcile.state.snapshot.snapshot import Snapshot
from reconcile.state.stores.store import Holder, Store


@dataclasses.dataclass(frozen=True, slots=True)
class Ground:
    """What a run stands on: who writes, where it is remembered, what bounds it, how it is told to stop, and which
    journals count."""

    providers: Mapping[str, Provider]
    store: Store
    snapshots: Mapping[str, Snapshot]
    boundary: Boundary
    clock: Clock
    stop: threading.Event
    journals: type[Journals] = Journals


def apply_plan(plan: Plan, ground: Ground, journal: Journal, holder: Holder, listener: Listener) -> Run:
    """Carry ``plan`` out as far as it is due.

    Raises STA05 (exit 4) when another run holds a federation's lock and STA04 when its state moved since the plan;
    nothing is written then. Every other failure is an outcome of the run.
    """
    began = time.monotonic()
    addresses = [change.address for change in plan.changes] + [found.live.address for found in plan.unrecorded]
    slugs = sorted({address.federation for address in addresses})
    with contextlib.ExitStack() as locks:
        with _told_if_refused(journal):
            for slug in slugs:
                locks.enter_context(ground.store.lock(slug, holder))
            # Whoever held a lock before us may have written since the plan read the state.
            journals = ground.journals.read(journal.path.parent)
            for slug in slugs:
                journals.check_current(ground.snapshots[slug], ground.store.read(slug))
        snapshots = {slug: ground.snapshots[slug] for slug in slugs}
        recorder = Recorder(journal, ground.store, snapshots, ground.clock, ground.journals)
        for found in plan.unrecorded:
            recorder.note(found)
        performer = Performer(
            ground.providers,
            recorder,
            ground.boundary,
            plan.outputs,
            plan.lacking,
            ground.stop,
        )
        walk = Walk(
            Work(plan.changes, plan.blocked, held_back(plan)),
            perform=performer,
            limit=Pace(ground.providers, time.monotonic),
            clock=ground.clock,
            stop=ground.stop,
            listener=listener,
        )
        outcomes = walk.run()
        recorder.close(_tally(outcomes))
    stopped = any(outcome.result is Result.NOT_STARTED for outcome in outcomes)
    return Run(journal.run, outcomes, time.monotonic() - began, interrupted=stopped)


@contextlib.contextmanager
def _told_if_refused(journal: Journal) -> Iterator[None]:
    """A run that may not begin says in its journal that it did nothing, lest it be taken for one that was killed."""
    try:
        yield
    except Problem:
        with contextlib.suppress(Problem):
            journal.end(_tally(()))
        raise


def _tally(outcomes: tuple[Outcome, ...]) -> dict[str, int]:
    counts = collections.Counter(outcome.result for outcome in outcomes)
    return {result.value: counts[result] for result in Result}
