"""A clock for passes that are made to fail: our own pauses are short, and noted; servers keep their time to settle."""

from __future__ import annotations

from reconcile.clock import SystemClock
from reconcile.mailcopy.ledger.recovery import STABLE_AFTER, STABLE_AFTER_EXCHANGE


class Hurried(SystemClock):
    """``longest``: seconds that a pause of ours takes at most."""

    def __init__(self, longest: float = 0.01) -> None:
        self._longest = longest
        #: Seconds it was asked to wait in all.
        self.slept = 0.0

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        # Between two looks at a server whose connection just broke, what it still had to take may arrive.
        settling = seconds in (STABLE_AFTER, STABLE_AFTER_EXCHANGE)
        super().sleep(min(seconds, max(STABLE_AFTER, self._longest) if settling else self._longest))
