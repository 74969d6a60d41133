"""``reconcile show``: read a saved plan."""

from __future__ import annotations

from pathlib import Path

import click

from reconcile.cli.plan.output import format_options, say_plan
from reconcile.cli.session.session import Session


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@format_options
@click.pass_obj
def show(session: Session, file: Path, output_format: str, markdown: Path | None, verbose: bool) -> None:
    """Show the plan saved in FILE."""
    from reconcile.planning.plan.planfile import load

    say_plan(session, load(file), output_format, markdown=markdown, verbose=verbose)
