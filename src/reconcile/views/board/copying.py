"""The copies of mail: how far each federation is, when it should be over, who needs a look, and how fast it goes."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from reconcile.mailcopy.queue.forecast import Remaining
from reconcile.mailcopy.queue.jobs import Job
from reconcile.views.board.model import Board, Entry

#: States of a copy that somebody should look at, the worst first.
NEEDS_A_LOOK = ("failed", "partial", "waiting", "paused")
#: Copies that need a look shown on one page; the others are counted.
SHOWN = 100
#: Domains named for one federation, likewise.
SHOWN_DOMAINS = 8
_WIDTH, _HEIGHT, _REMEMBERED = 600, 80, 60


@dataclasses.dataclass(frozen=True, slots=True)
class Copying:
    """So many copies together. ``volume`` in bytes; ``unknown``: old mailboxes nobody looked at yet; ``left``: until
    the last of those under way is over, None when that cannot be told."""

    states: Mapping[str, int]
    messages: int
    messages_total: int
    volume: int
    refused: int
    unknown: int
    left: Remaining | None

    @property
    def total(self) -> int:
        return sum(self.states.values())

    @property
    def done(self) -> int:
        return self.states.get("done", 0)


def copying(entries: Iterable[Entry]) -> Copying:
    """The copies of these federations, those called off left out."""
    listed = list(entries)
    jobs = [job for one in listed for job in one.jobs if job.state != "cancelled"]
    left = [one.left[job.key] for one in listed for job in one.jobs if job.key in one.left]
    return Copying(
        Counter(job.state for job in jobs),
        sum(job.messages for job in jobs),
        sum(job.messages_total or 0 for job in jobs),
        sum(job.volume for job in jobs),
        sum(job.refused for job in jobs),
        sum(job.messages_total is None for job in jobs),
        Remaining(max(one.earliest for one in left), max(one.latest for one in left)) if left else None,
    )


def to_look_at(board: Board) -> list[tuple[Entry, Job]]:
    """The copies that somebody should look at, the worst first."""
    found = [(one, job) for one in board.entries for job in one.jobs if job.state in NEEDS_A_LOOK]
    return sorted(found, key=lambda each: (NEEDS_A_LOOK.index(each[1].state), each[1].key))


def late(entries: Iterable[Entry]) -> list[tuple[Entry, int, list[tuple[str, int]]]]:
    """Federations to whose old mailboxes mail came after the switch: how much, and from which domains, the most first.

    Pages are handed on and published: they name no sender, as ``status`` does, but the domain alone.
    """
    found = []
    for one in entries:
        domains = Counter[str]()
        for sender, messages in one.status.late.items():
            domains[sender.rpartition("@")[2]] += messages
        if domains:
            found.append((one, domains.total(), sorted(domains.items(), key=lambda each: (-each[1], each[0]))))
    return sorted(found, key=lambda each: (-each[1], each[0].slug))


@dataclasses.dataclass(frozen=True, slots=True)
class Curve:
    """Messages a minute out of one old host over the last hour, drawn: points of an SVG polyline, and its figures."""

    source: str
    points: str
    latest: int
    most: int


def curves(rates: Mapping[str, Sequence[int]]) -> list[Curve]:
    """One for each old host out of which something came, by name."""
    found = []
    for source, latest_first in sorted(rates.items()):
        minutes = list(reversed(latest_first))[-_REMEMBERED:]
        most = max(minutes)
        step = _WIDTH / max(1, len(minutes) - 1)
        points = " ".join(
            f"{place * step:.0f},{_HEIGHT - messages / max(1, most) * (_HEIGHT - 4) - 2:.0f}"
            for place, messages in enumerate(minutes)
        )
        found.append(Curve(source, points, minutes[-1], most))
    return found
