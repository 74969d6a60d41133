"""The ``reconcile`` command."""

from __future__ import annotations

import click


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Mailboxes as code: YAML federations reconciled with Microsoft 365, DNS and the old mail host."""


def main() -> None:
    """Entry point of the ``reconcile`` command."""
    cli()
