"""How many changes ended in which way, in words."""

from __future__ import annotations

from reconcile.applying.outcome import Result
from reconcile.language.phrase import Phrase


def counted(result: Result, number: int) -> Phrase:
    """``3 done``"""
    match result:
        case Result.DONE:
            return Phrase.counted("{number} done", "{number} done", number)
        case Result.FAILED:
            return Phrase.counted("{number} failed", "{number} failed", number)
        case Result.SKIPPED:
            return Phrase.counted("{number} skipped", "{number} skipped", number)
        case Result.NOT_DUE:
            return Phrase.counted("{number} not due yet", "{number} not due yet", number)
        case Result.HELD:
            return Phrase.counted("{number} held by a gate", "{number} held by a gate", number)
        case Result.NOT_STARTED:
            return Phrase.counted("{number} not started", "{number} not started", number)
