"""``reconcile lock`` and ``force-unlock``: who is applying, and the lock that a dead run left."""

from __future__ import annotations

import click

from reconcile.cli.session.completion import FEDERATION
from reconcile.cli.session.group import CommandGroup
from reconcile.cli.session.session import Session
from reconcile.cli.state.edit_context import slug_of
from reconcile.cli.wiring.store import store
from reconcile.language.phrase import Phrase


@click.group(cls=CommandGroup)
def lock() -> None:
    """Who is applying at this moment."""


@lock.command(name="list")
@click.pass_obj
def list_locks(session: Session) -> None:
    """List the locks that are held, and by whom."""
    from reconcile.views.state_text import lock_list

    session.print(lock_list(store(session).locks(), session.words))


@click.command(name="force-unlock")
@click.argument("federation", type=FEDERATION)
@click.argument("run")
@click.pass_obj
def force_unlock(session: Session, federation: str, run: str) -> None:
    """Free the lock on FEDERATION that a dead RUN left. Be sure that it is dead: it may still be writing."""
    states = store(session)
    slug = slug_of(states, federation)
    states.break_lock(slug, run)
    session.warn(Phrase("The lock on {slug} is free.", slug=slug))
