"""How many messages a connection pair may have on hand."""

from __future__ import annotations

#: Messages asked for and not yet confirmed, per connection pair: at the start, at most, at least.
WINDOW_START, WINDOW_MOST, WINDOW_LEAST = 8, 600, 3
#: At the start where messages are taken in batches: that server is quick, and doubling would cost round trips.
WINDOW_START_BATCHES = 64


class Window:
    """The window of a pair: what its destination confirms in a second.

    So a slow connection leaves the rest to the others, and no long tail waits behind it. Starts by doubling.
    """

    def __init__(self) -> None:
        self._since: float | None = None
        self._confirmed = 0
        self._rate: float | None = None

    def resized(self, confirmed: int, now: float, size: int) -> int:
        """The window from now on, ``confirmed`` more messages having been answered at ``now`` (seconds, any clock)."""
        if self._rate is None:
            size = min(WINDOW_MOST, size + 2 * confirmed)
        self._confirmed += confirmed
        if self._since is None:
            self._since, self._confirmed = now, 0
            return size
        elapsed = now - self._since
        if elapsed <= 0.25:
            return size
        rate = self._confirmed / elapsed
        self._rate = rate if self._rate is None else (self._rate + rate) / 2
        self._since, self._confirmed = now, 0
        return max(WINDOW_LEAST, min(WINDOW_MOST, int(self._rate)))
