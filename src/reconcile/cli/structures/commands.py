"""``reconcile structures``: PopStructure read, shown and compared. Nothing there is changed."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

import click

from reconcile.cli.session.completion import FEDERATION
from reconcile.cli.session.exits import CHANGES, DONE
from reconcile.cli.session.group import CommandGroup
from reconcile.cli.session.named import named
from reconcile.cli.session.session import Session
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

if TYPE_CHECKING:
    from reconcile.config.federation.federation import Federation
    from reconcile.config.structures.register import Register
    from reconcile.providers.popstructure.csv_export import Reading

#: A reading that has lost more than this share of the structures of the one before is an export cut short.
_LOST_PERCENT = 10


@click.group(cls=CommandGroup)
def structures() -> None:
    """The structures of the network as PopStructure has them: names, postal addresses, web sites, networks."""


@structures.command()
@click.option("--fewer", is_flag=True, help="Keep a reading that has lost many structures.")
@click.pass_obj
def read(session: Session, fewer: bool) -> int:
    """Read the export that reconcile.toml names and keep it, dated, under spfstate/structures.

    What cannot be understood is said with its line and left out. A reading that has lost more than a tenth of the
    structures of the one before is refused: the export was probably cut short.
    """
    from reconcile.config.structures.changes import compare
    from reconcile.views.structures import comparison, counted

    reading = _read(session)
    before, register = session.register, reading.register
    if not register.structures:
        raise Problem("STR10", Phrase("{source} holds no structure.", source=register.source), "see docs/structures.md")
    for doubt in reading.doubts:
        session.warn(Phrase("  ? {doubt}", doubt=doubt))
    if before is not None:
        found = compare(before, register)
        lost, had = len(found.gone), len(before.structures)
        if lost * 100 > had * _LOST_PERCENT and not fewer:
            message = Phrase(
                "{source} has lost {lost} of the {had} structures read on {taken:%Y-%m-%d}.",
                source=register.source,
                lost=lost,
                had=had,
                taken=before.taken,
            )
            raise Problem("STR12", message, "export it whole; or keep it as it is with --fewer")
        session.print(comparison(found, session.zone, session.words))
    session.structure_folder.write(register)
    session.print(counted(register, len(reading.doubts), session.words))
    return DONE


@structures.command()
@click.argument("what", nargs=-1, type=FEDERATION, metavar="[NUMBER|FEDERATION|DATE]...")
@click.option("--incomplete", is_flag=True, help="Only those that lack something.")
@click.option(
    "--as-of", "day", metavar="DATE", type=click.DateTime(["%Y-%m-%d"]), help="As read on that day or before."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def show(session: Session, what: tuple[str, ...], incomplete: bool, day: dt.datetime | None, as_json: bool) -> int:
    """Show what addresses of these structures show, who belongs to them, and what they lack; without names, of every
    structure that a federation file names."""
    from reconcile.config.federation.atrium import atrium_number
    from reconcile.views.structures import as_object, table, used

    register = _held(session, day)
    numbers = {int(found) for word in what if (found := atrium_number(word)) and not _is_federation(session, word)}
    names = [word for word in what if _is_federation(session, word) or not atrium_number(word)]
    federations = _federations(session, register, names) if names or not what else ()
    shown = used(register, federations, numbers)
    if incomplete:
        shown = tuple(one for one in shown if one.lacking)
    if as_json:
        click.echo(json.dumps(as_object(register, shown), ensure_ascii=False, indent=1))
    else:
        session.print(table(register, shown, session.zone, session.words))
    return DONE


@structures.command()
@click.option(
    "--from", "since", metavar="DATE", type=click.DateTime(["%Y-%m-%d"]), help="As read on that day or before."
)
@click.option(
    "--to", "until", metavar="DATE", type=click.DateTime(["%Y-%m-%d"]), help="The same; the newest if unsaid."
)
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 when a structure appeared, went or changed.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def compare(
    session: Session,
    since: dt.datetime | None,
    until: dt.datetime | None,
    detailed_exitcode: bool,
    as_json: bool,
) -> int:
    """What changed between two readings: the one before the newest, and the newest, when nothing is said."""
    from reconcile.config.structures.changes import compare
    from reconcile.views.structures import comparison, comparison_object

    after = _held(session, until)
    earlier = [moment for moment in session.structure_folder.moments() if moment < after.taken]
    if since is None and not earlier:
        raise Problem("STR21", "PopStructure was read once: there is nothing to compare.", "reconcile structures read")
    before = _held(session, since) if since else session.structure_folder.newest(earlier[-1]) or after
    found = compare(before, after)
    if as_json:
        click.echo(json.dumps(comparison_object(found), ensure_ascii=False, indent=1))
    else:
        session.print(comparison(found, session.zone, session.words))
    return CHANGES if detailed_exitcode and not found.same else DONE


def _read(session: Session) -> Reading:
    from reconcile.providers.popstructure.csv_export import CsvExport

    source = session.settings.structures.csv
    if source is None:
        hint = Phrase("add a table [structures.csv]; see docs/structures.md")
        raise Problem("STR20", "reconcile.toml says nowhere what the structures are read from.", hint)
    return CsvExport(source.file, source.columns).read(session.clock.now())


def _held(session: Session, day: dt.datetime | None) -> Register:
    """The newest register, or the newest of that civil day or before. Raises Problem STR21 when there is none."""
    until = dt.datetime.combine(day.date(), dt.time.max, session.zone) if day else None
    found = session.structure_folder.newest(until)
    if found is None:
        before = Phrase(" on {day:%Y-%m-%d} or before", day=day) if day else ""
        raise Problem(
            "STR21", Phrase("PopStructure was never read{before}.", before=before), "read it: reconcile structures read"
        )
    return found


def _is_federation(session: Session, word: str) -> bool:
    """A code of two or three digits may be a structure's number too: a file of that name decides."""
    slugs = (word.lower(), f"spf{word.lower()}")
    return any((session.federations / f"{slug}.yaml").exists() for slug in slugs)


def _federations(session: Session, register: Register, names: list[str]) -> tuple[Federation, ...]:
    from reconcile.config.load import load_federations
    from reconcile.config.rules.criteria import Criteria

    loaded = load_federations(session.federations, Criteria(protected=session.settings.protected, register=register))
    chosen = named(loaded, names)
    for path in sorted({one.path for one in loaded.errors if one.path.stem in chosen}):
        session.warn(Phrase("Left out: {path} is not valid (reconcile validate says why).", path=path))
    return tuple(one for one in loaded.federations if one.slug in chosen)
