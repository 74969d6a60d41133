"""RRsets as this run left them: several changes of one plan may touch the same record, one after the other."""

from __future__ import annotations

from collections.abc import Iterable

import dns.rdataset

from reconcile.providers.dns.primary.answers import Question
from reconcile.providers.dns.primary.compare_and_swap import Swap


class OwnWrites:
    """What the plan saw before our first write is no measure for the second; what we left is.

    Each RRset is written under a lock of its zone, so none is needed here.
    """

    def __init__(self) -> None:
        self._left: dict[Question, dns.rdataset.Rdataset | None] = {}

    def note(self, swaps: Iterable[Swap]) -> None:
        """These were carried out."""
        self._left.update({Question(swap.name, swap.rdtype): swap.after for swap in swaps})

    def left(self, question: Question, now: dns.rdataset.Rdataset | None) -> bool:
        """Whether the RRset stands, TTL and all, as we wrote it."""
        return question in self._left and not Swap(*question, self._left[question], now).changes
