"""``reconcile sheet out``: the workbook of a federation, or of all those of a date."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconcile.cli.session.exits import DONE, ERROR
from reconcile.cli.session.moment import as_of_option
from reconcile.cli.session.named import named
from reconcile.cli.session.session import Session
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

if TYPE_CHECKING:
    from reconcile.config.federation.federation import Federation


@click.command()
@click.argument("what", nargs=-1, required=True, metavar="FEDERATION|DATE...")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("sheets"),
    show_default=True,
    help="Where the workbooks are written.",
)
@as_of_option
@click.pass_obj
def out(session: Session, what: tuple[str, ...], folder: Path) -> int:
    """Write the workbook of these federations, or of all those of a migration date: one row for each address of the
    newest inventory and of the file, with what the file decides filled in.

    A workbook that says the same as the last one has its number and its bytes. Exits 1 when one could not be made; the
    others are.
    """
    from reconcile.config.load import load_federations
    from reconcile.config.rules.criteria import Criteria

    loaded = load_federations(session.federations, Criteria(protected=session.settings.protected))
    chosen = named(loaded, what)
    valid = [one for one in loaded.federations if one.slug in chosen]
    if not valid:
        loaded.select([*chosen])  # says what is wrong with them
    failed = False
    for path in sorted({one.path for one in loaded.errors if one.path.stem in chosen}):
        session.warn(Phrase("Left out: {path} is not valid (reconcile validate says why).", path=path))
        failed = True
    for one in valid:
        try:
            _write(session, one, folder)
        except Problem as problem:
            session.warn(
                Phrase(
                    "{slug}: {code} {said}\n  → {hint}" if problem.hint else "{slug}: {code} {said}",
                    slug=one.slug,
                    code=problem.code,
                    said=problem.message,
                    hint=problem.hint,
                )
            )
            failed = True
    return ERROR if failed else DONE


def _write(session: Session, federation: Federation, folder: Path) -> None:
    from reconcile.cli.wiring.letters.handing import handing, keep
    from reconcile.documents.workbook.workbook import write
    from reconcile.state.durable import keep_private

    inventory = session.inventory_folder.newest(federation.slug)
    if inventory is None:
        session.warn(
            Phrase("{slug}: no inventory, so only what its file says: reconcile inventory read", slug=federation.slug)
        )
    elif inventory.unknown:
        missing = ", ".join(sorted(one.replace("_", " ") for one in inventory.unknown))
        session.warn(
            Phrase(
                "{slug}: the inventory of {taken:%Y-%m-%d} does not know its {missing}.",
                slug=federation.slug,
                taken=inventory.taken,
                missing=missing,
            )
        )
    handed = handing(session, federation)
    workbook, path = handed.workbook, folder / handed.name
    keep_private(path, write(workbook))
    keep(session, federation, handed)
    undecided = sum(not row["keep"] for row in workbook.rows)
    click.echo(
        session.say(
            Phrase(
                "{path}: {number}, {undecided} to decide on, version {version}",
                path=path,
                number=Phrase.counted("{number} address", "{number} addresses", len(workbook.rows)),
                undecided=undecided,
                version=workbook.identity.version,
            )
        )
    )
