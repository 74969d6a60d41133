"""``reconcile secrets reset``: another first password for who lost theirs."""

from __future__ import annotations

import secrets
import sys
from typing import TYPE_CHECKING

import click

from reconcile.cli.secrets.deliver import hand_over
from reconcile.cli.session.session import Session
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

if TYPE_CHECKING:
    from reconcile.config.federation.models import Mailbox


@click.command()
@click.argument("addresses", nargs=-1, required=True, metavar="ADDRESS...")
@click.option("--yes", is_flag=True, help="Do not ask: for pipelines.")
@click.pass_obj
def reset(session: Session, addresses: tuple[str, ...], yes: bool) -> int:
    """Give these people a new first password, end their sessions, and deliver it; the one they had opens nothing more.

    It is sealed before it is set. Killed on the way, run it again, or apply: whoever is owed one gets it.
    """
    from reconcile.cli.wiring.holder import holder_of
    from reconcile.cli.wiring.passwords.delivery import accounts, outbox
    from reconcile.cli.wiring.passwords.vault import first_passwords
    from reconcile.cli.wiring.store import store
    from reconcile.resources.address import Address

    people = [(*_person(session, address), address.lower()) for address in dict.fromkeys(addresses)]
    if not yes and not _agreed(session, addresses):
        raise Problem("GRD03", "Nobody said yes: no password was changed.", "say --yes", 5)
    tenant, passwords, box, states = accounts(session), first_passwords(session), outbox(session), store(session)
    holder = holder_of(session, f"reset-{secrets.token_hex(3)}", "secrets reset")
    for slug, mailbox, address in people:
        names = [name for name in (mailbox.directory.first_name, mailbox.directory.last_name) if name]
        with states.lock(slug, holder):
            # Owed first: a crash after the account was changed must not leave the old password taken for delivered.
            box.owe(slug, address)
            tenant.reset(Address(slug, "mailbox", address), [*names, mailbox.display_name or ""], passwords)
        session.warn(Phrase("{address} has a new first password; its sessions have ended.", address=address))
    return hand_over(session, sorted({slug for slug, _, _ in people}))


def _person(session: Session, address: str) -> tuple[str, Mailbox]:
    from reconcile.config.load import load_federations
    from reconcile.config.rules.criteria import Criteria

    loaded = load_federations(session.federations, Criteria(protected=session.settings.protected))
    for federation in loaded.federations:
        for known, mailbox in federation.file.mailboxes.items():
            if known.lower() == address.lower():
                if mailbox.licence == "shared":
                    raise Problem(
                        "SEC23", Phrase("{address} is a shared mailbox: it has no password.", address=address), ""
                    )
                return federation.slug, mailbox
    raise Problem(
        "SEC23",
        Phrase("No federation file has a mailbox {address}.", address=address),
        "an alias has the password of its mailbox",
    )


def _agreed(session: Session, addresses: tuple[str, ...]) -> bool:
    if not sys.stdin.isatty():
        return False
    asked = Phrase("Set a new password for {addresses}, and end their sessions?", addresses=", ".join(addresses))
    return click.confirm(session.say(asked))
