"""Federations as they are named on the command line: by slug, by code, or all of one migration date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

if TYPE_CHECKING:
    from reconcile.config.load import Loaded


def named(loaded: Loaded, what: Sequence[str]) -> set[str]:
    """The slugs of the dates and federations named; all of them without names.

    A file that is not valid is of each date that it may have. Raises Problem CFG04 for a name nobody has, or a date on
    which nobody migrates.
    """
    if not what:
        return {path.stem for path in loaded.paths}
    chosen: set[str] = set()
    names = []
    for word in what:
        try:
            day = dt.date.fromisoformat(word)
        except ValueError:
            names.append(word)
            continue
        of_day = {one.slug for one in loaded.federations if one.file.migration.date == day}
        of_day |= {
            path.stem for path in {one.path for one in loaded.errors} if _may_migrate(loaded.sources.get(path), day)
        }
        if not of_day:
            raise Problem(
                "CFG04", Phrase("No federation migrates on {day}.", day=day), "see: reconcile batches show", 3
            )
        chosen |= of_day
    return chosen | ({path.stem for path in loaded.named(names)} if names else set())


def _may_migrate(text: str | None, day: dt.date) -> bool:
    """Whether a file that is not valid may be of that date: it says so, or nobody can tell."""
    from reconcile.config.document.document import read_document

    tree = read_document(text).tree if text else None
    migration = tree.get("migration") if isinstance(tree, dict) else None
    said = migration.get("date") if isinstance(migration, dict) else None
    try:
        return dt.date.fromisoformat(str(said)) == day
    except ValueError:
        return True
