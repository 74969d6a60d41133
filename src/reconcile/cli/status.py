"""``reconcile status``: where each federation stands, what needs somebody first."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from reconcile.cli.session.completion import FEDERATION
from reconcile.cli.session.exits import DONE, ERROR
from reconcile.cli.session.moment import as_of_option
from reconcile.cli.session.session import Session
from reconcile.cli.wiring.statuses import federation_statuses

if TYPE_CHECKING:
    from reconcile.planning.status import FederationStatus

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

    rows = federation_statuses(session, what)
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
    for line in status_text(rows, session.clock.now(), session.zone, width, session.words):
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
                if (fresh := federation_statuses(session, what)) != rows:
                    rows = fresh
                    _show(session, rows)
            return rows
        with Live(console=console, auto_refresh=False, screen=True) as live:
            while not ended.is_set():
                lines = status_text(rows, session.clock.now(), session.zone, console.width, session.words)
                live.update(Group(*lines), refresh=True)
                if not ended.wait(_EVERY):
                    rows = federation_statuses(session, what)
    return rows
