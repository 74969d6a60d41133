"""``reconcile batches move``: a federation that is not ready goes to the next date with room."""

from __future__ import annotations

import collections
import datetime as dt
from typing import TYPE_CHECKING

import click

from reconcile.cli.batches.calendar import dates, loaded, rewrite
from reconcile.cli.session.completion import FEDERATION
from reconcile.cli.session.difference import difference
from reconcile.cli.session.exits import DONE, ERROR, REFUSED
from reconcile.cli.session.moment import as_of_option
from reconcile.cli.session.session import Session
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

if TYPE_CHECKING:
    from reconcile.config.federation.federation import Federation
    from reconcile.config.settings.tables.batches import Batch


@click.command()
@click.argument("federation", type=FEDERATION)
@click.option("--to", "wanted", metavar="DATE", default="", help="This date, and not the next one with room.")
@click.option("--dry-run", is_flag=True, help="Show the difference and write nothing.")
@as_of_option
@click.pass_obj
def move(session: Session, federation: str, wanted: str, dry_run: bool) -> int:
    """Give a federation the next date with room, one it asked for first, and write it into its file, comments kept.

    What was confirmed for another date goes: a new date wants a new agreement. When no date is left the federation has
    none, which is told (exit 1). After the lock a move would be a rollback: it is refused (exit 5).
    """
    from reconcile.cli.wiring.gating import agreements
    from reconcile.planning.batches.following import following
    from reconcile.state.durable import replace_file

    found, batches = loaded(session), dates(session)
    (chosen,) = found.select([federation])
    _before_the_lock(session, chosen)
    migration = chosen.file.migration
    taken = collections.Counter(
        one.file.migration.date for one in found.federations if one.file.migration.date and one is not chosen
    )
    if wanted:
        day: dt.date | None = _named(wanted, batches, taken)
    else:
        day = following(migration.date, migration.dates, batches, taken, session.today)
    before, after = rewrite(chosen.path, day)
    if not dry_run and after != before:
        replace_file(chosen.path, after.encode())
        agreements(session).note(chosen.slug, None, None)
    session.print(difference(chosen.path, before, after))
    if day is None:
        session.warn(
            Phrase(
                "CAL03 No date after {date} has room for {slug}: it has none now.",
                date=migration.date or session.today,
                slug=chosen.slug,
            )
        )
        session.warn("  → open another date in reconcile.toml, then: reconcile batches move")
        return ERROR
    session.warn(
        Phrase(
            "{slug}: {date} → {day}. Commit the file; plans made before are stale.",
            slug=chosen.slug,
            date=migration.date or Phrase("no date"),
            day=day,
        )
    )
    return DONE


def _before_the_lock(session: Session, federation: Federation) -> None:
    from reconcile.language.moments import moment
    from reconcile.resources.milestones import milestones

    lock = milestones(federation.file.migration.date, session.settings.calendar).lock
    if session.clock.now() >= lock:
        raise Problem(
            "CAL04",
            Phrase(
                "The old mailboxes of {slug} closed on {lock}: from there on a move is a rollback.",
                slug=federation.slug,
                lock=moment(lock, session.zone),
            ),
            "write the date into its file and look at the plan: it undoes what was done",
            REFUSED,
        )


def _named(wanted: str, batches: tuple[Batch, ...], taken: collections.Counter[dt.date]) -> dt.date:
    from reconcile.config.settings.tables.batches import batch_of

    try:
        day = dt.date.fromisoformat(wanted)
    except ValueError:
        raise click.UsageError(Phrase("{wanted!r} is no date, like 2025-03-03.", wanted=wanted)) from None
    batch = batch_of(day, batches)
    if batch is None:
        known = ", ".join(str(one.date) for one in batches)
        raise Problem(
            "CAL05",
            Phrase("{day} is no date of the calendar.", day=day),
            Phrase("those of reconcile.toml: {known}", known=known),
            REFUSED,
        )
    if not batch.open or taken[day] >= batch.most:
        state = Phrase("full: it takes {most}", most=batch.most) if batch.open else Phrase("closed")
        raise Problem(
            "CAL05", Phrase("{day} is {state}.", day=day, state=state), "choose another, or leave --to out", REFUSED
        )
    return day
