"""``reconcile inventory``: what the old hosts hold, read, shown and compared. Nothing on them is changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click

from reconcile.cli.session.completion import FEDERATION
from reconcile.cli.session.exits import CHANGES, DONE, ERROR
from reconcile.cli.session.group import CommandGroup
from reconcile.cli.session.session import Session
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

if TYPE_CHECKING:
    from reconcile.config.federation.federation import Federation
    from reconcile.config.inventory.inventory import Inventory
    from reconcile.providers.legacy.inventory.gathering import Asked, Gathered


@click.group(cls=CommandGroup)
def inventory() -> None:
    """What an old host holds of a federation: addresses, aliases, forwards, lists, sizes, last use, filters."""


@inventory.command()
@click.argument("federations", nargs=-1, type=FEDERATION, metavar="[FEDERATION]...")
@click.option("--partial", is_flag=True, help="Keep what was read even though a source could not be.")
@click.pass_obj
def read(session: Session, federations: tuple[str, ...], partial: bool) -> int:
    """Read the old hosts of these federations (all of them without names) and keep what they hold, dated, under
    spfstate/inventory.

    Exits 1 when a source could not be read; nothing is then kept of its host, unless --partial says so. A federation
    whose file is not valid is left out, and named.
    """
    from reconcile.cli.inventory.sources import sources_of
    from reconcile.providers.legacy.inventory.gathering import gather
    from reconcile.views.inventory import tally

    now, failed = session.clock.now(), False
    known = {one.slug: one for one in (_federations(session, federations) if federations else _all_valid(session))}
    for host, asked in _by_host(session, known.values()).items():
        try:
            sources = sources_of(session, host)
            session.warn(
                Phrase("Reading {host} ({sources})…", host=host, sources=", ".join(source.name for source in sources))
            )
            gathered = gather(host, sources, asked, now, frozenset(session.settings.protected))
        except Problem as problem:
            session.warn(
                Phrase("{code} {said}\n  → {hint}", code=problem.code, said=problem.message, hint=problem.hint)
            )
            failed = True
            continue
        _tell(session, host, gathered)
        if gathered.failed:
            failed = True
            if not partial or len(gathered.failed) == len(sources):
                session.warn(
                    Phrase("Nothing of {host} was kept: an inventory that lacks a source hides addresses.", host=host)
                )
                continue
        for one in gathered.inventories:
            session.inventory_folder.write(one)
            session.print(tally(one, known[one.federation], session.words))
    return ERROR if failed else DONE


@inventory.command()
@click.argument("federations", nargs=-1, required=True, type=FEDERATION, metavar="FEDERATION...")
@click.option(
    "--as-of", "day", metavar="DATE", type=click.DateTime(["%Y-%m-%d"]), help="The latest of that day or before."
)
@click.option("--undecided", "only_undecided", is_flag=True, help="Only what the file neither keeps nor gives up.")
@click.option("--json", "as_json", is_flag=True, help="For programs: one object a line and federation.")
@click.pass_obj
def show(
    session: Session, federations: tuple[str, ...], day: dt.datetime | None, only_undecided: bool, as_json: bool
) -> int:
    """Show the newest inventory of a federation, and what its file decides on each address."""
    from reconcile.views.inventory import as_object, table

    for federation in _federations(session, federations):
        held = _held(session, federation, day)
        if as_json:
            click.echo(as_object(held, federation))
        else:
            session.print(table(held, federation, session.zone, session.words, only_undecided=only_undecided))
    return DONE


@inventory.command()
@click.argument("federation", type=FEDERATION, metavar="FEDERATION")
@click.option(
    "--from", "since", metavar="DATE", type=click.DateTime(["%Y-%m-%d"]), help="The latest of that day or before."
)
@click.option(
    "--to", "until", metavar="DATE", type=click.DateTime(["%Y-%m-%d"]), help="The same; the newest when not said."
)
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 when an address appeared, went or changed.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def compare(
    session: Session,
    federation: str,
    since: dt.datetime | None,
    until: dt.datetime | None,
    detailed_exitcode: bool,
    as_json: bool,
) -> int:
    """What changed between two inventories of a federation: the one its file was made from (the first since J-14), and
    the newest."""
    from reconcile.config.inventory.changes import compare
    from reconcile.views.inventory_changes import comparison, comparison_object

    (chosen,) = _federations(session, [federation])
    before = _held(session, chosen, since) if since else _first_asked(session, chosen)
    found = compare(before, _held(session, chosen, until))
    if as_json:
        click.echo(comparison_object(found))
    else:
        session.print(comparison(found, session.zone, session.words))
    return CHANGES if detailed_exitcode and not found.same_addresses else DONE


def _federations(session: Session, names: Sequence[str]) -> tuple[Federation, ...]:
    """Those whose files are right in themselves: what an inventory says against them is no reason not to read one."""
    from reconcile.config.load import load_federations
    from reconcile.config.rules.criteria import Criteria

    return load_federations(session.federations, Criteria(protected=session.settings.protected)).select(names)


def _all_valid(session: Session) -> tuple[Federation, ...]:
    """Every federation whose file is right; one that is not says nothing of the others."""
    from reconcile.config.load import load_federations
    from reconcile.config.rules.criteria import Criteria

    loaded = load_federations(session.federations, Criteria(protected=session.settings.protected))
    for path in sorted({one.path for one in loaded.errors}):
        session.warn(Phrase("{path} is not valid and is left out; see: reconcile validate", path=path))
    return loaded.federations


def _by_host(session: Session, federations: Iterable[Federation]) -> dict[str, list[Asked]]:
    from reconcile.providers.legacy.inventory.gathering import Asked

    hosts: dict[str, list[Asked]] = {}
    for one in federations:
        if one.file.legacy is None:
            session.warn(Phrase("{slug} names no old host: nothing to read.", slug=one.slug))
            continue
        hosts.setdefault(one.file.legacy.server, []).append(Asked(one.slug, one.domains, _logins(one)))
    return hosts


def _logins(federation: Federation) -> dict[str, str]:
    """The logins of the old host that the file names or implies → the address each opens there."""
    logins = {left.address: left.address for left in federation.file.not_migrated}
    for address, mailbox in federation.file.mailboxes.items():
        logins |= {alias.address: alias.address for alias in mailbox.aliases if alias.legacy_mail}
        if not mailbox.new:
            old = mailbox.was or address
            logins[mailbox.legacy_login or old] = old
    return logins


def _tell(session: Session, host: str, gathered: Gathered) -> None:
    """What was not read, and mailboxes that are nobody's, on standard error."""
    for name, problem in gathered.failed.items():
        session.warn(
            Phrase(
                "{code} {host}, {name}: {message}\n  → {hint}",
                code=problem.code,
                host=host,
                name=name,
                message=problem.message,
                hint=problem.hint,
            )
        )
    if gathered.strays:
        shown = ", ".join(gathered.strays[:10]) + (" …" if len(gathered.strays) > 10 else "")
        what = (
            Phrase("1 login opens")
            if len(gathered.strays) == 1
            else Phrase("{number} logins open", number=len(gathered.strays))
        )
        session.warn(
            Phrase("{host}: {what} a mailbox whose address nobody tells: {shown}", host=host, what=what, shown=shown)
        )


def _held(session: Session, federation: Federation, day: dt.datetime | None = None) -> Inventory:
    """The newest inventory, or the newest of that civil day or before. Raises Problem INV21 when there is none."""
    until = None
    if day is not None:
        until = dt.datetime.combine(day.date(), dt.time.max, session.zone)
    found = session.inventory_folder.newest(federation.slug, until)
    if found is None:
        before = Phrase(" of {day:%Y-%m-%d} or before", day=day) if day else ""
        raise Problem(
            "INV21",
            Phrase("There is no inventory of {slug}{before}.", slug=federation.slug, before=before),
            Phrase("read one: reconcile inventory read {slug}", slug=federation.slug),
        )
    return found


def _first_asked(session: Session, federation: Federation) -> Inventory:
    """The first since the federation is handed its list; the very first when there is none, or no date."""
    from reconcile.config.rules.inventory import ASKED_DAYS

    moments = session.inventory_folder.moments(federation.slug)
    date = federation.file.migration.date
    asked = dt.datetime.combine(date - dt.timedelta(days=ASKED_DAYS), dt.time.min, session.zone) if date else None
    first = next((moment for moment in moments if asked is None or moment >= asked), moments[0] if moments else None)
    return session.inventory_folder.newest(federation.slug, first) or _held(session, federation)
