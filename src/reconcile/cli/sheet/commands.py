"""The group ``reconcile sheet``; each subcommand is imported when called."""

from __future__ import annotations

import importlib

import click

#: subcommand → where it is, and its line of help.
_COMMANDS = {
    "out": (
        "reconcile.cli.sheet.out:out",
        "Write the workbook each federation completes: its addresses, to decide on.",
    ),
    "in": ("reconcile.cli.sheet.in_:in_", "Read workbooks that came back, show what they change; --write writes it."),
    "status": ("reconcile.cli.sheet.status:status", "Who was handed a workbook, who answered, who is late."),
}


class _Sheet(click.Group):
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


@click.group(cls=_Sheet)
def sheet() -> None:
    """The workbook that federations complete: out, back in, and who answered."""
