"""When each copy will be over, as a range, from what all the copies of an old host together get through.

A source gives so many messages a minute however many mailboxes are open, so a mailbox's own rate says little: it
doubles when its neighbour ends. Small mailboxes go first. At best each has the whole rate of a good minute once the
smaller ones are over; at worst those running share a poor minute's rate evenly until the end.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from reconcile.mailcopy.queue.jobs import Job

#: A poor and a good minute: so many of the last hour's were not better, as a share.
POOR, GOOD = 0.2, 0.8


@dataclasses.dataclass(frozen=True, slots=True)
class Remaining:
    """Seconds until a copy is over."""

    earliest: float
    latest: float


def forecast(jobs: Sequence[Job], rates: Mapping[str, Sequence[int]], now: float) -> dict[str, Remaining]:
    """By key, for the copies that are not over, whose size is known and from whose source something came lately.

    ``rates``: messages of each minute of the last hour in which any came, by source. ``now``: seconds since 1970.
    """
    return {key: left for source, minutes in rates.items() for key, left in _of_source(jobs, source, minutes, now)}


def _of_source(jobs: Sequence[Job], source: str, minutes: Sequence[int], now: float) -> list[tuple[str, Remaining]]:
    poor, good = (_quantile(minutes, share) / 60 for share in (POOR, GOOD))
    due = [(job, (job.messages_total or 0) - job.messages) for job in jobs if _counts(job) and job.source == source]
    due = sorted(((job, messages) for job, messages in due if messages > 0), key=lambda each: each[1])
    sharing = max(1, sum(job.state == "running" for job, _ in due))
    everything = sum(messages for _, messages in due)
    found, before = [], 0
    for job, messages in due:
        before += messages
        shared = min(everything, before + (sharing - 1) * messages)
        wait = max(0.0, job.not_before - now)
        found.append((job.key, Remaining(wait + before / good, wait + shared / poor)))
    return found


def _counts(job: Job) -> bool:
    return job.state in ("queued", "running", "waiting") and job.messages_total is not None


def _quantile(minutes: Sequence[int], share: float) -> int:
    """Of at least one."""
    return sorted(minutes)[min(len(minutes) - 1, int(share * len(minutes)))]
