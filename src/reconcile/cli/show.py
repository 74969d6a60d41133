"""``reconcile show``: read a saved plan."""

from __future__ import annotations

import json
from pathlib import Path

import click

from reconcile.cli.session import Session


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON.")
@click.option("-v", "--verbose", is_flag=True, help="Show every field, and what is not managed.")
@click.pass_obj
def show(session: Session, file: Path, as_json: bool, verbose: bool) -> None:
    """Show the plan saved in FILE."""
    from reconcile.planning import planfile
    from reconcile.views.change_text import Detail
    from reconcile.views.plan_text import plan_text

    saved = planfile.load(file)
    if as_json:
        click.echo(json.dumps(planfile.document(saved), indent=1, ensure_ascii=False))
    else:
        session.print(plan_text(saved, session.zone, Detail.EVERYTHING if verbose else Detail.REVIEW))
