"""One run under way: its name, its journal, its signals and its deadline."""

from __future__ import annotations

import dataclasses
import secrets
import subprocess
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

from reconcile.cli.session.session import Session
from reconcile.cli.session.signals import graceful_shutdown

if TYPE_CHECKING:
    from reconcile.applying.outcome import Run
    from reconcile.cli.apply.output import ApplyOutput
    from reconcile.cli.wiring.prepare import Prepared
    from reconcile.planning.plan.plan import Plan
    from reconcile.providers.base import Provider


@dataclasses.dataclass(frozen=True)
class Chosen:
    """What is to be applied. ``digest`` is the reviewed plan's, whole; ``stale``: part of it may not be applied."""

    plan: Plan
    prepared: Prepared
    digest: str
    reviewed: bool
    stale: bool = False


def carry_out(
    session: Session, chosen: Chosen, found: Mapping[str, Provider], output: ApplyOutput, deadline: float | None
) -> Run:
    """Apply what was chosen, journalled under a name of its own. After ``deadline`` seconds nothing more is started."""
    from reconcile.applying.apply import Ground, apply_plan
    from reconcile.cli.wiring.holder import holder_of
    from reconcile.cli.wiring.store import journals_of, store, with_lineage
    from reconcile.config.inventory.logins import NO_LOGINS
    from reconcile.garbage_collection import tune_for_carrying_out
    from reconcile.planning.guards.boundary import Boundary
    from reconcile.state.journal.journal import Journal, new_run_id

    plan, prepared = chosen.plan, chosen.prepared
    tune_for_carrying_out()
    stop = threading.Event()
    snapshots = with_lineage(session, prepared.snapshots)
    owners, protected = frozenset(prepared.inputs.owners), frozenset(session.settings.protected)
    boundary = Boundary(
        owners, protected, prepared.former_domains, prepared.inputs.logins or NO_LOGINS, prepared.inputs.owners
    )
    ground = Ground(found, store(session, stop.set), snapshots, boundary, session.clock, stop, journals_of(session))
    run_id = new_run_id(session.clock, secrets.token_hex(3))
    holder = holder_of(session, run_id, "apply")
    provenance = _provenance(session)
    header = {"who": holder.who, "host": holder.host, "plan": chosen.digest, "tool": plan.tool, **provenance}
    with Journal.create(session.state / "runs", run_id, header, session.clock) as journal:
        alarm = threading.Timer(deadline or 0.0, stop.set)
        if deadline:
            alarm.start()
        try:
            with graceful_shutdown(stop.set), output.following(plan) as listener:
                return apply_plan(plan, ground, journal, holder, listener)
        finally:
            alarm.cancel()


def _provenance(session: Session) -> dict[str, str]:
    """The commit and the pipeline a run comes from, as far as they can be known."""
    try:
        asked = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
        commit = asked.stdout.strip() if asked.returncode == 0 else ""
    except OSError:
        commit = ""
    return {"commit": commit, "pipeline": session.pipeline}
