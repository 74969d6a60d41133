"""The table [sandbox], which only the sandbox writes."""

from __future__ import annotations

from reconcile.config.settings.tables.table import Table


class Sandbox(Table):
    """The sandbox these settings belong to."""

    control: str
    """Address of the sandbox's own control page (its clock); only the sandbox writes this."""
