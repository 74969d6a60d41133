"""The group ``reconcile secrets``, and what needs no writing outside: list, purge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from reconcile.cli.secrets.deliver import deliver
from reconcile.cli.secrets.reset import reset
from reconcile.cli.session.group import CommandGroup
from reconcile.cli.session.named import named
from reconcile.cli.session.session import Session
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

if TYPE_CHECKING:
    from reconcile.config.federation.federation import Federation
    from reconcile.views.first_passwords import PasswordStatus


@click.group(cls=CommandGroup)
def secrets() -> None:
    """First passwords: who has had theirs, deliver, set anew, purge. None is ever shown."""


secrets.add_command(deliver)
secrets.add_command(reset)


@secrets.command("list")
@click.argument("what", nargs=-1, metavar="[DATE|FEDERATION]...")
@click.pass_obj
def list_(session: Session, what: tuple[str, ...]) -> None:
    """Show whose first password is sealed, delivered or still to deliver. Nothing is opened, nothing outside asked."""
    from reconcile.views.first_passwords import first_passwords_text

    rows = [row for federation in _federations(session, what) for row in _statuses(session, federation)]
    session.print(first_passwords_text(rows, session.zone, session.words))


@secrets.command()
@click.argument("what", nargs=-1, metavar="[DATE|FEDERATION]...")
@click.pass_obj
def purge(session: Session, what: tuple[str, ...]) -> None:
    """Erase the sealed passwords of federations whose migration is closed; of all of them without names.

    Refused while somebody has not had theirs, or while a migration named is not closed. Receipts are kept.
    """
    from reconcile.cli.wiring.passwords.vault import vault

    kept = vault(session)
    chosen = _federations(session, what)
    for federation in chosen:
        if what and federation.file.migration.closed is None:
            raise Problem(
                "SEC20",
                Phrase("The migration of {slug} is not closed; nothing was erased.", slug=federation.slug),
                "write migration: closed: once all is over",
                5,
            )
    closed = [one for one in chosen if one.file.migration.closed is not None]
    for federation in closed:
        owing = [row.address for row in _statuses(session, federation) if row.sealed and not row.delivered]
        if owing:
            raise Problem(
                "SEC21",
                Phrase(
                    "{slug}: {owing} has not had their password; nothing was erased.",
                    slug=federation.slug,
                    owing=owing[0],
                ),
                Phrase("reconcile secrets deliver {slug}", slug=federation.slug),
                5,
            )
    erased = 0
    for federation in closed:
        entries = kept.entries(federation.slug)
        kept.remove(entries)
        erased += len(entries)
    click.echo(
        session.say(
            Phrase(
                "{erased} of {number} erased.",
                erased=Phrase.counted("{number} sealed password", "{number} sealed passwords", erased),
                number=Phrase.counted("{number} closed federation", "{number} closed federations", len(closed)),
            )
        )
    )


def _federations(session: Session, what: Sequence[str]) -> list[Federation]:
    from reconcile.config.load import load_federations
    from reconcile.config.rules.criteria import Criteria

    loaded = load_federations(session.federations, Criteria(protected=session.settings.protected))
    slugs = named(loaded, what)
    return [one for one in loaded.federations if one.slug in slugs]


def _statuses(session: Session, federation: Federation) -> list[PasswordStatus]:
    from reconcile.cli.wiring.passwords.delivery import OPENING, handed_by, outbox
    from reconcile.cli.wiring.passwords.vault import vault
    from reconcile.cli.wiring.store import store
    from reconcile.views.first_passwords import PasswordStatus

    slug = federation.slug
    sealed = {one.address: one for one in vault(session).entries(slug) if one.address != OPENING}
    box = outbox(session)
    done = {address: one for one in box.deliveries(slug) if one.delivered for address in one.people}
    had, owed = handed_by(session, slug, store(session).read(slug)), box.owed(slug)
    people = [address for address, mailbox in federation.file.mailboxes.items() if mailbox.licence != "shared"]
    rows = []
    for address in people:
        delivery, entry = done.get(address), sealed.get(address)
        rows.append(
            PasswordStatus(
                slug,
                address,
                entry.sealed if entry else None,
                delivered=address in had,
                when=delivery.delivered if delivery else None,
                anew=address in owed,
            )
        )
    return rows
