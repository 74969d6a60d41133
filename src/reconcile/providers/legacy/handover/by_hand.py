"""Handing over by hand: somebody is told what to do, line by line, and the proof says whether it was done."""

from __future__ import annotations

from collections.abc import Sequence

from reconcile.problem import Problem
from reconcile.providers.legacy.hosts import by_hand


class ByHand:
    """``over`` and ``back``: what to do; ``{domain}`` stands for each domain."""

    def __init__(self, over: Sequence[str], back: Sequence[str]) -> None:
        self._over = tuple(over)
        self._back = tuple(back)

    def shown(self, federation: str, domains: Sequence[str]) -> None:
        """Nobody can be asked: what was proved counts."""

    def hand_over(self, federation: str, domains: Sequence[str]) -> None:
        """Nothing: the proof, which follows, tells what is still to be done (``told``)."""

    def take_back(self, federation: str, domains: Sequence[str]) -> None:
        """Nothing, likewise."""

    def redirections(self, federation: str) -> tuple[str, ...]:
        return ()

    def told(self, problem: Problem, domains: Sequence[str], *, over: bool) -> Problem:
        """The same failure of the proof, with what to do by hand before the next try."""
        return by_hand(problem, self._over if over else self._back, "{domain}", domains)
