"""What is wrong with the copies, from the list alone: jobs no worker is on, or without progress."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence

from reconcile.language.phrase import Phrase
from reconcile.mailcopy.queue.jobs import Job

#: Seconds without a note of progress, or past its time, after which a job is looked into; failures in a row.
STILL, STUBBORN = 600.0, 3


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """``since``: seconds for which it has been so, None when that does not matter."""

    key: str
    what: str
    advice: str
    since: float | None = None


def findings(jobs: Sequence[Job], now: float, is_dead: Callable[[str], bool]) -> list[Finding]:
    """``now``: seconds since 1970. ``is_dead``: whether the worker of that name no longer holds its lock."""
    dead = {name for name in {job.worker for job in jobs if job.state == "running"} if is_dead(name)}
    at_work = any(job.state == "running" and job.worker not in dead for job in jobs)
    return [found for job in jobs for found in _of(job, now, dead, at_work)]


def _of(job: Job, now: float, dead: set[str], at_work: bool) -> Iterator[Finding]:
    still = now - job.updated
    if job.state == "running" and job.worker in dead:
        yield Finding(
            job.key,
            Phrase("its worker {worker} is gone", worker=job.worker),
            "any worker takes it over: reconcile copy work",
            still,
        )
    elif job.state == "running" and still > STILL:
        advice = Phrase("see what {worker} does; once it is stopped, another worker takes over", worker=job.worker)
        yield Finding(job.key, "no progress was noted, though its worker is alive", advice, still)
    elif job.state in ("queued", "waiting"):
        overdue = now - max(job.updated, job.not_before)
        if overdue > STILL and not at_work:
            yield Finding(job.key, "it is due and no worker is running", "reconcile copy work", overdue)
        if job.attempts >= STUBBORN:
            yield Finding(
                job.key,
                Phrase("it failed {attempts} times in a row: {error}", attempts=job.attempts, error=job.error),
                "repair that first",
            )
    elif job.state == "failed":
        yield Finding(
            job.key, Phrase("it was given up: {error}", error=job.error), "repair that, then: reconcile copy retry"
        )
