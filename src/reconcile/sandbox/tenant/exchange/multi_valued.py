"""What a cmdlet is told to add to a list and to remove from it."""

from __future__ import annotations

from typing import Any


def added_and_removed(asked: dict[str, Any]) -> tuple[list[str], list[str]]:
    """What a tagged table adds and removes; a single value stands for a list of one."""
    lower = {key.lower(): value for key, value in asked.items()}
    added, removed = (
        [each] if isinstance(each, str) else each for each in (lower.get("add", []), lower.get("remove", []))
    )
    return added, removed
