"""Waiting for the tenant: until it shows what was written, or until a passing refusal has passed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from reconcile.clock import Clock
from reconcile.providers.microsoft.refused import Refused

T = TypeVar("T")

#: Seconds between two looks; replicas of the directory agree within seconds, rarely minutes.
PAUSE = 5.0
#: Looks in a row that must show what was written: replicas may flap between old and new.
AGREEING = 2


def until(
    clock: Clock, look: Callable[[], T | None], patience: float, pause: float = PAUSE, agreeing: int = 1
) -> T | None:
    """What ``look`` answers once it has answered something ``agreeing`` times running, None when ``patience`` seconds
    were not enough. One look is enough where nothing but waiting depends on it; replicas of the directory may still
    contradict it."""
    waited = 0.0
    running = 0
    while True:
        found = look()
        running = running + 1 if found is not None else 0
        if found is not None and running >= agreeing:
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
