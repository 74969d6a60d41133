"""When each of many copies will be over: the smallest first, so many at once, each at its own pace. Pure arithmetic."""

from __future__ import annotations

import dataclasses
import heapq
from collections.abc import Iterable


@dataclasses.dataclass(frozen=True, slots=True)
class Rates:
    """``in_all``: bytes a second that the old hosts give together. ``each``: bytes a second one new mailbox takes.
    ``at_once``: mailboxes copied at once. ``gap``: seconds between two beginnings."""

    in_all: float
    each: float
    at_once: int
    gap: float = 0.0


def ends(copies: Iterable[tuple[float, int, str]], rates: Rates) -> list[tuple[str, float]]:
    """Whose copy ends when, in seconds. ``copies``: when it may begin, its bytes, and whose it is.

    Whoever copies at a moment shares what the old hosts give, so all advance alike: a copy ends once each of them has
    been given its bytes since it began.
    """
    waiting = sorted(copies, key=lambda copy: (copy[0], copy[1], copy[2]))
    able: list[tuple[int, str]] = []
    running: list[tuple[float, str]] = []
    over: list[tuple[str, float]] = []
    now, given, free_at = 0.0, 0.0, 0.0
    while waiting or able or running:
        while waiting and waiting[0][0] <= now:
            _, size, whose = waiting.pop(0)
            heapq.heappush(able, (size, whose))
        while able and len(running) < rates.at_once and free_at <= now:
            size, whose = heapq.heappop(able)
            heapq.heappush(running, (given + size, whose))
            free_at = now + rates.gap
        pace = min(rates.each, rates.in_all / len(running)) if running else rates.each
        end = now + (running[0][0] - given) / pace if running else float("inf")
        begins = [waiting[0][0]] if waiting else []
        if able and len(running) < rates.at_once:
            begins.append(free_at)
        if running and end <= min(begins, default=end):
            given, whose = heapq.heappop(running)
            now = end
            over.append((whose, now))
        else:
            given += (min(begins) - now) * pace if running else 0.0
            now = min(begins)
    return over
