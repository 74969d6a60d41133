"""``reconcile cost``: what the licences cost, and what those above the share may."""

from __future__ import annotations

import json

import click

from reconcile.cli.session.completion import FEDERATION
from reconcile.cli.session.exits import DONE
from reconcile.cli.session.moment import as_of_option
from reconcile.cli.session.named import named
from reconcile.cli.session.session import Session
from reconcile.language.phrase import Phrase


@click.command()
@click.argument("what", nargs=-1, type=FEDERATION, metavar="[DATE|FEDERATION]...")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@as_of_option
@click.pass_obj
def cost(session: Session, what: tuple[str, ...], as_json: bool) -> int:
    """Show what the E1 and E3 licences of each federation cost a month, and the possible surcharge for E3 above its
    share: of these federations, of those of a migration date, of all without names.

    The prices are those of each federation's date, of today once it has come. Files that are not valid are left out
    and named.
    """
    from reconcile.config.cost import together
    from reconcile.config.load import load_federations
    from reconcile.config.rules.criteria import Criteria
    from reconcile.planning.costs import costs
    from reconcile.views.cost import cost_document, cost_table

    settings, today = session.settings, session.today
    loaded = load_federations(session.federations, Criteria(protected=settings.protected))
    chosen = named(loaded, what)
    valid = [one for one in loaded.federations if one.slug in chosen]
    if what and not valid:
        loaded.select([*chosen])  # says what is wrong with them
    for path in sorted({one.path for one in loaded.errors if one.path.stem in chosen}):
        session.warn(Phrase("Left out: {path} is not valid (reconcile validate says why).", path=path))
    found = costs(valid, settings.prices, today)
    day = max((one.cost.on for one in found), default=today)
    whole = together([one.cost for one in found], settings.prices, day)
    if as_json:
        click.echo(json.dumps(cost_document(found, whole), ensure_ascii=False, indent=1))
    else:
        session.print(cost_table(found, {one.slug: one.file.name for one in valid}, whole, session.words))
    return DONE
