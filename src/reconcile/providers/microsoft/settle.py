"""Waiting for the tenant: until it shows what was written, or until a passing refusal has passed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TypeVar

from reconcile.clock import Clock
from reconcile.providers.microsoft.records import Box
from reconcile.providers.microsoft.refused import Refused

T = TypeVar("T")

#: Seconds between two looks; replicas of the directory agree within seconds, rarely minutes.
PAUSE = 5.0


def until(clock: Clock, look: Callable[[], T | None], patience: float, pause: float = PAUSE) -> T | None:
    """What ``look`` answers as soon as it answers something, None when ``patience`` seconds were not enough."""
    waited = 0.0
    while True:
        found = look()
        if found is not None:
            return found
        if waited >= patience:
            return None
        clock.sleep(pause)
        waited += pause


def patiently(
    clock: Clock, act: Callable[[], T], passing: Callable[[Refused], bool], patience: float, pause: float = PAUSE
) -> T:
    """``act``, again and again while it is refused for a reason that passes. Raises the last refusal."""
    waited = 0.0
    while True:
        try:
            return act()
        except Refused as refused:
            if waited >= patience or not passing(refused):
                raise
        clock.sleep(pause)
        waited += pause


class Arrivals:
    """Waits for new mailboxes: everybody who waits shares one list of all mailboxes, whoever reads it."""

    def __init__(self, clock: Clock, read: Callable[[], Mapping[str, Box]]) -> None:
        self._clock = clock
        self._read = read
        self._lock = threading.Lock()
        self._reading = 0
        self._boxes: Mapping[str, Box] = {}

    def wait(self, user_id: str, patience: float, pause: float = 15.0) -> Box | None:
        """The mailbox of that account, None when it did not come within ``patience`` seconds."""
        waited = 0.0
        seen = self._reading
        while True:
            if box := self._boxes.get(user_id):
                return box
            if waited >= patience:
                return None
            waited += pause
            with self._lock:
                # Whoever comes second finds the list already read while waiting for the lock.
                if self._reading == seen:
                    self._clock.sleep(pause)
                    self._boxes = self._read()
                    self._reading += 1
                seen = self._reading
