"""``reconcile sandbox``: the outside world on this machine."""

from __future__ import annotations

import dataclasses
import signal
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconcile.cli.session import SANDBOX_FOLDER, Session
from reconcile.problem import Problem

if TYPE_CHECKING:
    from reconcile.config.federation.federation import Federation
    from reconcile.sandbox.folder import SandboxFolder
    from reconcile.sandbox.habits import LegacyBox, LegacyForward
    from reconcile.sandbox.launch_options import Order
    from reconcile.sandbox.world import Seed

_PROGRAM = click.Path(exists=True, dir_okay=False, resolve_path=True, path_type=Path)
_NOTHING_RUNS = "No sandbox runs in this folder."


@click.group()
def sandbox() -> None:
    """The outside world on this machine: a tenant, DNS, the old and the new mail host."""


@sandbox.command()
@click.option("--mail", "mail", multiple=True, metavar="ADDRESS=DIR", help="Fill an old mailbox with DIR's .eml files.")
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
@click.option("--foreground", is_flag=True, help="Stay until Ctrl-C, then stop it.")
@click.pass_obj
def up(
    session: Session,
    mail: tuple[str, ...],
    record: Path | None,
    profile: str,
    old_dovecot: Path | None,
    new_dovecot: Path | None,
    foreground: bool,
) -> None:
    """Start it for the federations of this folder."""
    from reconcile.sandbox.launch_options import Order

    folder = _folder()
    seed = _seed(session, dict(_mail(mail)))
    order = Order(seed, record.resolve() if record else None, profile, old_dovecot, new_dovecot)
    with folder.alone():
        if _tell_if_running(session, folder):
            if mail or record or profile != "calm" or old_dovecot or new_dovecot:
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

    folder = _folder()
    with folder.alone():
        stopped = clear_away(folder)
    session.console().print("The sandbox is stopped, and all it held is gone." if stopped else _NOTHING_RUNS)
    _tell_what_stays(session)


@sandbox.command()
@click.pass_obj
def status(session: Session) -> None:
    """Ask each server whether it is well. Exit code 1 when one is not."""
    from reconcile.sandbox.background import runs

    folder = _folder()
    note = folder.note()
    if not runs(folder) or not note.get("ready"):
        words = "The sandbox was killed; clear it away" if note else f"{_NOTHING_RUNS[:-1]}; start it"
        session.console().print(f"{words} with: reconcile sandbox {'down' if note else 'up'}")
        raise SystemExit(1)
    if not _show(session, note):
        raise SystemExit(1)


@sandbox.command()
@click.pass_obj
def reset(session: Session) -> None:
    """Stop it, forget all, and start it anew with the same options."""
    from reconcile.sandbox.background import clear_away
    from reconcile.sandbox.launch_options import Order

    folder = _folder()
    with folder.alone():
        try:
            before = Order.read(folder.order)
            order = dataclasses.replace(before, seed=_seed(session, before.seed.mail))
        except (OSError, ValueError, KeyError):
            order = Order(_seed(session, {}))
        clear_away(folder)
        _start(session, folder, order)
    _tell_what_stays(session)


@sandbox.command()
@click.argument("address")
@click.option("--licence", type=click.Choice(["E1", "E3"]), help="Give this licence instead of the one held.")
@click.option("--add-alias", metavar="ALIAS", help="Add an address.")
@click.option("--remove-alias", metavar="ALIAS", help="Remove an address.")
@click.option("--full-access", metavar="WHO", help="Let somebody open the mailbox.")
@click.pass_obj
def portal(session: Session, /, address: str, **wishes: str | None) -> None:
    """Change a mailbox as somebody would by hand in the tenant's portal, without the tool knowing."""
    from reconcile.sandbox.health import ControlPage

    names = {"full_access": "add_full_access"}
    wanted = {names.get(name, name): value for name, value in wishes.items() if value is not None}
    if not wanted:
        raise click.UsageError("Say what to change: --licence, --add-alias, --remove-alias or --full-access.")
    note = _folder().note()
    if not note.get("ready"):
        raise Problem("SBX01", _NOTHING_RUNS, "start it with: reconcile sandbox up")
    ControlPage(note).portal({"address": address, **wanted})
    session.console().print(f"Changed by hand in the tenant: {address}", markup=False)


@sandbox.command()
@click.option("--profile", metavar="NAME", help="Begin with these behaviour: calm, realistic or hostile.")
@click.option("--lag", "lags", multiple=True, metavar="NAME=DURATION", help="One delay: mailbox=15m, mailbox=never.")
@click.option("--switch", "switches", multiple=True, metavar="NAME=VALUE", help="One switch: exchange_pages=cut.")
@click.pass_obj
def tenant(session: Session, profile: str | None, lags: tuple[str, ...], switches: tuple[str, ...]) -> None:
    """Show how hard the running tenant makes it, or change that: its delays, on the virtual clock, and its switches."""
    from reconcile.sandbox.health import ControlPage

    wish = {
        "profile": profile,
        "lags": {name: _lag(value) for name, value in map(_pair, lags)},
        "switches": dict(map(_pair, switches)),
    }
    note = _folder().note()
    if not note.get("ready"):
        raise Problem("SBX01", _NOTHING_RUNS, "start it with: reconcile sandbox up")
    now = ControlPage(note).behaviour(wish)
    show = session.console().print
    show(f"profile {now['profile']}", markup=False)
    for name, seconds in now["lags"].items():
        show(f"  lag     {name:<23} {'never' if seconds > 86400 * 365 else f'{seconds:g} s'}", markup=False)
    for name, value in now["switches"].items():
        show(f"  switch  {name:<23} {value}", markup=False)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise click.UsageError(f"{text!r} is not NAME=VALUE.")
    return name, value


def _lag(text: str) -> float | str:
    from reconcile.cli.duration import Duration

    return text if text == "never" else 0.0 if text in ("0", "0s") else Duration().convert(text, None, None)


def _folder() -> SandboxFolder:
    from reconcile.sandbox.folder import SandboxFolder

    return SandboxFolder(SANDBOX_FOLDER.resolve())


def _mail(pairs: Iterable[str]) -> Iterable[tuple[str, Path]]:
    for pair in pairs:
        address, equals, folder = pair.partition("=")
        if not (address and equals and folder):
            raise click.UsageError(f"--mail wants ADDRESS=DIR, not {pair!r}.")
        yield address.lower(), Path(folder).resolve()


def _seed(session: Session, mail: Mapping[str, Path]) -> Seed:
    """The world these federations live in before anything is migrated."""
    from reconcile.config.load import load_federations
    from reconcile.sandbox.habits import habits
    from reconcile.sandbox.world import Seed

    federations = load_federations(session.federations).select()
    boxes = [(federation, tuple(_old_boxes(federation))) for federation in federations]
    grown = [habits(one.file.domain, held, [box.address for box in held] + _aliases(one)) for one, held in boxes]
    named = (forward for federation in federations for forward in _old_aliases(federation))
    return Seed(
        zones={federation.file.domain: federation.file.subdomains for federation in federations},
        legacy=(*(box for _, held in boxes for box in held), *(box for one in grown for box in one.boxes)),
        servers=tuple(sorted({one.file.legacy.server for one in federations if one.file.legacy})) or ("mutualise",),
        mail=mail,
        forwards=(*named, *(forward for one in grown for forward in one.forwards)),
        filters=tuple(script for one in grown for script in one.filters),
    )


def _old_boxes(federation: Federation) -> Iterable[LegacyBox]:
    """Who has a mailbox on the old host: all but the new ones, aliases that had their own, and those left behind."""
    from reconcile.sandbox.habits import LegacyBox

    for address, mailbox in federation.file.mailboxes.items():
        if not mailbox.new:
            old = mailbox.was or address
            yield LegacyBox(old, mailbox.legacy_login or old)
        yield from (
            LegacyBox(alias.address, alias.address) for alias in mailbox.aliases if alias.legacy_mail == "merge"
        )
    yield from (LegacyBox(left.address, left.address) for left in federation.file.not_migrated)


def _old_aliases(federation: Federation) -> Iterable[LegacyForward]:
    """The aliases that are aliases already."""
    from reconcile.sandbox.habits import LegacyForward

    for address, mailbox in federation.file.mailboxes.items():
        for alias in mailbox.aliases:
            if alias.legacy_mail is None and not mailbox.new:
                yield LegacyForward(alias.address, (address,))


def _aliases(federation: Federation) -> list[str]:
    return [alias.address for mailbox in federation.file.mailboxes.values() for alias in mailbox.aliases]


def _tell_what_stays(session: Session) -> None:
    """The state outlives the sandbox it tells of, and would make all of the next one look like drift."""
    kept = [name for name in ("federations", "runs", "copies") if (session.state / name).is_dir()]
    if kept:
        where = session.state
        session.warn(f"{where}/ still tells what was applied in a former sandbox; to begin anew: rm -r {where}")


def _tell_if_running(session: Session, folder: SandboxFolder) -> bool:
    from reconcile.sandbox.background import clear_away, runs

    if runs(folder) and folder.note().get("ready"):
        session.console().print("The sandbox already runs.")
        _show(session, folder.note())
        return True
    clear_away(folder)
    return False


def _start(session: Session, folder: SandboxFolder, order: Order) -> None:
    from reconcile.sandbox.background import start

    note = start(folder, order)
    session.console().print("The sandbox runs:")
    _show(session, note)
    session.console().print("Next: reconcile --sandbox plan")


def _show(session: Session, note: dict[str, Any]) -> bool:
    """A line for each server; whether all are well."""
    from reconcile.sandbox.health import health

    servers = health(note)
    for server in servers:
        state = server.holds if server.up else "DOWN"
        session.console().print(f"  {server.name:<14}{server.address:<26}{state}", markup=False)
    return all(server.up for server in servers)


def _stay(session: Session, folder: SandboxFolder) -> None:
    """Until Ctrl-C or SIGTERM; then stop what was started."""
    from reconcile.sandbox.background import clear_away

    told_to_stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: told_to_stop.set())
    session.console().print("It stops with Ctrl-C.")
    told_to_stop.wait()
    clear_away(folder)
    session.console().print("The sandbox is stopped.")
