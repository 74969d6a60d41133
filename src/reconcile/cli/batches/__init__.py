"""``reconcile batches``: who migrates when."""

from __future__ import annotations

import click

from reconcile.cli.session.lazy_group import LazyGroup

#: subcommand → where it is, imported when called.
_COMMANDS = {
    "show": ("reconcile.cli.batches.show:show", "The dates, how full they are, who has which."),
    "propose": ("reconcile.cli.batches.propose:propose_", "A date for each federation that has none, and why."),
    "move": ("reconcile.cli.batches.move:move", "Give a federation the next date with room, in its file."),
    "forecast": ("reconcile.cli.batches.forecast:forecast", "When each federation of a date will be through, and why."),
    "ics": ("reconcile.cli.batches.ics:ics", "Calendars to hand out, of a date or of a federation."),
}


@click.group(cls=LazyGroup, subcommands=_COMMANDS)
def batches() -> None:
    """The migration dates of reconcile.toml, and who migrates when."""
