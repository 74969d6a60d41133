"""A letter as it is named on the command line."""

from __future__ import annotations

import difflib

from reconcile.cli.session.exits import USAGE
from reconcile.problem import Problem
from reconcile.resources.notices import Letter


def letter_named(name: str) -> Letter:
    """Raises ``Problem`` LET06 (exit 64) for a name no letter has."""
    try:
        return Letter(name)
    except ValueError:
        names = [one.value for one in Letter]
        near = difflib.get_close_matches(name, names, 1)
        hint = f"did you mean {near[0]}?" if near else f"the letters: {', '.join(names)}"
        raise Problem("LET06", f"No letter is called {name!r}.", hint, USAGE) from None
