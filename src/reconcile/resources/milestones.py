"""A federation's calendar: civil times in Paris, for summer time starts inside a migration window."""

from __future__ import annotations

import dataclasses
import datetime as dt
import zoneinfo

from reconcile.config.settings import Calendar

#: Due for a federation that has no migration date yet: never, until YAML names one.
UNSCHEDULED = dt.datetime.max.replace(tzinfo=dt.UTC)


@dataclasses.dataclass(frozen=True, slots=True)
class Milestones:
    """Moments of one federation's migration, in UTC.

    ``lock``: the old boxes close (J-1 16:00). ``cutover``: boxes are created, MX switches, copies start (J-1 18:00).
    """

    lock: dt.datetime
    cutover: dt.datetime


def milestones(day: dt.date | None, calendar: Calendar) -> Milestones:
    """The moments of a migration on ``day`` (J); UNSCHEDULED ones without a day."""
    if day is None:
        return Milestones(UNSCHEDULED, UNSCHEDULED)
    zone = zoneinfo.ZoneInfo(calendar.timezone)
    eve = day - dt.timedelta(days=1)

    def on_the_eve(clock_time: str) -> dt.datetime:
        local = dt.datetime.combine(eve, dt.time.fromisoformat(clock_time), zone)
        return local.astimezone(dt.UTC)

    return Milestones(lock=on_the_eve(calendar.lock), cutover=on_the_eve(calendar.cutover))
