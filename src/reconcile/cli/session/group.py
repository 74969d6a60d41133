"""A group of commands whose lines of help are whole sentences."""

from __future__ import annotations

import sys

import click


class CommandGroup(click.Group):
    """Each command with the first sentence of its help, folded and not cut: a cut sentence has no translation."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, one.get_short_help_str(sys.maxsize)) for name, one in self.commands.items() if not one.hidden]
            )
