"""Somebody's hands: the files wait on this machine until somebody has carried them over and said so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from reconcile.language.phrase import Phrase
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
            Phrase(
                "The passwords of {federation} wait in {waiting} for the account {account}.",
                federation=self._federation,
                waiting=self._waiting,
                account=self._account,
            ),
            Phrase(
                "lay these files there, then: reconcile secrets deliver {federation} --carried",
                federation=self._federation,
            ),
        )

    def remove(self, name: str) -> None:
        return
