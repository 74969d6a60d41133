"""``reconcile schema``: what an editor needs to complete and check a federation file."""

from __future__ import annotations

from pathlib import Path

import click

from reconcile.cli.session.exits import DONE, ERROR
from reconcile.cli.session.session import Session
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem


@click.command()
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write this file, not stdout.")
@click.option(
    "--check", is_flag=True, help="Compare with the file (schemas/federation.schema.json); exit 1 if it lags."
)
@click.option("--reference", is_flag=True, help="The page docs/reference.md instead: every key of both files.")
@click.pass_obj
def schema(session: Session, output: Path | None, check: bool, reference: bool) -> int:
    """Write the JSON Schema of a federation file, or check that the written one is current."""
    from reconcile.state.durable import replace_file

    text, committed = _page() if reference else _schema()
    if check:
        return _compare(session, output or committed, text, reference)
    if output is None:
        click.echo(text, nl=False)
        return DONE
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        replace_file(output, text.encode())
    except OSError as error:
        raise Problem(
            "CFG05", Phrase("Cannot write {output}: {strerror}.", output=output, strerror=error.strerror)
        ) from None
    except Problem as problem:
        raise Problem("CFG05", problem.message, problem.hint) from None
    click.echo(f"wrote {output}", err=True)
    return DONE


def _schema() -> tuple[str, Path]:
    from reconcile.config.schema.json_schema import COMMITTED, federation_schema

    return federation_schema(), COMMITTED


def _page() -> tuple[str, Path]:
    from reconcile.config.schema.reference import COMMITTED, reference_page

    return reference_page(), COMMITTED


def _compare(session: Session, path: Path, text: str, reference: bool) -> int:
    try:
        written = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        written = ""
    if written == text:
        session.warn(Phrase("{path} is current", path=path))
        return DONE
    session.warn(Phrase("{path} lags behind the models" if written else "{path} is not there", path=path))
    option = "--reference " if reference else ""
    session.warn(Phrase("  → write it with: reconcile schema {option}-o {path}", option=option, path=path))
    return ERROR
