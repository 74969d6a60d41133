"""``reconcile validate``: is what the federation files say possible? Nothing leaves this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconcile.cli.exits import DONE, INVALID
from reconcile.cli.session import Session

if TYPE_CHECKING:
    from reconcile.config.load import Loaded


@click.command()
@click.argument("what", nargs=-1, metavar="[NAME|PATH]…")
@click.option(
    "--format",
    "shape",
    type=click.Choice(["text", "json", "github", "gitlab"]),
    default="text",
    show_default=True,
    help="text for people, json for programs, github and gitlab for their pages of a change.",
)
@click.pass_obj
def validate(session: Session, what: tuple[str, ...], shape: str) -> int:
    """Check federation files: by name (spf55 or 55), by path, or all of them.

    Exits 0 when there is no error, 3 otherwise. Warnings and notices never fail.
    """
    from reconcile.views import diagnostics as view

    loaded = _loaded(session, what)
    remarks = loaded.diagnostics
    files, mailboxes = len(loaded.paths), sum(len(one.file.mailboxes) for one in loaded.federations)
    if shape == "text":
        console = session.console()
        if remarks:
            console.print(view.as_text(remarks, loaded.sources), end="")
        console.print(view.tally(remarks, files, mailboxes), markup=False)
    elif shape == "json":
        click.echo(view.as_json(remarks, files))
    elif shape == "gitlab":
        click.echo(view.as_gitlab(remarks))
    elif remarks:
        click.echo(view.as_github(remarks))
    return INVALID if loaded.errors else DONE


def _loaded(session: Session, what: tuple[str, ...]) -> Loaded:
    """The files asked for. Those of the session's folder are judged together with all its files."""
    from reconcile.config.load import load_federations, load_files

    protected = session.settings.protected if Path("reconcile.toml").exists() else ()
    paths = [path for path in map(Path, what) if path.suffix in (".yaml", ".yml") or len(path.parts) > 1]
    names = [name for name in what if Path(name) not in paths]
    folders = [path for path in paths if path.is_dir() and path.suffix not in (".yaml", ".yml")]
    here = session.federations.resolve()
    inside = [path for path in paths if path not in folders and path.resolve().parent == here]
    outside = [path for path in paths if path not in folders and path not in inside]
    if not outside and not folders:
        loaded = load_federations(session.federations, protected)
        if not what:
            return loaded
        chosen = {session.federations / path.name for path in inside}
        return loaded.only(chosen | loaded.named(names))
    for folder in folders:
        outside += load_federations(folder).paths
    return load_files([*inside, *outside], protected)
