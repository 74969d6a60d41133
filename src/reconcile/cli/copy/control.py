"""``reconcile copy pause|resume|retry|cancel``: what a postmaster does to the list of copies."""

from __future__ import annotations

import click

from reconcile.cli.session.completion import FEDERATION
from reconcile.cli.session.session import Session
from reconcile.cli.wiring.copies import chosen, copy_jobs
from reconcile.language.phrase import Phrase

_NAMES = click.argument("names", type=FEDERATION, metavar="FEDERATION|ADDRESS...", nargs=-1, required=True)


@click.command()
@_NAMES
@click.pass_obj
def pause(session: Session, names: tuple[str, ...]) -> None:
    """Hold copies back; one that runs stops within seconds and goes on from there when resumed."""
    jobs = copy_jobs(session)
    number = jobs.pause(_keys(session, names))
    told = Phrase.counted("{number} copy paused.", "{number} copies paused.", number)
    _say(session, told if number else Phrase("Nothing to change: no copy could be paused."))


@click.command()
@_NAMES
@click.pass_obj
def resume(session: Session, names: tuple[str, ...]) -> None:
    """Queue again what was paused."""
    _say_queued(session, copy_jobs(session).resume(_keys(session, names)))


@click.command()
@_NAMES
@click.pass_obj
def retry(session: Session, names: tuple[str, ...]) -> None:
    """Queue at once what failed, is incomplete, or waits for its time. Refused messages are tried again."""
    _say_queued(session, copy_jobs(session).retry(_keys(session, names)))


@click.command()
@_NAMES
@click.pass_obj
def cancel(session: Session, names: tuple[str, ...]) -> None:
    """Give copies up. What is copied stays; as long as the federation file asks for it, `apply` queues it again."""
    jobs = copy_jobs(session)
    kept = [job.key for job in chosen(jobs, names) if job.state != "cancelled"]
    for key in kept:
        jobs.cancel(key)
    told = Phrase.counted("{number} copy cancelled.", "{number} copies cancelled.", len(kept))
    _say(session, told if kept else Phrase("Nothing to change: no copy could be cancelled."))


def _keys(session: Session, names: tuple[str, ...]) -> list[str]:
    return [job.key for job in chosen(copy_jobs(session), names)]


def _say_queued(session: Session, number: int) -> None:
    told = Phrase.counted("{number} copy queued again.", "{number} copies queued again.", number)
    _say(session, told if number else Phrase("Nothing to change: no copy could be queued again."))


def _say(session: Session, told: Phrase) -> None:
    click.echo(session.say(told))
