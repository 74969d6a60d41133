"""``reconcile report``: the board as a folder of pages that need no server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconcile.cli.session.exits import DONE
from reconcile.cli.session.moment import as_of_option
from reconcile.cli.session.session import Session
from reconcile.language.phrase import Phrase

if TYPE_CHECKING:
    from reconcile.views.board.words import Words


@click.command()
@click.option(
    "--html", "folder", required=True, metavar="FOLDER", type=click.Path(path_type=Path), help="Fill this folder."
)
@click.option(
    "--plan", type=click.Path(path_type=Path), help="The saved plan to show; the newest of plans/ unless said."
)
@as_of_option
@click.pass_obj
def report(session: Session, folder: Path, plan: Path | None) -> int:
    """Write the board into FOLDER: index.html and the pages it leads to, for a disk or a pipeline's artefacts.

    Everything is told from the files, the state and the list of copies: nothing outside is asked. The folder is
    replaced whole or not at all; one that holds anything else than a former report is refused.
    """
    from reconcile.cli.board.folder import replace_report
    from reconcile.cli.board.gathering import gather
    from reconcile.views.board import site

    files = site.report(gather(session, plan), words(session))
    replace_report(folder, files)
    session.warn(
        Phrase(
            "{number} files written to {folder}/; open {folder2}.",
            number=len(files),
            folder=folder,
            folder2=folder / "index.html",
        )
    )
    return DONE


def words(session: Session) -> Words:
    """The board's words, in the language of this call."""
    from reconcile.views.board.words import Words

    return Words(session.language)
