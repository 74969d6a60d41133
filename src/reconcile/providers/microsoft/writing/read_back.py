"""Waiting for the tenant in the calling thread, where few wait at once; where many do, ``in_steps`` is what waits."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from reconcile.clock import Clock
from reconcile.providers.microsoft.wire.refusals import Refused
from reconcile.providers.microsoft.writing import in_steps
from reconcile.providers.microsoft.writing.in_steps import AGREEING, PAUSE
from reconcile.steps import at_once, in_one_go

__all__ = ["AGREEING", "created", "retrying", "until"]

T = TypeVar("T")


def until(
    clock: Clock, look: Callable[[], T | None], timeout: float, pause: float = PAUSE, agreeing: int = 1
) -> T | None:
    """See ``in_steps.until``."""
    return in_one_go(in_steps.until(clock, lambda _: look(), timeout, pause, agreeing), clock)


def retrying(
    clock: Clock, act: Callable[[], T], passing: Callable[[Refused], bool], timeout: float, pause: float = PAUSE
) -> T:
    """See ``in_steps.retrying``."""
    return in_one_go(in_steps.retrying(clock, act, passing, timeout, pause), clock)


def created(clock: Clock, create: Callable[[], None], look: Callable[[], T | None], timeout: float) -> T | None:
    """See ``in_steps.created``."""
    return in_one_go(in_steps.created(clock, lambda: at_once(create), lambda _: look(), timeout), clock)
