"""Words in a row, joined as the language joins them. Each list holds at least one."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence

from reconcile.language.phrase import Phrase


def both(words: Iterable[str]) -> str:
    """``a and b``"""
    return functools.reduce(lambda one, other: Phrase("{one} and {other}", one=one, other=other), words)


def neither(words: Iterable[str]) -> str:
    """``a nor b``"""
    return functools.reduce(lambda one, other: Phrase("{one} nor {other}", one=one, other=other), words)


def apart(words: Iterable[str]) -> str:
    """``a; b``"""
    return functools.reduce(lambda one, other: Phrase("{one}; {other}", one=one, other=other), words)


def first_of(names: Sequence[str], most: int) -> str:
    """``a, b and 12 more``: the first ``most`` of them."""
    shown = ", ".join(names[:most])
    return Phrase("{shown} and {number} more", shown=shown, number=len(names) - most) if len(names) > most else shown
