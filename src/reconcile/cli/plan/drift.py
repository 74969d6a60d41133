"""``reconcile drift``: what is no longer as we left it."""

from __future__ import annotations

import json

import click

from reconcile.cli.session.completion import FEDERATION
from reconcile.cli.session.exits import CHANGES, DONE, ERROR
from reconcile.cli.session.session import Session


@click.command()
@click.argument("federations", nargs=-1, type=FEDERATION, metavar="[FEDERATION]...")
@click.option("--json", "as_json", is_flag=True, help="Print the drift as JSON.")
@click.pass_obj
def drift(session: Session, federations: tuple[str, ...], as_json: bool) -> int:
    """Compare what was last applied with the world: what changed, and since when we had seen it right.

    Quiet on what YAML does not manage. Exits 0 when nothing drifted, 2 when something did, 1 when something could
    not be read.
    """
    from reconcile.cli.wiring.prepare import prepare
    from reconcile.cli.wiring.providers import readers
    from reconcile.planning.diff.drift import find_drift
    from reconcile.planning.observe import observe
    from reconcile.views.alarms import left_out
    from reconcile.views.drift import drift_document, drift_text

    prepared = prepare(session, federations)
    inputs = prepared.inputs
    described = {resource.address for resource in inputs.desired}
    found = find_drift(inputs.records.values(), observe(inputs, readers(session)).observed, described)
    if as_json:
        click.echo(json.dumps(drift_document(found), indent=1, ensure_ascii=False))
    else:
        session.print(drift_text(found, session.zone, session.words))
    for one in prepared.left_out:
        session.warn(left_out(one))
    if found.unknown or prepared.left_out:
        return ERROR
    return CHANGES if found.fields else DONE
