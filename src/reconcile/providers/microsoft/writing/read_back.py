"""Waiting for the tenant: until it shows what was written, or until a passing refusal has passed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from reconcile.clock import Clock
from reconcile.providers.microsoft.wire.refusals import LostAnswer, Refused

T = TypeVar("T")

#: Seconds between two looks; replicas of the directory agree within seconds, rarely minutes.
PAUSE = 5.0
#: Looks in a row that must show what was written: replicas may flap between old and new.
AGREEING = 2
#: Seconds until what was created by a request whose answer was lost would show, and how often it is asked for.
LOST_ANSWER_TIMEOUT = 120.0
CREATIONS = 4


def until(
    clock: Clock, look: Callable[[], T | None], timeout: float, pause: float = PAUSE, agreeing: int = 1
) -> T | None:
    """What ``look`` answers once it has answered something ``agreeing`` times running, None when ``timeout`` seconds
    were not enough. One look is enough where nothing but waiting depends on it; replicas of the directory may still
    contradict it."""
    waited = 0.0
    running = 0
    while True:
        found = look()
        running = running + 1 if found is not None else 0
        if found is not None and running >= agreeing:
            return found
        if waited >= timeout:
            return None
        waited += _next_look(clock, pause)


def _next_look(clock: Clock, pause: float) -> float:
    """Wait about ``pause`` seconds, until a moment that all who wait with the same pause have in common: they look
    together, and a look shared by a thousand is one. Answers the seconds waited."""
    passed = clock.now().timestamp() % pause
    wait = pause - passed if passed < pause * 0.8 else 2 * pause - passed
    clock.sleep(wait)
    return wait


def retrying(
    clock: Clock, act: Callable[[], T], passing: Callable[[Refused], bool], timeout: float, pause: float = PAUSE
) -> T:
    """``act``, again and again while it is refused for a reason that passes. Raises the last refusal."""
    waited = 0.0
    while True:
        try:
            return act()
        except Refused as refused:
            if waited >= timeout or not passing(refused):
                raise
        clock.sleep(pause)
        waited += pause


def created(clock: Clock, create: Callable[[], None], look: Callable[[], T | None], timeout: float) -> T | None:
    """What ``look`` shows once ``create`` has been carried out, None when ``timeout`` seconds did not show it.

    ``create`` raises ``LostAnswer`` when nobody knows whether it was carried out, and returns when what it creates is
    there already: a name of its own keeps it from existing twice, so that it is asked for again when it does not show.
    """
    for _ in range(CREATIONS):
        try:
            create()
        except LostAnswer:
            found = until(clock, look, LOST_ANSWER_TIMEOUT)
            if found is not None:
                return found
        else:
            return until(clock, look, timeout)
    return None
