"""``reconcile sandbox``: the outside world on this machine."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconcile.cli.sandbox.running import NOTHING_RUNS, filling, folder_here, show_servers
from reconcile.cli.sandbox.seed import seed_of
from reconcile.cli.sandbox.tenant import message, portal, tenant
from reconcile.cli.session.group import CommandGroup
from reconcile.cli.session.session import Session
from reconcile.language.phrase import Phrase

if TYPE_CHECKING:
    from reconcile.sandbox.first_day import Seed
    from reconcile.sandbox.folder import SandboxFolder
    from reconcile.sandbox.launch_options import Order

_PROGRAM = click.Path(exists=True, dir_okay=False, resolve_path=True, path_type=Path)


@click.group(cls=CommandGroup)
def sandbox() -> None:
    """The outside world on this machine: a tenant, DNS, the old and the new mail host."""


for other in (portal, tenant, message):
    sandbox.add_command(other)


@sandbox.command()
@click.option("--mail", "mail", multiple=True, metavar="ADDRESS=DIR", help="Fill an old mailbox with DIR's .eml files.")
@click.option("--messages", type=click.IntRange(min=0), help="How many to invent for each other; 15 to 60 unless said.")
@click.option("--record", type=click.Path(file_okay=False, path_type=Path), help="Record the tenant's traffic as HAR.")
@click.option(
    "--tenant",
    "profile",
    type=click.Choice(["calm", "realistic", "hostile"]),
    default="calm",
    show_default=True,
    help="How hard the tenant makes it: its delays, quotas and mishaps.",
)
@click.option("--old-dovecot", type=_PROGRAM, help="Run the old mail host with this Dovecot, 2.3 or 2.4.")
@click.option("--new-dovecot", type=_PROGRAM, help="Run the new mail host with this one.")
@click.option("--postfix", is_flag=True, help="The old mail host also receives mail and lets its users send (as root).")
@click.option("--foreground", is_flag=True, help="Stay until Ctrl-C, then stop it.")
@click.pass_obj
def up(
    session: Session,
    mail: tuple[str, ...],
    messages: int | None,
    record: Path | None,
    profile: str,
    old_dovecot: Path | None,
    new_dovecot: Path | None,
    postfix: bool,
    foreground: bool,
) -> None:
    """Start it for the federations of this folder."""
    from reconcile.sandbox.launch_options import Order

    folder = folder_here()
    seed = dataclasses.replace(seed_of(session, dict(_mail(mail))), messages=messages)
    order = Order(seed, record.resolve() if record else None, profile, old_dovecot, new_dovecot, postfix)
    with folder.alone():
        if _tell_if_running(session, folder):
            if mail or messages is not None or record or profile != "calm" or old_dovecot or new_dovecot or postfix:
                session.warn("It keeps the options it was started with; for others: reconcile sandbox down, then up.")
            return
        _start(session, folder, order)
    _tell_what_stays(session)
    if foreground:
        _stay(session, folder)


@sandbox.command()
@click.pass_obj
def down(session: Session) -> None:
    """Stop it and forget all it held."""
    from reconcile.sandbox.background import clear_away

    folder = folder_here()
    with folder.alone():
        stopped = clear_away(folder)
    session.console().print("The sandbox is stopped, and all it held is gone." if stopped else NOTHING_RUNS)
    _tell_what_stays(session)


@sandbox.command()
@click.pass_obj
def status(session: Session) -> None:
    """Ask each server whether it is well. Exit code 1 when one is not."""
    from reconcile.sandbox.background import runs

    folder = folder_here()
    note = folder.note()
    if not runs(folder) or not note.get("ready"):
        words = "The sandbox was killed; clear it away" if note else f"{NOTHING_RUNS[:-1]}; start it"
        session.console().print(f"{words} with: reconcile sandbox {'down' if note else 'up'}")
        raise SystemExit(1)
    if not show_servers(session, note):
        raise SystemExit(1)


@sandbox.command()
@click.pass_obj
def reset(session: Session) -> None:
    """Stop it, forget all, and start it anew with the same options."""
    from reconcile.sandbox.background import clear_away
    from reconcile.sandbox.launch_options import Order

    folder = folder_here()
    with folder.alone():
        try:
            before = Order.read(folder.order)
            order = dataclasses.replace(before, seed=_again(session, before.seed))
        except (OSError, ValueError, KeyError):
            order = Order(seed_of(session, {}))
        clear_away(folder)
        _start(session, folder, order)
    _tell_what_stays(session)


def _again(session: Session, before: Seed) -> Seed:
    """A world for the files as they are now, with the mail it was filled with."""
    return dataclasses.replace(seed_of(session, before.mail), messages=before.messages)


def _mail(pairs: Iterable[str]) -> Iterable[tuple[str, Path]]:
    for pair in pairs:
        address, equals, folder = pair.partition("=")
        if not (address and equals and folder):
            raise click.UsageError(Phrase("--mail wants ADDRESS=DIR, not {pair!r}.", pair=pair))
        yield address.lower(), Path(folder).resolve()


def _tell_what_stays(session: Session) -> None:
    """The state outlives the sandbox it tells of, and would make all of the next one look like drift."""
    kept = [name for name in ("federations", "runs", "copies") if (session.state / name).is_dir()]
    if kept:
        where = session.state
        session.warn(
            Phrase(
                "{where}/ still tells what was applied in a former sandbox; to begin anew: rm -r {where}", where=where
            )
        )


def _tell_if_running(session: Session, folder: SandboxFolder) -> bool:
    from reconcile.sandbox.background import clear_away, runs

    if runs(folder) and folder.note().get("ready"):
        session.console().print("The sandbox already runs.")
        show_servers(session, folder.note())
        return True
    clear_away(folder)
    return False


def _start(session: Session, folder: SandboxFolder, order: Order) -> None:
    from reconcile.sandbox.background import start

    with filling(session) as filled:
        note = start(folder, order, filled)
    session.console().print("The sandbox runs:")
    show_servers(session, note)
    session.console().print("Next: reconcile --sandbox plan")


def _stay(session: Session, folder: SandboxFolder) -> None:
    """Until Ctrl-C or SIGTERM; then stop what was started."""
    from reconcile.sandbox.background import clear_away
    from reconcile.sandbox.told_to_stop import told_to_stop

    told = told_to_stop()
    session.console().print("It stops with Ctrl-C.")
    told()
    clear_away(folder)
    session.console().print("The sandbox is stopped.")
