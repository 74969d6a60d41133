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

    Raises Problem CFG04 for a name nobody has, or a date on which nobody migrates.
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
        if not of_day:
            raise Problem(
                "CFG04", Phrase("No federation migrates on {day}.", day=day), "see: reconcile batches show", 3
            )
        chosen |= of_day
    return chosen | ({path.stem for path in loaded.named(names)} if names else set())
