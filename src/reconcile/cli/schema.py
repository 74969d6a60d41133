"""``reconcile schema``: what an editor needs to complete and check a federation file."""

from __future__ import annotations

from pathlib import Path

import click

from reconcile.cli.exits import DONE, ERROR
from reconcile.problem import Problem


@click.command()
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write this file, not stdout.")
@click.option(
    "--check", is_flag=True, help="Compare with the file (schemas/federation.schema.json); exit 1 if it lags."
)
def schema(output: Path | None, check: bool) -> int:
    """Write the JSON Schema of a federation file, or check that the written one is current."""
    from reconcile.config.schema import COMMITTED, federation_schema
    from reconcile.state.durable import replace_file

    text = federation_schema()
    if check:
        return _compare(output or COMMITTED, text)
    if output is None:
        click.echo(text, nl=False)
        return DONE
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        replace_file(output, text.encode())
    except OSError as error:
        raise Problem("CFG05", f"Cannot write {output}: {error.strerror}.") from None
    except Problem as problem:
        raise Problem("CFG05", problem.message, problem.hint) from None
    click.echo(f"wrote {output}", err=True)
    return DONE


def _compare(path: Path, text: str) -> int:
    try:
        written = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        written = ""
    if written == text:
        click.echo(f"{path} is current", err=True)
        return DONE
    click.echo(f"{path} {'is not there' if not written else 'lags behind the models'}", err=True)
    click.echo(f"  → write it with: reconcile schema -o {path}", err=True)
    return ERROR
