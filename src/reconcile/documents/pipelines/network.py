"""What the workflow files of one network depend on."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence

#: Before the lock, so that a runner that is late is still in time: it waits inside the job.
_EARLY = (dt.timedelta(minutes=35), dt.timedelta(minutes=20))


@dataclasses.dataclass(frozen=True, slots=True)
class Network:
    """``reading``, ``writing``: the environment variables that hold secrets, for jobs that plan and jobs that apply.

    ``lent``: the tenant trusts the identity that the forge lends a job, so that no secret of the tenant is kept.
    ``environments``: secrets are kept in GitHub's environments, which a private repository of its free plan has not.
    ``starts``: the civil moments, in ``timezone``, at which the job of each eve starts; ``branch``: where merges go.
    """

    timezone: str
    starts: tuple[dt.datetime, ...]
    reading: tuple[str, ...]
    writing: tuple[str, ...]
    lent: bool
    branch: str = "main"
    environments: bool = True


def starts(days: Sequence[dt.date], lock: dt.time, today: dt.date) -> tuple[dt.datetime, ...]:
    """When the jobs of the eves of ``days`` start, two for each: a second start does nothing, and the first may never
    come."""
    eves = (day - dt.timedelta(days=1) for day in sorted(days))
    return tuple(dt.datetime.combine(eve, lock) - early for eve in eves if eve >= today for early in _EARLY)
