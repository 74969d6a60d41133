"""What a way of handing over gives: what the host does with mail, and how that is changed and put back."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Protocol


@dataclasses.dataclass(frozen=True, slots=True)
class Shown:
    """``over``: the domains the host sends on by their MX, whole. ``begun``: whether anything is to be put back."""

    over: frozenset[str]
    begun: bool


class Driver(Protocol):
    """One way of one old host. Each method may be called again at any moment, by many threads at once.

    Each raises ``Problem`` HOV… when the host cannot be asked, or refuses. ``federation`` is a slug.
    """

    def shown(self, federation: str, domains: Sequence[str]) -> Shown | None:
        """What the host says of these domains; None where nobody can be asked, and what was proved counts."""
        ...

    def hand_over(self, federation: str, domains: Sequence[str]) -> None:
        """Have the host send these domains on, and keep what it takes to put back what was."""
        ...

    def take_back(self, federation: str, domains: Sequence[str]) -> None:
        """Have it deliver as it did before: all that is kept of the federation."""
        ...

    def redirections(self, federation: str) -> tuple[str, ...]:
        """Addresses that the host sent elsewhere or to several before: these win for ever where they are left."""
        ...
