"""``reconcile copy``: carry out the queued mail copies, and show them."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import click

from reconcile.cli.exits import INTERRUPTED, PARTLY_APPLIED
from reconcile.cli.session import Session

if TYPE_CHECKING:
    from reconcile.mailcopy.jobs import Job, JobList
    from reconcile.mailcopy.worker import Ends


@click.group()
def copy() -> None:
    """Copy the old mail into the new mailboxes, each message once. `apply` queues what is due; nothing here deletes."""


@copy.command()
@click.option("--jobs", "at_once", type=click.IntRange(1, 64), default=4, show_default=True, help="Mailboxes at once.")
@click.option("--once", is_flag=True, help="Leave without waiting for what is to be tried again later.")
@click.argument("federations", nargs=-1)
@click.pass_obj
def work(session: Session, at_once: int, once: bool, federations: tuple[str, ...]) -> int:
    """Give every queued mailbox a pass: all of its mail the first time, then what is new.

    Interrupt once to stop after what is in flight, twice to stop at once; either way the next run goes on from there.
    """
    import random

    from reconcile.clock import SystemClock
    from reconcile.mailcopy.worker import Worker
    from reconcile.views.copies import CopyBars, CopyLines

    jobs = copy_jobs(session)
    wanted = [job.key for job in _chosen(jobs, federations) if job.state != "cancelled"]
    console = session.console()
    if not wanted:
        console.print("No copy is queued. `reconcile apply` queues one for each mailbox whose moment has come.")
        return 0
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        bars = stack.enter_context(CopyBars(console)) if console.is_terminal else None
        lines = bars.lines if bars else CopyLines(console.print)
        ledgers = session.state / "copies" / "ledgers"
        worker = Worker(jobs, ledgers, _ends(session), SystemClock(), random.SystemRandom(), bars or lines)
        stopped = stack.enter_context(_stopping_on_signals(worker.stop, session))
        ended = worker.run(wanted, at_once=at_once, wait=not once)
    console.print(lines.tally(ended, time.monotonic() - began))
    if stopped:
        return INTERRUPTED
    incomplete = any(job.state in ("partial", "failed", "waiting", "queued") for job in _chosen(jobs, federations))
    return PARTLY_APPLIED if incomplete else 0


@copy.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.option("--watch", is_flag=True, help="Show the list until every copy has ended.")
@click.argument("federations", nargs=-1)
@click.pass_obj
def status(session: Session, as_json: bool, watch: bool, federations: tuple[str, ...]) -> None:
    """Show every copy: its state, how far it is, what was refused, the last error."""
    from reconcile.clock import SystemClock
    from reconcile.views.copies import copies_count, copies_json, copies_table

    jobs = copy_jobs(session)
    if as_json:
        click.echo(copies_json(_chosen(jobs, federations)))
        return
    console, clock = session.console(), SystemClock()
    if watch:
        from rich.live import Live

        with contextlib.suppress(KeyboardInterrupt), Live(console=console, auto_refresh=False) as live:
            while True:
                seen = _chosen(jobs, federations)
                live.update(copies_table(seen, clock.now()), refresh=True)
                if not any(job.state in ("queued", "running", "waiting") for job in seen):
                    break
                clock.sleep(1.0)
    seen = _chosen(jobs, federations)
    if not watch and seen:
        console.print(copies_table(seen, clock.now()))
    console.print(copies_count(seen) if seen else "No copy is queued.")


def copy_jobs(session: Session) -> JobList:
    """The list of copies of this folder."""
    from reconcile.clock import SystemClock
    from reconcile.mailcopy.jobs import JobList

    # The machine's own clock: leases and retries are about processes, not about the federations' calendar.
    return JobList(session.state / "copies" / "queue.sqlite", SystemClock())


def _chosen(jobs: JobList, federations: Sequence[str]) -> list[Job]:
    return [job for job in jobs.list() if not federations or job.key.partition("/")[0] in federations]


def _ends(session: Session) -> Callable[[Job], Ends]:
    """From a job to its two mailboxes: the old one opened by the master user, the new one with the tenant's token."""
    from reconcile.mailcopy.session import Endpoint, Password, Token
    from reconcile.mailcopy.worker import Ends
    from reconcile.problem import Problem
    from reconcile.providers.microsoft.auth import Tokens

    settings = session.settings
    tenant, new = settings.tenant, settings.destination
    secret = session.secret("RECONCILE_CLIENT_SECRET", tenant.client_secret_file, "client secret of the tenant")
    tokens = Tokens(tenant, secret)

    def ends(job: Job) -> Ends:
        old = settings.legacy.get(job.source)
        if old is None:
            raise Problem(
                "COPY09",
                f"{job.key} comes from the old server {job.source!r}, which reconcile.toml does not describe.",
                f"add a table [legacy.{job.source}]",
            )
        password = session.secret("RECONCILE_LEGACY_PASSWORD", old.master_password_file, "password of the master user")
        master = Password(f"{job.login}{old.separator}{old.master_user}", password)
        app = Token(job.destination, tokens.exchange)
        return Ends(
            Endpoint(old.host, old.port, master, old.tls, old.ca_file, old.connections),
            Endpoint(new.host, new.port, app, new.tls, new.ca_file, new.connections),
        )

    return ends


@contextlib.contextmanager
def _stopping_on_signals(stop: Callable[[], None], session: Session) -> Iterator[list[int]]:
    """The first Ctrl-C (or SIGTERM) stops gently, the second at once. The list holds the signals received."""
    received: list[int] = []

    def on_signal(number: int, _: object) -> None:
        if received:
            os._exit(INTERRUPTED)
        received.append(number)
        session.console(stderr=True).print("Stopping once what is in flight has arrived; interrupt again to stop now.")
        stop()

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
