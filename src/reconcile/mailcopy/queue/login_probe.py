"""Which old hosts accept the master user's login."""

from __future__ import annotations

import threading
from collections import Counter

#: Logins refused by a server that accepted none, before no further one is tried: it might lock the master user out.
REFUSALS = 2


class LoginProbe:
    """Which sources accept logins. Safe for several threads."""

    def __init__(self) -> None:
        self._accepting: set[str] = set()
        self._refusals: Counter[str] = Counter()
        self._lock = threading.Lock()

    def accepted(self, source: str) -> None:
        with self._lock:
            self._accepting.add(source)

    def refused(self, source: str) -> None:
        with self._lock:
            self._refusals[source] += 1

    def forget_refusals(self) -> None:
        with self._lock:
            self._refusals.clear()

    @property
    def refusing(self) -> set[str]:
        """Sources that refuse every login."""
        with self._lock:
            return {source for source, count in self._refusals.items() if count >= REFUSALS} - self._accepting
