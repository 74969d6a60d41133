"""No more messages a second than allowed, over all mailboxes of a worker."""

from __future__ import annotations

import threading

from reconcile.clock import Clock

#: Seconds a pass is held up at once at most: its connections must be served meanwhile.
AT_MOST = 0.5


class Rate:
    """``messages_per_second``: 0 for no limit. Safe for several threads."""

    def __init__(self, messages_per_second: float) -> None:
        self._each = 1 / messages_per_second if messages_per_second else 0.0
        self._free_at = 0.0
        self._seen: dict[str, int] = {}
        self._lock = threading.Lock()

    def spend(self, key: str, messages: int, clock: Clock) -> None:
        """Told how many messages a mailbox has got so far, wait as long as its last ones are ahead of the rate."""
        if not self._each:
            return
        now = clock.now().timestamp()
        with self._lock:
            more = max(0, messages - self._seen.get(key, messages))
            self._seen[key] = messages
            self._free_at = max(now, self._free_at) + more * self._each
            ahead = self._free_at - now
        if ahead > self._each:
            clock.sleep(min(AT_MOST, ahead))
