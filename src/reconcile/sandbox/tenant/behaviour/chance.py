"""What is left to chance: which replica answers, which request meets trouble, in which order lists come."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import TypeVar

from reconcile.sandbox.tenant.behaviour.profiles import Profile

T = TypeVar("T")


class Chance:
    """Repeatable, from one seed; as likely as the behaviour of the moment say."""

    def __init__(self, seed: int, profile: Callable[[], Profile]) -> None:
        self._random = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self._profile = profile

    def flips(self) -> bool:
        """Whether a replica that has not heard of a fresh object answers this time."""
        return self._random.random() < 0.5

    def strikes(self) -> bool:
        """Whether trouble meets this request."""
        return self._random.random() < self._profile().trouble

    def collides(self) -> bool:
        """Whether somebody else writes at the same moment."""
        return self._random.random() < self._profile().concurrency

    def empties(self, share: float) -> bool:
        """Whether a page is empty and yet leads on."""
        return self._profile().empty_pages and self._random.random() < share

    def shuffled(self, items: Iterable[T]) -> list[T]:
        """The items, in another order each time if such are the behaviour."""
        listed = list(items)
        if self._profile().shuffled:
            self._random.shuffle(listed)
        return listed
