"""``reconcile validate``: is what the federation files say possible? Nothing leaves this machine."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconcile.cli.session.completion import FEDERATION
from reconcile.cli.session.exits import DONE, INVALID
from reconcile.cli.session.moment import as_of_option
from reconcile.cli.session.session import Session
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

if TYPE_CHECKING:
    from reconcile.config.load import Loaded
    from reconcile.config.rules.criteria import Criteria


@click.command()
@click.argument("what", nargs=-1, type=FEDERATION, metavar="[NAME|PATH]…")
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "json", "github", "gitlab"]),
    default="text",
    show_default=True,
    help="text for people, json for programs, github and gitlab for their pages of a change.",
)
@as_of_option
@click.pass_obj
def validate(session: Session, what: tuple[str, ...], output_format: str) -> int:
    """Check federation files: by name (spf55 or 55), by path, or all of them.

    Exits 0 when there is no error, 3 otherwise. Warnings and notices never fail.
    """
    from reconcile.views import diagnostics as view

    loaded = _loaded(what, session)
    remarks = loaded.diagnostics
    files, mailboxes = len(loaded.paths), sum(len(one.file.mailboxes) for one in loaded.federations)
    if output_format == "text":
        console = session.console()
        if remarks:
            console.print(view.as_text(remarks, loaded.sources, session.words), end="")
        console.print(view.tally(remarks, files, mailboxes, session.words), markup=False)
    elif output_format == "json":
        click.echo(view.as_json(remarks, files))
    elif output_format == "gitlab":
        click.echo(view.as_gitlab(remarks))
    elif remarks:
        click.echo(view.as_github(remarks))
    return INVALID if loaded.errors else DONE


def _loaded(what: tuple[str, ...], session: Session) -> Loaded:
    """The files asked for. Those of the project's folder are judged among all its files, others among themselves."""
    from reconcile.config.load import load_federations, load_files

    folder = session.federations
    criteria = _criteria(session)
    if not what:
        return load_federations(folder, criteria)
    here, elsewhere, names = set[Path](), list[Path](), list[str]()
    for one in what:
        path = Path(one)
        if path.is_dir():
            elsewhere += load_federations(path).paths
        elif path.suffix not in (".yaml", ".yml") and len(path.parts) == 1:
            names.append(one)
        elif path.resolve().parent == folder.resolve():
            here.add(folder / path.name)
        else:
            elsewhere.append(path)
    if not elsewhere:
        loaded = load_federations(folder, criteria)
        return loaded.only(here | loaded.named(names))
    if names or here:
        raise click.UsageError(
            Phrase("federations of {folder} and files elsewhere are judged apart: call twice", folder=folder)
        )
    return load_files(elsewhere, dataclasses.replace(criteria, inventories={}))


def _criteria(session: Session) -> Criteria:
    """What reconcile.toml says that federation files must respect, and the day they are judged at."""
    from reconcile.config.rules.criteria import Criteria

    if not session.settings_file.exists():
        click.echo(session.say("no reconcile.toml here: protected names and old hosts are not checked"), err=True)
        return Criteria()
    settings, today = session.own_settings, _today(session)
    return Criteria(
        protected=settings.protected,
        servers=settings.legacy,
        inventories=session.inventories,
        today=today,
        batches=settings.batches or None,
        prices=settings.prices,
        register=session.register,
    )


def _today(session: Session) -> dt.date | None:
    """The day the files are judged at; None with a sandbox that rests."""
    try:
        return session.today
    except Problem as problem:
        if not session.sandbox:
            raise
        session.warn(Phrase("{message} What depends on the day is not checked.", message=problem.message))
        return None
