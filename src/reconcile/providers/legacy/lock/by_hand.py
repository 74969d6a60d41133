"""Locking by hand: somebody is told what to do, line by line, and the proof says whether it was done."""

from __future__ import annotations

from collections.abc import Sequence

from reconcile.problem import Problem
from reconcile.providers.legacy.hosts import by_hand


class ByHand:
    """``locking`` and ``unlocking``: what to do; ``{login}`` stands for each login."""

    #: Nobody can be asked which logins are locked: what was proved counts.
    def __init__(self, locking: Sequence[str], unlocking: Sequence[str]) -> None:
        self._locking = tuple(locking)
        self._unlocking = tuple(unlocking)

    def locked(self, federation: str, logins: Sequence[str]) -> frozenset[str]:
        return frozenset()

    def lock(self, federation: str, logins: Sequence[str]) -> None:
        """Nothing: the proof, which follows, tells what is still to be done (``told``)."""

    def release(self, federation: str, logins: Sequence[str]) -> None:
        """Nothing, likewise."""

    def unlock(self, federation: str, logins: Sequence[str]) -> None:
        """Nothing, likewise."""

    def told(self, problem: Problem, logins: Sequence[str], *, locking: bool) -> Problem:
        """The same failure of the proof, with what to do by hand before the next try."""
        return by_hand(problem, self._locking if locking else self._unlocking, "{login}", logins)
