"""``reconcile relayed``: addresses nobody listed that were written to since the switch; the old host got their mail."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from reconcile.cli.session.exits import DONE
from reconcile.cli.session.named import named
from reconcile.cli.session.session import Session
from reconcile.language.phrase import Phrase

if TYPE_CHECKING:
    from reconcile.providers.microsoft.reading.relayed import Relayed


@click.command()
@click.argument("what", nargs=-1, metavar="[DATE|FEDERATION]...")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def relayed(session: Session, what: tuple[str, ...], as_json: bool) -> int:
    """Show the addresses that the tenant does not know and that were written to since the switch: of these federations,
    of those of a migration date, of all without names.

    Their mail went on to the old host, until their domain is authoritative. Name each in the federation's file, or let
    it go: message trace tells it, which forgets after ninety days.
    """
    from reconcile.config.load import load_federations
    from reconcile.config.rules.criteria import Criteria
    from reconcile.resources.milestones import milestones
    from reconcile.views.relayed import relayed_table

    settings, now = session.settings, session.clock.now()
    loaded = load_federations(session.federations, Criteria(protected=settings.protected))
    chosen = named(loaded, what)
    since: dict[str, dt.datetime] = {}
    for one in loaded.federations:
        cutover = milestones(one.file.migration.date, settings.calendar).cutover
        if one.slug in chosen and one.file.legacy is not None and cutover <= now:
            since |= dict.fromkeys(one.domains, cutover)
    found = _read(session, since, now)
    if as_json:
        rows = [{**dataclasses.asdict(one), "last": one.last.isoformat()} for one in found]
        click.echo(json.dumps({"relayed": rows}, ensure_ascii=False, indent=1))
    else:
        session.print(relayed_table(found, len(since), session.zone, session.words))
    return DONE


def _read(session: Session, since: Mapping[str, dt.datetime], now: dt.datetime) -> tuple[Relayed, ...]:
    import random

    from reconcile.cli.session.credential import credential
    from reconcile.problem import Problem
    from reconcile.providers.microsoft.reading.relayed import relayed as read_relayed
    from reconcile.providers.microsoft.wire.connection import connect
    from reconcile.providers.microsoft.wire.refusals import Refused
    from reconcile.providers.microsoft.wire.transport import Transport

    settings = session.outside
    sender = Transport(session.clock, random.random, settings.tenant.ca_file)
    graph, exchange = connect(settings.tenant, credential(session), sender, session.clock)
    try:
        return read_relayed(graph, exchange, settings, since, now)
    except Refused as refused:
        raise Problem(
            "FLOW02", Phrase("Message trace cannot be read: {text}", text=refused.text), "see docs/permissions.md"
        ) from None
