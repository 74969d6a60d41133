"""How many messages a connection pair may have on hand."""

from __future__ import annotations

#: Messages asked for and not yet confirmed, per connection pair: at the start, at most, at least.
QUOTA_START, QUOTA_MOST, QUOTA_LEAST = 8, 600, 3
#: At the start where messages are taken in batches: that server is quick, and doubling would cost round trips.
QUOTA_START_BATCHES = 64


class Pace:
    """The quota of a pair: what its destination confirms in a second.

    So a slow connection leaves the rest to the others, and no long tail waits behind it. Starts by doubling.
    """

    def __init__(self) -> None:
        self._since: float | None = None
        self._confirmed = 0
        self._rate: float | None = None

    def quota(self, confirmed: int, now: float, quota: int) -> int:
        """The quota from now on, ``confirmed`` more messages having been answered at ``now`` (seconds, any clock)."""
        if self._rate is None:
            quota = min(QUOTA_MOST, quota + 2 * confirmed)
        self._confirmed += confirmed
        if self._since is None:
            self._since, self._confirmed = now, 0
            return quota
        elapsed = now - self._since
        if elapsed <= 0.25:
            return quota
        rate = self._confirmed / elapsed
        self._rate = rate if self._rate is None else (self._rate + rate) / 2
        self._since, self._confirmed = now, 0
        return max(QUOTA_LEAST, min(QUOTA_MOST, int(self._rate)))
