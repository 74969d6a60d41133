"""``reconcile batches``: who migrates when."""

from __future__ import annotations

import importlib

import click

#: subcommand → where it is, imported when called.
_COMMANDS = {
    "show": ("reconcile.cli.batches.show:show", "The dates, how full they are, who has which."),
    "propose": ("reconcile.cli.batches.propose:propose_", "A date for each federation that has none, and why."),
    "move": ("reconcile.cli.batches.move:move", "Give a federation the next date with room, in its file."),
    "forecast": ("reconcile.cli.batches.forecast:forecast", "When each federation of a date will be through, and why."),
    "ics": ("reconcile.cli.batches.ics:ics", "Calendars to hand out, of a date or of a federation."),
}


class _Batches(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, _, attribute = _COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in _COMMANDS.items()])


@click.group(cls=_Batches)
def batches() -> None:
    """The migration dates of reconcile.toml, and who migrates when."""
