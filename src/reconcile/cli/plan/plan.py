"""``reconcile plan``: what would change."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from reconcile.cli.plan.output import format_options, say_plan
from reconcile.cli.session.completion import FEDERATION
from reconcile.cli.session.exits import CHANGES, DONE, ERROR, INVALID
from reconcile.cli.session.moment import as_of_option
from reconcile.cli.session.session import Session
from reconcile.language.phrase import Phrase


@click.command()
@click.argument("federations", nargs=-1, type=FEDERATION, metavar="[FEDERATION]...")
@click.option("--target", multiple=True, metavar="GLOB", help="Only these addresses and what they need: 'spf55/dns/*'.")
@click.option("--changed-since", metavar="REF", help="Only the federations whose file differs from this git revision.")
@click.option("--out", type=click.Path(path_type=Path), help="Save the plan, for: reconcile apply FILE.")
@format_options
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 when there is something to change.")
@as_of_option
@click.pass_obj
def plan(
    session: Session,
    federations: tuple[str, ...],
    target: tuple[str, ...],
    changed_since: str | None,
    out: Path | None,
    output_format: str,
    markdown: Path | None,
    verbose: bool,
    detailed_exitcode: bool,
) -> int:
    """Compare the federation files with the tenant, DNS and the list of copies, and show what would change.

    Nothing is written anywhere but --out and --markdown. Names are those of the files: spf55, or 55.
    """
    from reconcile.cli.session.changed_since import changed_since as git_changed_since
    from reconcile.cli.session.tracked import authenticity_key
    from reconcile.cli.wiring.planning import observe_and_plan_targets
    from reconcile.cli.wiring.prepare import prepare_targets
    from reconcile.cli.wiring.providers import readers
    from reconcile.planning.plan import planfile
    from reconcile.state.durable import PRIVATE_FILE, private_folder, replace_file

    if session.as_of and out:
        raise click.UsageError("A plan of another day is only shown: leave --out or --as-of out.")
    names: Sequence[str] | None = federations
    if changed_since:
        names = git_changed_since(changed_since, session.federations, session.settings_file)
        if names is not None:
            names = _known(session, names)
        if names is not None and not names:
            session.warn(Phrase("No federation file differs from {changed_since}.", changed_since=changed_since))
            return DONE
    prepared = prepare_targets(session, names or (), target)
    made = observe_and_plan_targets(session, prepared, readers(session), target)
    if out:
        private_folder(out.parent)
        replace_file(out, planfile.pieces(made, authenticity_key(session)), PRIVATE_FILE)
    say_plan(session, made, output_format, markdown=markdown, verbose=verbose)
    if out and output_format == "text":
        session.warn(Phrase("Saved in {out}.", out=out))
    if made.blocked or made.left_out:
        return INVALID if made.left_out else ERROR
    return CHANGES if detailed_exitcode and made.changes else DONE


def _known(session: Session, slugs: Sequence[str]) -> list[str]:
    """Those that a file describes or the state remembers: of a file deleted before it was ever applied nothing is."""
    from reconcile.cli.wiring.store import store

    remembered = store(session).federations()
    return [slug for slug in slugs if slug in remembered or (session.federations / f"{slug}.yaml").exists()]
