"""``reconcile fmt``: federation files in their canonical form."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from reconcile.cli.session.exits import DONE, ERROR
from reconcile.cli.session.session import Session
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem


@click.command()
@click.argument("what", nargs=-1, metavar="[FEDERATION|FILE|-]...")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 when a file is not in its canonical form.")
@click.option("--diff", is_flag=True, help="Show what changes.")
@click.pass_obj
def fmt(session: Session, what: tuple[str, ...], check: bool, diff: bool) -> int:
    """Write federation files in their canonical form: order of keys, quotes, indentation. What they say stays the
    same, and each comment stays where it belongs.

    All files of the folder without names; "-" reads one from stdin and writes it to stdout. The names of the files
    that changed, or would, are printed. A file that cannot be formatted without loss is left as it is, and said.
    """
    if what == ("-",):
        return _stdin(check)
    ended, changed = DONE, False
    for path in _files(session, what):
        try:
            changed |= _formatted(path, check=check, diff=diff)
        except Problem as problem:
            session.warn(
                Phrase("{code} {message}\n  → {hint}", code=problem.code, message=problem.message, hint=problem.hint)
            )
            ended = max(ended, problem.exit_code)
    return ended or (ERROR if changed and check else DONE)


def _files(session: Session, what: tuple[str, ...]) -> Iterator[Path]:
    """Raises Problem CFG04 for a name that is neither a file nor a federation."""
    if not what:
        yield from sorted(session.federations.glob("*.yaml"))
    for name in what:
        slug = name.lower() if name.lower().startswith("spf") else f"spf{name.lower()}"
        known = [Path(name), session.federations / f"{slug}.yaml"]
        found = next((path for path in known if path.is_file()), None)
        if found is None:
            raise Problem(
                "CFG04",
                Phrase("There is no file and no federation {name}.", name=name),
                "see the folder federations",
                3,
            )
        yield found


def _formatted(path: Path, *, check: bool, diff: bool) -> bool:
    """Whether the file was not in its canonical form."""
    from reconcile.config.document.document import Unreadable, decode
    from reconcile.config.document.format import formatted
    from reconcile.config.load import read_file
    from reconcile.state.durable import replace_file

    try:
        text = decode(read_file(path))
    except Unreadable as refused:
        raise Problem(
            "FMT01", Phrase("{path}: {message}.", path=path, message=refused.flaw.message), "see: reconcile validate", 3
        ) from None
    wanted = formatted(text, str(path))
    if wanted == text:
        return False
    if not check:
        replace_file(path, wanted.encode())
    click.echo(path)
    if diff:
        lines = difflib.unified_diff(text.splitlines(), wanted.splitlines(), str(path), str(path), lineterm="")
        click.echo("\n".join(lines))
    return True


def _stdin(check: bool) -> int:
    from reconcile.config.document.document import Unreadable, decode
    from reconcile.config.document.format import formatted

    try:
        text = decode(sys.stdin.buffer.read())
    except Unreadable as refused:
        raise Problem(
            "FMT01", Phrase("stdin: {message}.", message=refused.flaw.message), "give it a federation file", 3
        ) from None
    wanted = formatted(text, "stdin")
    if not check:
        click.echo(wanted, nl=False)
    return ERROR if check and wanted != text else DONE
