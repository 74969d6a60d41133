"""``reconcile copy``: carry out the queued mail copies, and show them."""

from __future__ import annotations

import contextlib
import time

import click

from reconcile.cli.copy.back import back
from reconcile.cli.copy.control import cancel, pause, resume, retry
from reconcile.cli.copy.doctor import doctor
from reconcile.cli.copy.preview import show_plan, show_sizes
from reconcile.cli.copy.report import report, verify
from reconcile.cli.session.completion import FEDERATION
from reconcile.cli.session.exits import INTERRUPTED, PARTLY_APPLIED
from reconcile.cli.session.group import CommandGroup
from reconcile.cli.session.session import Session
from reconcile.cli.session.signals import graceful_shutdown, ignoring_closed_output
from reconcile.cli.wiring.copies import chosen, copy_jobs


@click.group(cls=CommandGroup)
def copy() -> None:
    """Copy the old mail into the new mailboxes, each message once. `apply` queues what is due; nothing here deletes."""


for other in (back, pause, resume, retry, cancel, report, verify, doctor):
    copy.add_command(other)


@copy.command()
@click.option("--jobs", "at_once", type=click.IntRange(1, 64), default=4, show_default=True, help="Mailboxes at once.")
@click.option("--once", is_flag=True, help="Leave without waiting for what is to be tried again later.")
@click.option("--stay", metavar="MINUTES", type=click.IntRange(1), help="A service: a pass for each every so often.")
@click.option("--dry-run", is_flag=True, help="Show what would be copied, and where to; change nothing.")
@click.option("--sizes", is_flag=True, help="Show what the old mailboxes hold, folder by folder; change nothing.")
@click.option("--id", "name", help="A name for this worker, that no other has; it finds what it had when restarted.")
@click.argument("names", type=FEDERATION, metavar="[FEDERATION|ADDRESS]...", nargs=-1)
@click.pass_obj
def work(
    session: Session,
    at_once: int,
    once: bool,
    stay: int | None,
    dry_run: bool,
    sizes: bool,
    name: str | None,
    names: tuple[str, ...],
) -> int:
    """Give every queued mailbox a pass: all of its mail the first time, then what is new.

    Interrupt once to stop after what is in flight, twice to stop at once; either way the next run goes on from there.
    """
    if sizes:
        return show_sizes(session, names)
    if dry_run:
        return show_plan(session, names)
    from reconcile.cli.copy.worker import worker_of
    from reconcile.mailcopy.queue.choice import Choice
    from reconcile.views.copies.progress import CopyBars, CopyLines

    if once and stay:
        raise click.UsageError("--once leaves and --stay does not: choose one.")
    jobs, choice, console = copy_jobs(session), Choice(names), session.console()
    if names:
        chosen(jobs, names)  # a name that means nothing is refused
    counts = jobs.counts(choice)
    wanted = counts.total() - counts["cancelled"] - counts["paused"]
    if not wanted and not stay:
        console.print(
            session.say("No copy is queued. `reconcile apply` queues one for each mailbox whose moment has come.")
        )
        return 0
    began = time.monotonic()
    say = ignoring_closed_output(session.warn)
    with contextlib.ExitStack() as stack:
        bars = stack.enter_context(CopyBars(console, wanted, session.words)) if console.is_terminal else None
        lines = bars.lines if bars else CopyLines(ignoring_closed_output(console.print), session.words)
        worker = worker_of(session, name, at_once, bars or lines)

        def stop() -> None:
            say("Stopping once what is in flight has arrived; interrupt again to stop now.")
            worker.stop()

        stopped = stack.enter_context(graceful_shutdown(stop))
        ended = worker.run(choice, wait=not once, every=stay * 60.0 if stay else None)
    console.print(lines.tally(ended, time.monotonic() - began))
    if stopped:
        return INTERRUPTED
    counts = jobs.counts(choice)
    return PARTLY_APPLIED if any(counts[state] for state in ("partial", "failed", "waiting", "queued")) else 0


@copy.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.option("--prometheus", is_flag=True, help="As metrics, for node_exporter's textfile collector.")
@click.option("--watch", is_flag=True, help="Show the list until every copy has ended.")
@click.argument("names", type=FEDERATION, metavar="[FEDERATION|ADDRESS]...", nargs=-1)
@click.pass_obj
def status(session: Session, as_json: bool, prometheus: bool, watch: bool, names: tuple[str, ...]) -> None:
    """Show every copy: its state, how far it is, when it will be over, what was refused, the last error."""
    from reconcile.clock import SystemClock
    from reconcile.mailcopy.queue.forecast import Remaining, forecast
    from reconcile.views.copies.metrics import copies_json, copies_metrics
    from reconcile.views.copies.status import copy_status

    jobs, clock = copy_jobs(session), SystemClock()

    def left() -> dict[str, Remaining]:
        return forecast(jobs.list(), jobs.rates(), clock.now().timestamp())

    if as_json:
        click.echo(copies_json(chosen(jobs, names), clock.now(), left()))
        return
    if prometheus:
        click.echo(copies_metrics(chosen(jobs, names), left(), jobs.rates()), nl=False)
        return
    console = session.console()
    if watch:
        from rich.console import Group
        from rich.live import Live

        with contextlib.suppress(KeyboardInterrupt), Live(console=console, auto_refresh=False) as live:
            while True:
                seen = chosen(jobs, names)
                shown = copy_status(seen, clock.now(), left(), console.width, session.words)
                live.update(Group(*shown), refresh=True)
                if not any(job.state in ("queued", "running", "waiting") for job in seen):
                    break
                clock.sleep(1.0)
    seen = chosen(jobs, names)
    if not seen:
        console.print(session.say("No copy is queued."))
    elif not watch:
        session.print(copy_status(seen, clock.now(), left(), console.width, session.words))
