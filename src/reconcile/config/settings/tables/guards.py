"""The table [guards]: how many deletions one plan may carry."""

from __future__ import annotations

from reconcile.config.settings.tables.table import Table


class Guards(Table):
    """How many deletions of what holds mail one plan may carry, in all and in one federation, as a number and as a
    share of what is recorded. Beyond either, the plan must be named by its digest to be applied."""

    deletes: int = 20
    """Deletions that one plan may carry."""
    deletes_percent: int = 5
    """And what share of all that is recorded, in percent."""
    federation_deletes: int = 5
    """Deletions that one plan may carry in one federation."""
    federation_deletes_percent: int = 20
    """And what share of what is recorded of it, in percent."""
    approval: bool = False
    """true to apply only what the folder approved holds (reconcile approve), as it was merged."""
