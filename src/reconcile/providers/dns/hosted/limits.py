"""What we look at in a hosted zone, and how long a host may keep us waiting."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import requests

from reconcile.bounded_http import BODY, BeyondBounds, bound
from reconcile.language.phrase import Phrase

#: What we write, and what would stand in the way of it. Any other type is invisible here, and so out of danger: octoDNS
#: fails on whole zones for one odd LOC or TLSA.
OURS = frozenset({"A", "AAAA", "CNAME", "MX", "NS", "SRV", "TXT"})
#: Seconds. octoDNS's client of Gandi would wait for ever.
TIMEOUT = 20.0
#: Answers, and bytes of them, that reading or writing one zone takes at most. OVH answers record by record; a list that
#: goes on beyond that has no end.
MOST_ANSWERS, MOST_BYTES = 20_000, 2 * BODY


def tame(session: requests.Session) -> None:
    """Bound the answers of a client that is not ours, and follow no link: keys are in headers that a redirect keeps."""
    bound(session)
    session.max_redirects = 0


@contextlib.contextmanager
def ending(session: requests.Session | None) -> Iterator[None]:
    """Within it the session's answers end: ``MOST_ANSWERS``, ``MOST_BYTES``; the one after raises ``BeyondBounds``."""
    left = [MOST_ANSWERS, MOST_BYTES]

    def count(answer: requests.Response, *_: Any, **__: Any) -> None:
        left[0] -= 1
        left[1] -= len(answer.content)
        if min(left) < 0:
            raise BeyondBounds(Phrase("answers without an end"))

    hooks = session.hooks["response"] if session else []
    hooks.append(count)
    try:
        yield
    finally:
        hooks.remove(count)
