"""What the commands of ``reconcile batches`` have in common: the files, the calendar, and a file rewritten."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

from reconcile.cli.session.session import Session
from reconcile.language.figures import decimal, grouped
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

if TYPE_CHECKING:
    from reconcile.config.load import Loaded
    from reconcile.config.settings.tables.batches import Batch
    from reconcile.planning.batches.weights import Candidate


def loaded(session: Session) -> Loaded:
    """Every federation whose file is valid; the others are told on standard error and left out."""
    from reconcile.config.load import load_federations
    from reconcile.config.rules.criteria import Criteria

    found = load_federations(session.federations, Criteria(protected=session.settings.protected))
    for path in sorted({one.path for one in found.errors}):
        session.warn(Phrase("Left out: {path} is not valid (reconcile validate says why).", path=path))
    return found


def dates(session: Session) -> tuple[Batch, ...]:
    """The batches of reconcile.toml. Raises Problem CAL02 when it has none."""
    batches = session.settings.batches
    if not batches:
        raise Problem(
            "CAL02",
            Phrase("{settings_file} has no [[batches]].", settings_file=session.settings_file),
            "see docs/calendar.md",
            3,
        )
    return batches


def weighed(session: Session, *, anew: bool = False) -> tuple[Candidate, ...]:
    """Every federation with what it weighs."""
    from reconcile.planning.batches.weights import candidates

    found = loaded(session).federations
    inventories = session.inventory_folder.newest_of(one.slug for one in found)
    return candidates(found, inventories, today=session.today, anew=anew)


def rewrite(path: Path, date: dt.date | None) -> tuple[str, str]:
    """The text of a federation file as it is, and with that date. Raises Problem CFG06, OUT02."""
    from reconcile.config.document.format import as_before
    from reconcile.config.document.rewrite import with_date

    with path.open(encoding="utf-8", newline="") as file:
        before = file.read()
    return before, as_before(before, with_date(before, date, str(path)), str(path))


def gigabytes(size: int) -> Phrase:
    """``312 GB``, ``1.4 GB``."""
    whole = size / 10**9
    return Phrase("{volume} GB", volume=decimal(whole, 1) if size < 10 * 10**9 else grouped(round(whole)))
