"""What the board shows, read from the files, the state and the list of copies; nothing outside is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reconcile import __version__
from reconcile.cli.session.session import Session
from reconcile.cli.wiring.statuses import copies_of, statuses_of
from reconcile.problem import Problem

if TYPE_CHECKING:
    from reconcile.config.federation.federation import Federation
    from reconcile.config.inventory.inventory import Inventory
    from reconcile.mailcopy.queue.forecast import Remaining
    from reconcile.mailcopy.queue.jobs import Job
    from reconcile.planning.status import FederationStatus
    from reconcile.views.board.model import Board, Entry, SavedPlan

#: Where saved plans are, of which the newest is shown.
PLANS = Path("plans")


def gather(session: Session, plan: Path | None = None) -> Board:
    """The board as it is now. ``plan``: the saved plan to show; None for the newest in plans/.

    Raises ``Problem`` when the settings, the folder of federations or the journals cannot be read; what is wrong with
    one federation is told in its place.
    """
    from reconcile.clock import SystemClock
    from reconcile.config.load import load_federations
    from reconcile.config.rules.criteria import Criteria
    from reconcile.mailcopy.queue.forecast import forecast
    from reconcile.state.journal.runs import run_records
    from reconcile.views.board.model import Board

    loaded = load_federations(
        session.federations, Criteria(protected=session.settings.protected, register=session.register)
    )
    runs, jobs = tuple(run_records(session.state / "runs")), copies_of(session)
    rates = _rates(session) if jobs else {}
    # Copies go by the machine's own clock, whatever day is played.
    copying_now = SystemClock().now().timestamp()
    left = forecast(jobs, rates, copying_now)
    known = {one.slug: one for one in loaded.federations}
    rows = statuses_of(session, loaded, {path.stem for path in loaded.paths}, runs, jobs)
    inventories = session.inventory_folder.newest_of(known)
    return Board(
        now=session.clock.now().astimezone(session.zone),
        copying_now=copying_now,
        batches=session.settings.batches,
        entries=tuple(_entry(session, row, known.get(row.federation), inventories, jobs, left) for row in rows),
        rates=rates,
        runs=runs,
        plan=_saved_plan(plan),
        tool=f"reconcile {__version__}",
    )


def _entry(
    session: Session,
    row: FederationStatus,
    federation: Federation | None,
    inventories: Mapping[str, Inventory | Problem],
    jobs: Sequence[Job],
    left: Mapping[str, Remaining],
) -> Entry:
    from reconcile.config.cost import cost_of
    from reconcile.planning.batches.weights import weigh
    from reconcile.resources.milestones import milestones
    from reconcile.views.board.model import Entry

    mine = tuple(job for job in jobs if job.key.startswith(f"{row.federation}/"))
    theirs = {job.key: left[job.key] for job in mine if job.key in left}
    if federation is None:
        return Entry(row, jobs=mine, left=theirs)
    date, settings = federation.file.migration.date, session.settings
    return Entry(
        row,
        weigh(federation, inventories.get(federation.slug)),
        milestones(date, settings.calendar) if date else None,
        cost_of(federation.file, settings.prices, date or session.today),
        mine,
        theirs,
    )


def _rates(session: Session) -> Mapping[str, Sequence[int]]:
    from reconcile.cli.wiring.copies import copy_jobs

    return copy_jobs(session).rates()


def _saved_plan(path: Path | None) -> SavedPlan | None:
    """The plan to show, or why it cannot be; None when none is saved."""
    from reconcile.planning.plan.planfile import document, load
    from reconcile.views.board.model import SavedPlan

    if path is None and (path := _newest(PLANS)) is None:
        return None
    try:
        plan = load(path)
    except Problem as problem:
        return SavedPlan(str(path), why=problem.message)
    return SavedPlan(str(path), str(document(plan)["digest"]), plan)


def _newest(folder: Path) -> Path | None:
    try:
        found = [path for path in folder.glob("*.json") if path.is_file() and not path.is_symlink()]
        return max(found, key=lambda path: path.stat().st_mtime, default=None)
    except OSError:
        return None
