"""``reconcile state reseal``: every state written anew, as reconcile.toml asks now."""

from __future__ import annotations

import dataclasses

import click

from reconcile.cli.session.session import Session
from reconcile.cli.state.edit_context import edit_context
from reconcile.language.phrase import Phrase


@click.command()
@click.pass_obj
def reseal(session: Session) -> None:
    """Write every state anew as reconcile.toml asks: sealed to the keys of seal_to, or in the clear without any.

    For the day the seal is put on, taken off, or its keys change. Wants the identity that opens what is sealed now.
    """
    from reconcile.cli.wiring.store import encoding_of, sealed, store_in
    from reconcile.state.edit import edit
    from reconcile.state.snapshot.encoding import Migrating

    migrating = Migrating(encoding_of(session), sealed(session))
    states = store_in(session, migrating, lambda: None)
    for slug in states.federations():
        context = dataclasses.replace(edit_context(session, "state reseal"), store=states)
        written = edit(slug, lambda snapshot: snapshot, context)
        session.warn(
            Phrase("The state of {slug} is written anew, at serial {serial}.", slug=slug, serial=written.serial)
        )
