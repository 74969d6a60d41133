"""The engine by itself, without any service: ``python -m bench.engine.alone plan PROJECT`` or ``… apply CHANGES``.

Prints processor seconds. Each is a process of its own, so that none profits from what another has warmed up.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from tests.applying.memory import Site, World, mailbox

from reconcile.applying.apply import Ground, apply_plan
from reconcile.applying.outcome import Result
from reconcile.garbage_collection import tune_garbage_collection
from reconcile.planning.guards.boundary import Boundary
from reconcile.planning.inputs import Inputs
from reconcile.planning.plan import planfile
from reconcile.planning.planner import make_plan
from reconcile.providers.base import ABSENT, Observation, Provider, Scope
from reconcile.state.durable import replace_file
from reconcile.state.journal.journal import Journal
from reconcile.state.stores.store import Holder

_PER_FEDERATION = 100


class Nothing:
    """A world that holds none of what it is asked about."""

    def observe(self, scope: Scope) -> Observation:
        return Observation({wanted.address: ABSENT for wanted in scope.wanted})


def plan(project: Path) -> float:
    """Parse, validate, compare and write the plan that creates everything: the largest plan there is."""
    os.chdir(project)
    began = time.process_time()
    # Imported here: reading the modules is part of the price.
    from reconcile.config.load import load_federations
    from reconcile.config.settings.load import load_settings
    from reconcile.resources.desired.federations import compile_federations, declared_domains

    federations = load_federations(Path("federations")).select(())
    desired = compile_federations(federations, load_settings([Path("reconcile.toml")]), dt.datetime.now(dt.UTC))
    inputs = Inputs(desired, {}, frozenset(), declared_domains(federations), {}, partial=False)
    readers = dict.fromkeys(("microsoft", "dns", "copies"), Nothing())
    made = make_plan(inputs, readers, dt.datetime.now(dt.UTC), "bench")
    replace_file(Path("plan.json"), planfile.pieces(made))
    return time.process_time() - began


def apply(changes: int) -> float:
    """Carry out that many creations in a world that costs nothing: journal, order, state."""
    with tempfile.TemporaryDirectory() as folder:
        site = Site(Path(folder), World())
        wanted = [mailbox(f"box{n}@spf{n // _PER_FEDERATION:03d}.org") for n in range(changes)]
        planned = site.plan(wanted)
        providers = {"microsoft": Provider("microsoft", site.world, site.world)}
        boundary = Boundary({resource.address.key.rpartition("@")[2] for resource in wanted}, ())
        ground = Ground(providers, site.store, site.snapshots, boundary, site.clock, threading.Event())
        began = time.process_time()
        with Journal.create(site.folder / "runs", "bench", {}, site.clock) as journal:
            run = apply_plan(planned, ground, journal, Holder("bench", "bench", "here", 1, ""), lambda _: None)
        spent = time.process_time() - began
    if run.tally[Result.DONE] != changes:
        raise RuntimeError(f"the run did not do everything: {run.tally}")
    return spent


if __name__ == "__main__":
    tune_garbage_collection()
    tasks: dict[str, Callable[[str], float]] = {
        "plan": lambda project: plan(Path(project)),
        "apply": lambda n: apply(int(n)),
    }
    print(tasks[sys.argv[1]](sys.argv[2]))
