"""``reconcile status``: where each federation stands, what needs somebody first."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import click

from reconcile.cli.session.completion import FEDERATION
from reconcile.cli.session.exits import DONE, ERROR
from reconcile.cli.session.moment import as_of_option
from reconcile.cli.session.named import named
from reconcile.cli.session.session import Session
from reconcile.problem import Problem

if TYPE_CHECKING:
    from reconcile.config.load import Loaded
    from reconcile.planning.status import Copies, FederationStatus
    from reconcile.resources.address import Address

#: Seconds between two looks of --watch.
_EVERY = 5.0
#: Without a terminal to measure, lines are not cut.
_ENDLESS = 10_000


@click.command()
@click.argument("what", nargs=-1, type=FEDERATION, metavar="[DATE|FEDERATION]...")
@click.option("--watch", is_flag=True, help="Look again every few seconds, until Ctrl-C.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@as_of_option
@click.pass_obj
def status(session: Session, what: tuple[str, ...], watch: bool, as_json: bool) -> int:
    """Show one row for each federation: gates, lock, creation, switch, passwords, copies; errors first.

    Everything is told from the files, the state and the list of copies: nothing outside is asked. Exits 1 when a
    federation is in trouble, 0 otherwise.
    """
    from reconcile.planning.status import State

    rows = _rows(session, what)
    if as_json:
        from reconcile.views.status import status_document

        click.echo(json.dumps(status_document(rows, session.clock.now()), ensure_ascii=False, indent=1))
    elif watch:
        rows = _watch(session, what, rows)
    else:
        _show(session, rows)
    return ERROR if any(row.state is State.ERROR for row in rows) else DONE


def _show(session: Session, rows: Sequence[FederationStatus]) -> None:
    from reconcile.views.status import status_text

    console = session.console()
    width = console.width if console.is_terminal else _ENDLESS
    for line in status_text(rows, session.clock.now(), session.zone, width):
        console.print(line)


def _watch(session: Session, what: Sequence[str], rows: list[FederationStatus]) -> list[FederationStatus]:
    """On a terminal the table is drawn anew; elsewhere it is printed again when it changed."""
    import threading

    from rich.console import Group
    from rich.live import Live

    from reconcile.cli.session.signals import graceful_shutdown
    from reconcile.views.status import status_text

    # Waits in the machine's time: the sandbox's clock is moved by whoever waits on it, and this only looks.
    console, ended = session.console(), threading.Event()
    with graceful_shutdown(ended.set):
        if not console.is_terminal:
            _show(session, rows)
            while not ended.wait(_EVERY):
                if (fresh := _rows(session, what)) != rows:
                    rows = fresh
                    _show(session, rows)
            return rows
        with Live(console=console, auto_refresh=False, screen=True) as live:
            while not ended.is_set():
                lines = status_text(rows, session.clock.now(), session.zone, console.width)
                live.update(Group(*lines), refresh=True)
                if not ended.wait(_EVERY):
                    rows = _rows(session, what)
    return rows


def _rows(session: Session, what: Sequence[str]) -> list[FederationStatus]:
    from reconcile.config.load import load_federations
    from reconcile.planning.status import broken, ranked

    loaded = load_federations(session.federations, protected=session.settings.protected, register=session.register)
    chosen = named(loaded, what)
    rows = list(_standings(session, loaded, chosen))
    for path in loaded.paths:
        errors = [one for one in loaded.errors if one.path == path]
        if errors and path.stem in chosen:
            first = errors[0]
            why = f"{first.path}:{first.line}:{first.column}: {first.code} {first.message}"
            rows.append(broken(path.stem, "", why))
    return ranked(rows)


def _standings(session: Session, loaded: Loaded, chosen: set[str]) -> Iterator[FederationStatus]:
    from reconcile.cli.wiring.gating import judged, still_to_hold
    from reconcile.cli.wiring.letters.notices import CopyJobs
    from reconcile.cli.wiring.letters.statuses import standings_of
    from reconcile.cli.wiring.passwords.delivery import handed_by
    from reconcile.cli.wiring.rollback import returning
    from reconcile.cli.wiring.store import journals_of, store
    from reconcile.planning.status import Copies, State, broken, standing
    from reconcile.resources.desired import compile_federations
    from reconcile.state.snapshot.snapshot import Snapshot

    ones = [one for one in loaded.federations if one.slug in chosen]
    gates = judged(session, ones, loaded.federations)
    states, journals = store(session), journals_of(session).read(session.state / "runs")
    jobs = CopyJobs(session)
    failures, copies, now = _failures(session), _copies(session), session.clock.now()
    for federation in ones:
        slug = federation.slug
        try:
            snapshot, unsettled = journals.replay(states.read(slug) or Snapshot(slug, lineage=""))
        except Problem as problem:
            yield broken(slug, federation.file.name, str(problem))
            continue
        begun = [intent.address for intent in unsettled if intent.action == "create"]
        row = standing(
            federation.file.name,
            federation.file.migration.date,
            gates[slug],
            still_to_hold(
                {slug: gates[slug]}, {slug: snapshot}, begun, returning(session, [federation], {slug: snapshot}).slugs
            ),
            compile_federations([federation], session.settings, now),
            snapshot.records.keys(),
            failures.get(slug, {}),
            copies.get(slug, Copies()),
            now,
            handed_by(session, slug, snapshot),
        )
        try:
            yield dataclasses.replace(row, letters=standings_of(session, federation, snapshot, jobs))
        except Problem as problem:
            yield dataclasses.replace(row, state=State.ERROR, trouble=(*row.trouble, str(problem)))


def _failures(session: Session) -> dict[str, dict[Address, str]]:
    """By federation, what failed when it was last tried."""
    from reconcile.resources.address import Address
    from reconcile.state.journal.runs import run_records

    seen: set[str] = set()
    failed: dict[str, dict[Address, str]] = {}
    for run in run_records(session.state / "runs"):
        for one in run.operations:
            if one.address in seen:
                continue
            seen.add(one.address)
            if one.result == "failed":
                address = Address.parse(one.address)
                failed.setdefault(address.federation, {})[address] = one.error
    return failed


def _copies(session: Session) -> Mapping[str, Copies]:
    """By federation, how its copies are doing; nothing when there is no list of copies yet."""
    import collections

    from reconcile.cli.wiring.copies import copy_jobs
    from reconcile.planning.status import Copies

    if not session.settings.copies.database and not (session.state / "copies").exists():
        return {}
    counts: dict[str, collections.Counter[str]] = {}
    for job in copy_jobs(session).list():
        if job.goes_back:
            continue
        counts.setdefault(job.key.partition("/")[0], collections.Counter())[job.state] += 1
    return {slug: Copies(tally.total(), tally["done"], tally["failed"]) for slug, tally in counts.items()}
