"""``reconcile log``: what was applied, by whom, and how it ended."""

from __future__ import annotations

import dataclasses
import itertools
import json

import click

from reconcile.cli.session.session import Session
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem


@click.command()
@click.argument("run", required=False)
@click.option("-n", "--last", type=click.IntRange(1), default=20, show_default=True, help="How many runs to list.")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON, one run a line.")
@click.pass_obj
def log(session: Session, run: str | None, last: int, as_json: bool) -> None:
    """List the latest applies, or every operation of one RUN (the beginning of its id is enough)."""
    from reconcile.cli.wiring.store import kept_elsewhere
    from reconcile.state.journal.runs import run_records
    from reconcile.views.run.log import one_run, run_list

    records = run_records(session.state / "runs")
    chosen = [one for one in records if one.run.startswith(run)] if run else list(itertools.islice(records, last))
    if run and not chosen:
        raise Problem("LOG01", Phrase("No run begins with {run!r}.", run=run), "list them with: reconcile log")
    if kept_elsewhere(session):
        session.warn(
            "These runs are told by files of this folder, and the state, which is elsewhere, vouches for none of them; "
            "those of other machines are not among them."
        )
    if as_json:
        for one in chosen:
            click.echo(json.dumps(dataclasses.asdict(one), ensure_ascii=False))
    elif run:
        session.print(one_run(chosen[0], session.zone, session.words))
    else:
        session.print(run_list(chosen, session.zone, session.words))
