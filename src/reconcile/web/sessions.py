"""Who is signed in, and who is about to be: kept in the server alone, found by what a cookie holds."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from typing import Generic, TypeVar

Kept = TypeVar("Kept")

#: More at once are not kept: the oldest go.
_MOST = 1000


class Sessions(Generic[Kept]):
    """Things kept for a while under names that nobody guesses. ``now``: seconds on a clock that never goes back."""

    def __init__(self, seconds: float, now: Callable[[], float]) -> None:
        self._seconds, self._now = seconds, now
        self._key = secrets.token_bytes(32)
        self._kept: dict[str, tuple[float, Kept]] = {}

    def open(self, kept: Kept) -> str:
        """Keep it; the cookie's value by which it is found."""
        while len(self._kept) >= _MOST:
            del self._kept[next(iter(self._kept))]
        name = secrets.token_urlsafe(32)
        self._kept[name] = (self._now() + self._seconds, kept)
        return f"{name}.{self._signature(name)}"

    def find(self, cookie: str) -> Kept | None:
        """What that cookie stands for; None for one that is not ours, was closed, or is too old."""
        name = self._named(cookie)
        until, kept = self._kept.get(name, (0.0, None))
        if kept is not None and until <= self._now():
            del self._kept[name]
            return None
        return kept

    def close(self, cookie: str) -> Kept | None:
        """Forget it; what it was."""
        kept = self.find(cookie)
        self._kept.pop(self._named(cookie), None)
        return kept

    def _named(self, cookie: str) -> str:
        """The name in a cookie that we signed; "" in any other."""
        name, _, signature = cookie.partition(".")
        return name if hmac.compare_digest(signature.encode(), self._signature(name).encode()) else ""

    def _signature(self, name: str) -> str:
        return hmac.new(self._key, name.encode(), hashlib.sha256).hexdigest()
