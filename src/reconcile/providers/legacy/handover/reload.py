"""Having a host see what was changed in its tables."""

from __future__ import annotations

from collections.abc import Callable

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.legacy.own_command import CommandFailed


def reloaded(reload: Callable[[], None], table: str) -> None:
    """Raises Problem HOV12 when the command of ``table``, one of reconcile.toml, fails."""
    try:
        reload()
    except CommandFailed as failed:
        hint = Phrase("the tables are written and Postfix may not have seen them: see {table} reload", table=table)
        raise Problem("HOV12", Phrase("Postfix was not reloaded: {why}.", why=failed.why), hint) from None
