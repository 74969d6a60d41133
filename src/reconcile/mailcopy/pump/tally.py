"""What one pass has done so far, all its attempts together."""

from __future__ import annotations

import dataclasses
from collections import Counter

from reconcile.language.figures import size
from reconcile.language.phrase import Phrase


@dataclasses.dataclass(frozen=True, slots=True)
class Refusal:
    """A message that was not copied: its folder as people read it, its UID in the source, and why."""

    folder: str
    uid: int
    reason: str


def too_big(message: int, largest: int) -> Phrase:
    """Why a message of so many bytes is refused where the new server takes ``largest``."""
    return Phrase("{size}; the new server takes {largest} at most", size=size(message), largest=size(largest))


@dataclasses.dataclass(slots=True)
class Tally:
    """Counts and lists of one pass. ``progress`` grows with every message that is settled one way or the other."""

    already: int = 0
    adopted: int = 0
    copied: int = 0
    volume: int = 0
    refused: list[Refusal] = dataclasses.field(default_factory=list)
    repaired: list[Refusal] = dataclasses.field(default_factory=list)
    vanished: int = 0
    keywords_dropped: Counter[str] = dataclasses.field(default_factory=Counter)
    redated: Counter[str] = dataclasses.field(default_factory=Counter)
    receipts: Counter[str] = dataclasses.field(default_factory=Counter)
    overquota: int = 0
    full: str = ""
    short: str = ""
    #: (folder, UID) answered for good in this pass: not asked for again, whatever breaks.
    settled: set[tuple[int, int]] = dataclasses.field(default_factory=set)
    #: (folder, UID) that the source did not give, even asked for alone: gone, or kept back.
    absent: list[tuple[int, int]] = dataclasses.field(default_factory=list)
    #: (folder, UID) that a destination without UIDPLUS took: under which UID is found by looking.
    unplaced: list[tuple[int, int]] = dataclasses.field(default_factory=list)
    #: Source folders, quoted, whose UIDVALIDITY is another each time: their messages are known by their digests.
    unsteady: set[bytes] = dataclasses.field(default_factory=set)
    #: Source folder → why it is left out: it cannot be opened, or the connection breaks on it; and how often it did.
    avoided: dict[bytes, str] = dataclasses.field(default_factory=dict)
    breaks: Counter[bytes] = dataclasses.field(default_factory=Counter)
    #: (folder, UID) alone under way when a connection broke → how often.
    suspects: Counter[tuple[int, int]] = dataclasses.field(default_factory=Counter)

    def forget_unplaced(self) -> None:
        """The connection broke before they were looked for: the next survey finds those that are there."""
        self.copied -= len(self.unplaced)
        self.settled -= set(self.unplaced)
        self.unplaced.clear()

    @property
    def progress(self) -> int:
        return self.copied + len(self.refused)
