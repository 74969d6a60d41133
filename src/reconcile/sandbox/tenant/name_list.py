"""Long lists of names, kept readable."""

from __future__ import annotations


def names(text: str) -> tuple[str, ...]:
    """The names in ``text``, which spaces separate."""
    return tuple(text.split())
