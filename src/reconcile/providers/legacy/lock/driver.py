"""What a way of locking gives: which logins are refused, and how they are refused and put back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Driver(Protocol):
    """One way of locking one old host. Each method may be called again at any moment, by many threads at once.

    Each raises ``Problem`` LCK… when the host cannot be asked, or refuses. ``federation`` is a slug.
    """

    def locked(self, federation: str, logins: Sequence[str]) -> frozenset[str]:
        """Of these logins, those that are locked for this federation; empty when nothing of its lock is there."""
        ...

    def lock(self, federation: str, logins: Sequence[str]) -> None:
        """Have the host refuse these logins, and keep what it takes to put back what was."""
        ...

    def release(self, federation: str, logins: Sequence[str]) -> None:
        """Put these of them back as they were, and leave the others locked; what others refuse stays refused."""
        ...

    def unlock(self, federation: str, logins: Sequence[str]) -> None:
        """Put all of the federation's lock back as it was before ``lock``: these logins, and any other it holds."""
        ...
