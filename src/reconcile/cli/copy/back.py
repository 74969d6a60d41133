"""``reconcile copy back``: for a rollback, bring what arrived in the new mailboxes to the old ones."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import click

from reconcile.cli.session.completion import FEDERATION
from reconcile.cli.session.exits import PARTLY_APPLIED
from reconcile.cli.session.session import Session
from reconcile.cli.wiring.copies import chosen, copies_location, endpoints_of
from reconcile.language.phrase import Phrase

if TYPE_CHECKING:
    from reconcile.mailcopy.queue.endpoints import Endpoints
    from reconcile.mailcopy.queue.jobs import Job
    from reconcile.mailcopy.queue.location import Location
    from reconcile.mailcopy.report import Report


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask: write into the old mailboxes.")
@click.argument("names", type=FEDERATION, metavar="FEDERATION|ADDRESS...", nargs=-1, required=True)
@click.pass_obj
def back(session: Session, yes: bool, names: tuple[str, ...]) -> int:
    """Copy what arrived in the new mailboxes into the old ones, each message once; nothing that came from there.

    The copies are paused first. Run it again until nothing is new; a killed run is completed by the next one.
    """
    from reconcile.mailcopy.imap.interruptions import ConnectionLost
    from reconcile.problem import Problem
    from reconcile.views.copies.progress import CopyLines
    from reconcile.views.copies.report import failed_check_text

    console, endpoints, location, incomplete = session.console(), endpoints_of(session), copies_location(session), 0
    named = [
        job for job in chosen(location.jobs, names) if job.state != "cancelled" and not (job.folder or job.goes_back)
    ]
    if not yes:
        question = Phrase("Write into {number} old mailboxes what arrived in the new ones?", number=len(named))
        click.confirm(session.say(question), abort=True)
    location.jobs.hold([job.key for job in named])
    lines = CopyLines(console.print, session.words)
    for job in chosen(location.jobs, [job.key for job in named]) if named else ():
        try:
            report = _brought_back(location, job, endpoints(job))
        except (Problem, ConnectionLost) as error:
            incomplete += 1
            console.print(failed_check_text(job.key, str(error), session.words))
            continue
        incomplete += not report.complete
        lines.finished(job, "done" if report.complete else "partial", report, None, 0)
    return PARTLY_APPLIED if incomplete else 0


def _brought_back(location: Location, job: Job, endpoints: Endpoints) -> Report:
    from reconcile.clock import SystemClock
    from reconcile.mailcopy.queue.back import back_pass, way_back
    from reconcile.problem import Problem

    listed = location.jobs.find(way_back(job).key)
    if listed is not None and listed.state != "cancelled":
        hint = Phrase("reconcile copy work brings it back")
        raise Problem(
            "RBK03",
            Phrase("{key} is in the list of copies already, and is {state}.", key=listed.key, state=listed.state),
            hint,
        )
    # Whoever had the ledger last shuts out any epoch below theirs.
    epoch = max(job.epoch, listed.epoch if listed else 0)
    return back_pass(location, dataclasses.replace(way_back(job), epoch=epoch), endpoints, SystemClock())
