"""The group ``reconcile sheet``; each subcommand is imported when called."""

from __future__ import annotations

import click

from reconcile.cli.session.lazy_group import LazyGroup

#: subcommand → where it is, and its line of help.
_COMMANDS = {
    "out": (
        "reconcile.cli.sheet.out:out",
        "Write the workbook each federation completes: its addresses, to decide on.",
    ),
    "in": ("reconcile.cli.sheet.in_:in_", "Read workbooks that came back, show what they change; --write writes it."),
    "status": ("reconcile.cli.sheet.status:status", "Who was handed a workbook, who answered, who is late."),
}


@click.group(cls=LazyGroup, subcommands=_COMMANDS)
def sheet() -> None:
    """The workbook that federations complete: out, back in, and who answered."""
