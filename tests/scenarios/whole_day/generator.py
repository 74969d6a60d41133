"""Who writes to whom, and when: pure, the same for the same seed, and blind to what becomes of anybody."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
from collections.abc import Iterator, Mapping, Sequence

#: How a message sets out. ``outside``: to where the MX leads at that moment. ``stale``: by a server that still has the
#: old MX in its cache or its queue. ``tenant``: by somebody who has a mailbox there. ``neighbour``: by a user of the
#: old host whose federation has not moved.
WAYS = ("outside", "stale", "tenant", "neighbour")

#: Senders try for five days (RFC 5321, 4.5.4.1): from a day before on, nobody sets out towards the old MX any more.
STALE_UNTIL = dt.timedelta(days=4)


@dataclasses.dataclass(frozen=True, slots=True)
class Message:
    """``mark``: its subject, which no other has."""

    at: dt.datetime
    way: str
    to: str
    mark: str


@dataclasses.dataclass(frozen=True, slots=True)
class Period:
    """In which every federation is written to so often."""

    begins: dt.datetime
    ends: dt.datetime
    messages: int


def messages(
    addresses: Mapping[str, Sequence[str]], periods: Sequence[Period], cutover: dt.datetime, seed: int
) -> Iterator[Message]:
    """All of them, in the order of their time. ``addresses``: of each federation; each one is written to before any is
    written to again, so that in the end nobody was left out."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
    found = []
    for slug, held in addresses.items():
        turns = _turns(held, chance)
        for period in periods:
            for _ in range(period.messages):
                at = period.begins + (period.ends - period.begins) * chance.random()
                ways = WAYS if at < cutover + STALE_UNTIL else tuple(way for way in WAYS if way != "stale")
                found.append((at, chance.choice(ways), next(turns), slug))
    for number, (at, way, to, _) in enumerate(sorted(found)):
        yield Message(at, way, to, f"m{seed}-{number:06}-{way}")


def _turns(held: Sequence[str], chance: random.Random) -> Iterator[str]:
    while True:
        yield from chance.sample(list(held), len(held))
