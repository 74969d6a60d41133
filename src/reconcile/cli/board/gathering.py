"""What the board shows, read from the files, the state and the list of copies; nothing outside is asked."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reconcile import __version__
from reconcile.cli.session.session import SANDBOX_FOLDER, Session
from reconcile.cli.wiring.statuses import copies_of, statuses_of
from reconcile.problem import Problem
from reconcile.state.journal.runs import RunRecord, run_records

if TYPE_CHECKING:
    from reconcile.config.federation.federation import Federation
    from reconcile.config.inventory.inventory import Inventory
    from reconcile.config.load import Loaded
    from reconcile.mailcopy.queue.forecast import Remaining
    from reconcile.mailcopy.queue.jobs import Job
    from reconcile.planning.status import FederationStatus
    from reconcile.views.board.model import Board, Entry, SavedPlan

#: Where saved plans are, of which the newest is shown.
PLANS = Path("plans")
#: Seconds after which the board is looked at again although no file changed: milestones pass, and what is kept in a
#: database or a bucket leaves no trace here.
_NEAR, _FAR = 120, 10


class Gathering:
    """The board again and again, for as long as it is served. ``plan``: the saved plan to show; None for the newest in
    plans/. Files that did not change are not read a second time."""

    def __init__(self, session: Session, plan: Path | None) -> None:
        self._session, self._plan = session, plan
        self._loaded: tuple[object, Loaded] | None = None
        self._saved: tuple[object, SavedPlan | None] | None = None
        self._runs: tuple[object, tuple[RunRecord, ...]] | None = None

    def mark(self) -> object:
        """Another one when a file of the project changed, or some time has passed; what is kept elsewhere than in this
        folder is looked at more often."""
        settings = self._session.settings
        far = bool(settings.state or settings.copies.database)
        return int(time.monotonic() / (_FAR if far else _NEAR)), _stamps(self._files()), self._newest_plan()

    def board(self) -> Board:
        """Raises what ``gather`` raises."""
        # The settings are read anew with the rest: a session of its own for each look.
        session = dataclasses.replace(self._session)
        mark = _stamps([session.federations, session.settings_file, SANDBOX_FOLDER, session.state / "structures"])
        if self._loaded is None or self._loaded[0] != mark:
            self._loaded = (mark, _load(session))
        if self._saved is None or self._saved[0] != self._newest_plan():
            self._saved = (self._newest_plan(), _saved_plan(self._plan))
        journals = session.state / "runs"
        mark = _stamps([journals])
        if self._runs is None or self._runs[0] != mark:
            self._runs = (mark, tuple(run_records(journals)))
        return _gathered(session, self._loaded[1], self._saved[1], self._runs[1])

    def _files(self) -> list[Path]:
        session = self._session
        kept = [path for path in session.state.glob("*") if path.name != "copies"]
        copies = [session.state / "copies" / name for name in ("queue.sqlite", "queue.sqlite-wal")]
        return [session.federations, session.settings_file, *kept, *copies]

    def _newest_plan(self) -> object:
        path = self._plan or _newest(PLANS)
        return path, _stamps([path]) if path else None


def gather(session: Session, plan: Path | None = None) -> Board:
    """The board as it is now. ``plan``: the saved plan to show; None for the newest in plans/.

    Raises ``Problem`` when the settings, the folder of federations or the journals cannot be read; what is wrong with
    one federation is told in its place.
    """
    return _gathered(session, _load(session), _saved_plan(plan), tuple(run_records(session.state / "runs")))


def _load(session: Session) -> Loaded:
    from reconcile.config.load import load_federations
    from reconcile.config.rules.criteria import Criteria

    return load_federations(
        session.federations, Criteria(protected=session.settings.protected, register=session.register)
    )


def _stamps(paths: Iterable[Path]) -> tuple[object, ...]:
    """What tells that one of these files, or a file in one of these folders, was written; what is not there too."""
    found: list[object] = []
    for path in paths:
        try:
            entries = sorted(os.scandir(path), key=lambda one: one.name) if path.is_dir() else ()
            stats = [path.stat(), *(one.stat(follow_symlinks=False) for one in entries)]
        except OSError:
            stats = []
        found.append((path, *((one.st_ino, one.st_size, one.st_mtime_ns) for one in stats)))
    return tuple(found)


def _gathered(session: Session, loaded: Loaded, saved: SavedPlan | None, runs: tuple[RunRecord, ...]) -> Board:
    from reconcile.clock import SystemClock
    from reconcile.mailcopy.queue.forecast import forecast
    from reconcile.views.board.model import Board

    jobs = copies_of(session)
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
        plan=saved,
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
    from reconcile.planning.plan.planfile import digest_of, load
    from reconcile.views.board.model import SavedPlan

    if path is None and (path := _newest(PLANS)) is None:
        return None
    try:
        plan = load(path)
    except Problem as problem:
        return SavedPlan(str(path), why=problem.message)
    return SavedPlan(str(path), digest_of(plan), plan)


def _newest(folder: Path) -> Path | None:
    try:
        found = [path for path in folder.glob("*.json") if path.is_file() and not path.is_symlink()]
        return max(found, key=lambda path: path.stat().st_mtime, default=None)
    except OSError:
        return None
