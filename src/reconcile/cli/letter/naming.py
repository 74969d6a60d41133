"""A letter as it is named on the command line."""

from __future__ import annotations

import difflib

from reconcile.cli.session.exits import USAGE
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.resources.notices import Letter


def letter_named(name: str) -> Letter:
    """Raises ``Problem`` LET06 (exit 64) for a name no letter has."""
    try:
        return Letter(name)
    except ValueError:
        names = [one.value for one in Letter]
        near = difflib.get_close_matches(name, names, 1)
        hint = (
            Phrase("did you mean {near}?", near=near[0])
            if near
            else Phrase("the letters: {names}", names=", ".join(names))
        )
        raise Problem("LET06", Phrase("No letter is called {name!r}.", name=name), hint, USAGE) from None
