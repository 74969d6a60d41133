"""Lay a file in a place exactly once: never over another, read back, and whatever is unsure settled by looking."""

from __future__ import annotations

import contextlib

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.delivery.place import Occupied, Place, Unsure

#: How often a file is laid and looked for before it is told.
ATTEMPTS = 3


def deposit(place: Place, name: str, content: bytes) -> None:
    """Bring it about that the place holds these bytes under that name, which must be of this content alone (it bears
    its digest): what is found there and is the beginning of them is an upload of ours that broke off, and is removed.

    Raises ``Problem`` SEC11 when another file has the name, SEC12 when the place does not keep what it is given, and
    whatever the place raises.
    """
    lost: Unsure | None = None
    for _ in range(ATTEMPTS):
        there = place.read(name)
        if there == content:
            return
        if there is not None:
            if not content.startswith(there):
                raise Problem(
                    "SEC11",
                    Phrase("{name}: another file of that name is there; it was left as it is.", name=name),
                    "find out whose it is, move it away, then apply again",
                )
            place.remove(name)
        try:
            place.put(name, content)
        except Occupied:
            continue
        except Unsure as unsure:
            lost = unsure
            continue
        except Problem:
            _take_back(place, name, content)
            raise
        if place.read(name) == content:
            return
    if place.read(name) == content:
        return
    _take_back(place, name, content)
    raise Problem(
        "SEC12",
        Phrase("{name} was laid {number} times and is not there whole: {lost}.", name=name, number=ATTEMPTS, lost=lost)
        if lost
        else Phrase("{name} was laid {number} times and is not there whole.", name=name, number=ATTEMPTS),
        "look at the place (room, rights), then apply again",
    )


def _take_back(place: Place, name: str, content: bytes) -> None:
    """Leave no part of a file behind, as far as that can be done."""
    with contextlib.suppress(Problem, Unsure):
        there = place.read(name)
        if there is not None and there != content and content.startswith(there):
            place.remove(name)
