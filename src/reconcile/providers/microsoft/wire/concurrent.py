"""The same question about many things, several at a time."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable, Sequence
from typing import TypeVar

Item = TypeVar("Item")
Found = TypeVar("Found")


def side_by_side(ask: Callable[[Item], Found], items: Sequence[Item], at_once: int) -> list[Found]:
    """``ask`` of each item, at most ``at_once`` at a time; the answers in order.

    The first failure is raised, and what has not begun by then is left undone.
    """
    if len(items) < 2:
        return [ask(item) for item in items]
    with concurrent.futures.ThreadPoolExecutor(min(at_once, len(items))) as pool:
        return list(pool.map(ask, items))
