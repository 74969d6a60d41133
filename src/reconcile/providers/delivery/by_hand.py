"""Somebody's hands: the files wait on this machine until somebody has carried them over and said so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from reconcile.problem import Problem


class ByHand:
    """``waiting``: where the files are. ``carried``: whether somebody said that they have them no more to carry."""

    def __init__(self, federation: str, account: str, waiting: Path, carried: Callable[[], bool]) -> None:
        self._federation = federation
        self._account = account
        self._waiting = waiting
        self._carried = carried

    def read(self, name: str) -> bytes | None:
        return (self._waiting / name).read_bytes() if self._carried() else None

    def put(self, name: str, content: bytes) -> None:
        raise Problem(
            "SEC16",
            f"The passwords of {self._federation} wait in {self._waiting} for the account {self._account}.",
            f"lay these files there, then: reconcile secrets deliver {self._federation} --carried",
        )

    def remove(self, name: str) -> None:
        return
