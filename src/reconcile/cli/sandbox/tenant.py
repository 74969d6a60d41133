"""``reconcile sandbox tenant``, ``portal`` and ``message``: the running tenant's behaviour, changes made in it by hand,
and messages sent from it."""

from __future__ import annotations

from pathlib import Path

import click

from reconcile.cli.sandbox.running import NOTHING_RUNS, folder_here
from reconcile.cli.session.session import Session
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem


@click.command()
@click.argument("address")
@click.option("--licence", type=click.Choice(["E1", "E3"]), help="Give this licence instead of the one held.")
@click.option("--add-alias", metavar="ALIAS", help="Add an address.")
@click.option("--remove-alias", metavar="ALIAS", help="Remove an address.")
@click.option("--full-access", metavar="WHO", help="Let somebody open the mailbox.")
@click.pass_obj
def portal(session: Session, /, address: str, **given: str | None) -> None:
    """Change a mailbox as somebody would by hand in the tenant's portal, without the tool knowing."""
    from reconcile.sandbox.health import ControlPage

    names = {"full_access": "add_full_access"}
    wanted = {names.get(name, name): value for name, value in given.items() if value is not None}
    if not wanted:
        raise click.UsageError("Say what to change: --licence, --add-alias, --remove-alias or --full-access.")
    note = folder_here().note()
    if not note.get("ready"):
        raise Problem("SBX01", NOTHING_RUNS, "start it with: reconcile sandbox up")
    ControlPage(note).portal({"address": address, **wanted})
    session.console().print(f"Changed by hand in the tenant: {address}", markup=False)


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Where to write it.")
@click.pass_obj
def message(session: Session, file: Path, out: Path) -> None:
    """Send a message (.eml) from whom its From names, and write it as it leaves the tenant: with its signature."""
    import email
    import email.policy
    import email.utils

    from reconcile.sandbox.health import ControlPage

    data = file.read_bytes()
    parsed = email.message_from_bytes(data, policy=email.policy.default)
    sender = email.utils.parseaddr(str(parsed.get("From", "")))[1].lower()
    if not sender:
        raise click.UsageError(Phrase("{file} has no From.", file=file))
    note = folder_here().note()
    if not note.get("ready"):
        raise Problem("SBX01", NOTHING_RUNS, "start it with: reconcile sandbox up")
    out.write_bytes(ControlPage(note).message(sender, data))
    session.console().print(f"Sent by {sender}: {out} is what arrives.", markup=False)


@click.command()
@click.option("--profile", metavar="NAME", help="Begin with these behaviour: calm, realistic or hostile.")
@click.option("--lag", "lags", multiple=True, metavar="NAME=DURATION", help="One delay: mailbox=15m, mailbox=never.")
@click.option("--switch", "switches", multiple=True, metavar="NAME=VALUE", help="One switch: exchange_pages=cut.")
@click.pass_obj
def tenant(session: Session, profile: str | None, lags: tuple[str, ...], switches: tuple[str, ...]) -> None:
    """Show how hard the running tenant makes it, or change that: its delays, on the virtual clock, and its switches."""
    from reconcile.sandbox.health import ControlPage

    wanted_behaviour = {
        "profile": profile,
        "lags": {name: _lag(value) for name, value in map(_pair, lags)},
        "switches": dict(map(_pair, switches)),
    }
    note = folder_here().note()
    if not note.get("ready"):
        raise Problem("SBX01", NOTHING_RUNS, "start it with: reconcile sandbox up")
    now = ControlPage(note).behaviour(wanted_behaviour)
    show = session.console().print
    show(f"profile {now['profile']}", markup=False)
    for name, seconds in now["lags"].items():
        show(f"  lag     {name:<23} {'never' if seconds > 86400 * 365 else f'{seconds:g} s'}", markup=False)
    for name, value in now["switches"].items():
        show(f"  switch  {name:<23} {value}", markup=False)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise click.UsageError(Phrase("{text!r} is not NAME=VALUE.", text=text))
    return name, value


def _lag(text: str) -> float | str:
    from reconcile.cli.session.duration import Duration

    return text if text == "never" else 0.0 if text in ("0", "0s") else Duration().convert(text, None, None)
