"""``reconcile sheet status``: who was handed a workbook, who answered, who is late, what is undecided."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

import click

from reconcile.cli.session.exits import DONE
from reconcile.cli.session.moment import as_of_option
from reconcile.cli.session.named import named
from reconcile.cli.session.session import Session
from reconcile.language.phrase import Phrase

if TYPE_CHECKING:
    from reconcile.config.federation.federation import Federation
    from reconcile.views.sheets import SheetStatus


@click.command()
@click.argument("what", nargs=-1, metavar="[DATE|FEDERATION]...")
@click.option("--json", "as_json", is_flag=True, help="For programs: one list.")
@as_of_option
@click.pass_obj
def status(session: Session, what: tuple[str, ...], as_json: bool) -> int:
    """Show, of these federations or of all, who was handed a workbook and when, who answered, who is late, and how many
    old addresses nobody has decided on; whoever is waited for first."""
    from reconcile.config.load import load_federations
    from reconcile.config.rules.criteria import Criteria
    from reconcile.views.sheets import sheets_document, sheets_text

    loaded = load_federations(session.federations, Criteria(protected=session.settings.protected))
    chosen = named(loaded, what)
    for path in sorted({one.path for one in loaded.errors if one.path.stem in chosen}):
        session.warn(Phrase("Left out: {path} is not valid (reconcile validate says why).", path=path))
    statuses = [_status_of(session, one) for one in loaded.federations if one.slug in chosen]
    if as_json:
        click.echo(json.dumps(sheets_document(statuses, session.today), ensure_ascii=False, indent=1))
    else:
        session.print(sheets_text(statuses, session.today, session.zone, session.words))
    return DONE


def _status_of(session: Session, federation: Federation) -> SheetStatus:
    from reconcile.cli.wiring.gating import came_back
    from reconcile.cli.wiring.letters.workbook import ANSWER_DAYS
    from reconcile.config.rules.inventory import undecided
    from reconcile.state.sheets import newest_back, newest_out
    from reconcile.views.sheets import SheetStatus

    sheets = session.sheet_folder.read(federation.slug)
    inventory = session.inventory_folder.newest(federation.slug)
    day = federation.file.migration.date
    return SheetStatus(
        federation.slug,
        day - dt.timedelta(days=ANSWER_DAYS) if day else None,
        newest_out(sheets),
        newest_back(sheets),
        len(undecided(federation, inventory)) if inventory is not None else None,
        came_back(session, federation),
    )
