"""The states of a copy in words."""

from __future__ import annotations

from reconcile.language.phrase import Phrase

#: Each by the word the list of copies and its JSON have for it.
STATES = {
    "queued": Phrase("queued"),
    "running": Phrase("running"),
    "waiting": Phrase("waiting"),
    "done": Phrase("done"),
    "partial": Phrase("partial"),
    "failed": Phrase("failed"),
    "paused": Phrase("paused"),
    "cancelled": Phrase("cancelled"),
}


def counted(state: str, number: int) -> Phrase:
    """``3 waiting``"""
    match state:
        case "queued":
            return Phrase.counted("{number} queued", "{number} queued", number)
        case "running":
            return Phrase.counted("{number} running", "{number} running", number)
        case "waiting":
            return Phrase.counted("{number} waiting", "{number} waiting", number)
        case "done":
            return Phrase.counted("{copies} done", "{copies} done", number, copies=number)
        case "partial":
            return Phrase.counted("{number} partial", "{number} partial", number)
        case "failed":
            return Phrase.counted("{number} failed", "{number} failed", number)
        case "paused":
            return Phrase.counted("{number} paused", "{number} paused", number)
        case "cancelled":
            return Phrase.counted("{number} cancelled", "{number} cancelled", number)
    return Phrase("{number} {word}", number=number, word=state)


def said(state: str) -> str:
    """The state's word; one of another version as it stands."""
    return STATES.get(state, state)
