"""Waiting for the tenant in steps: until it shows what was written, or until a passing refusal has passed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TypeVar

from reconcile.clock import Clock
from reconcile.providers.microsoft.wire.refusals import LostAnswer, Refused
from reconcile.steps import Steps, at_once

T = TypeVar("T")

#: What looks at the tenant. It is told when the wait before it ended (None before the first): whoever waited until that
#: moment, too, may share the look.
Look = Callable[[float | None], T | None]

#: Seconds between two looks; replicas of the directory agree within seconds, rarely minutes.
PAUSE = 5.0
#: Looks in a row that must show what was written: replicas may flap between old and new.
AGREEING = 2
#: Seconds until what was created by a request whose answer was lost would show, and how often it is asked for.
LOST_ANSWER_TIMEOUT = 120.0
CREATIONS = 4


def until(
    clock: Clock,
    look: Look[T],
    timeout: float,
    pause: float = PAUSE,
    agreeing: int = 1,
    ended: float | None = None,
) -> Steps[T | None]:
    """What ``look`` answers once it has answered something ``agreeing`` times running, None when ``timeout`` seconds
    were not enough. One look is enough where nothing but waiting depends on it; replicas of the directory may still
    contradict it. ``ended``: the moment since which nothing was written that the first look must show."""
    waited = 0.0
    running = 0
    while True:
        found = look(ended)
        running = running + 1 if found is not None else 0
        if found is not None and running >= agreeing:
            return found
        if waited >= timeout:
            return None
        now = clock.now()
        wait = _until_next_look(now, pause)
        ended = yield now + dt.timedelta(seconds=wait)
        waited += wait


def _until_next_look(now: dt.datetime, pause: float) -> float:
    """About ``pause`` seconds, until a moment that all who wait with the same pause have in common: they look together,
    and a look shared by a thousand is one."""
    passed = now.timestamp() % pause
    return pause - passed if passed < pause * 0.8 else 2 * pause - passed


def retrying(
    clock: Clock, act: Callable[[], T], passing: Callable[[Refused], bool], timeout: float, pause: float = PAUSE
) -> Steps[T]:
    """``act``, again and again while it is refused for a reason that passes. Raises the last refusal."""
    return retrying_steps(clock, lambda: at_once(act), passing, timeout, pause)


def retrying_steps(
    clock: Clock, act: Callable[[], Steps[T]], passing: Callable[[Refused], bool], timeout: float, pause: float = PAUSE
) -> Steps[T]:
    """As ``retrying``, for what waits itself."""
    waited = 0.0
    while True:
        try:
            return (yield from act())
        except Refused as refused:
            if waited >= timeout or not passing(refused):
                raise
        yield clock.now() + dt.timedelta(seconds=pause)
        waited += pause


def created(clock: Clock, create: Callable[[], Steps[None]], look: Look[T], timeout: float) -> Steps[T | None]:
    """What ``look`` shows once ``create`` has been carried out, None when ``timeout`` seconds did not show it.

    ``create`` raises ``LostAnswer`` when nobody knows whether it was carried out, and returns when what it creates is
    there already: a name of its own keeps it from existing twice, so that it is asked for again when it does not show.
    """
    for _ in range(CREATIONS):
        try:
            yield from create()
        except LostAnswer:
            found = yield from until(clock, look, LOST_ANSWER_TIMEOUT)
            if found is not None:
                return found
        else:
            return (yield from until(clock, look, timeout))
    return None
