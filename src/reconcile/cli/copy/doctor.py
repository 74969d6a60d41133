"""``reconcile copy doctor``: which copies need attention, and what to do about each."""

from __future__ import annotations

import contextlib

import click

from reconcile.cli.session.completion import FEDERATION
from reconcile.cli.session.exits import PARTLY_APPLIED
from reconcile.cli.session.session import Session
from reconcile.cli.wiring.copies import chosen, copies_location


@click.command()
@click.argument("names", type=FEDERATION, metavar="[FEDERATION|ADDRESS]...", nargs=-1)
@click.pass_obj
def doctor(session: Session, names: tuple[str, ...]) -> int:
    """Look for copies that nobody is at, that do not move, or that keep failing. Changes nothing."""
    from reconcile.cli.copy.worker import locks_of
    from reconcile.clock import SystemClock
    from reconcile.mailcopy.queue.health import findings
    from reconcile.views.copies.status import findings_text

    location = copies_location(session)
    with contextlib.closing(locks_of(location)) as locks:
        jobs = location.jobs.list()
        wanted = {job.key for job in chosen(location.jobs, names)}
        found = findings(jobs, SystemClock().now().timestamp(), locks.is_free)
    found = [one for one in found if one.key in wanted]
    session.print(findings_text(found, session.words))
    return PARTLY_APPLIED if found else 0
