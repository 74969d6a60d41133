"""``reconcile copy pause|resume|retry|cancel``: what a postmaster does to the list of copies."""

from __future__ import annotations

import click

from reconcile.cli.session.completion import FEDERATION
from reconcile.cli.session.session import Session
from reconcile.cli.wiring.copies import chosen, copy_jobs

_NAMES = click.argument("names", type=FEDERATION, metavar="FEDERATION|ADDRESS...", nargs=-1, required=True)


@click.command()
@_NAMES
@click.pass_obj
def pause(session: Session, names: tuple[str, ...]) -> None:
    """Hold copies back; one that runs stops within seconds and goes on from there when resumed."""
    jobs = copy_jobs(session)
    _say(jobs.pause(_keys(session, names)), "paused")


@click.command()
@_NAMES
@click.pass_obj
def resume(session: Session, names: tuple[str, ...]) -> None:
    """Queue again what was paused."""
    _say(copy_jobs(session).resume(_keys(session, names)), "queued again")


@click.command()
@_NAMES
@click.pass_obj
def retry(session: Session, names: tuple[str, ...]) -> None:
    """Queue at once what failed, is incomplete, or waits for its time. Refused messages are tried again."""
    _say(copy_jobs(session).retry(_keys(session, names)), "queued again")


@click.command()
@_NAMES
@click.pass_obj
def cancel(session: Session, names: tuple[str, ...]) -> None:
    """Give copies up. What is copied stays; as long as the federation file asks for it, `apply` queues it again."""
    jobs = copy_jobs(session)
    kept = [job.key for job in chosen(jobs, names) if job.state != "cancelled"]
    for key in kept:
        jobs.cancel(key)
    _say(len(kept), "cancelled")


def _keys(session: Session, names: tuple[str, ...]) -> list[str]:
    return [job.key for job in chosen(copy_jobs(session), names)]


def _say(number: int, what: str) -> None:
    copies = "1 copy" if number == 1 else f"{number} copies"
    click.echo(f"{copies} {what}." if number else f"Nothing to change: no copy could be {what}.")
