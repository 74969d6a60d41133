"""A federation's calendar: civil times in Paris, for summer time starts inside a migration window."""

from __future__ import annotations

import dataclasses
import datetime as dt
import zoneinfo

from reconcile.config.settings.tables.calendar import Calendar

#: Due for a federation that has no migration date yet: never, until YAML names one.
UNSCHEDULED = dt.datetime.max.replace(tzinfo=dt.UTC)


@dataclasses.dataclass(frozen=True, slots=True)
class Milestones:
    """Moments of one federation's migration, in UTC.

    ``preparation``: records get the short life that makes the switch quick (J-7 18:00). ``lock``: the old host closes
    its mailboxes, and the gates must hold (J-1 16:00). ``cutover``: boxes are created, MX switches, copies start
    (J-1 18:00). ``authoritative``: the tenant refuses addresses it does not know (J+1 18:00). ``settled``: nobody goes
    back any more, records live long again (J+2 18:00). ``departure``: all mail leaves through Microsoft (J+14 18:00).
    ``last_pass``: no sender tries the old host any more, so that a pass may be the last (J+5 18:00).
    """

    preparation: dt.datetime
    lock: dt.datetime
    cutover: dt.datetime
    authoritative: dt.datetime
    settled: dt.datetime
    departure: dt.datetime
    last_pass: dt.datetime


def milestones(day: dt.date | None, calendar: Calendar) -> Milestones:
    """The moments of a migration on ``day`` (J); UNSCHEDULED ones without a day."""
    if day is None:
        return Milestones(*[UNSCHEDULED] * len(dataclasses.fields(Milestones)))
    zone = zoneinfo.ZoneInfo(calendar.timezone)

    def moment(days: int, clock_time: str) -> dt.datetime:
        local = dt.datetime.combine(day + dt.timedelta(days=days), dt.time.fromisoformat(clock_time), zone)
        return local.astimezone(dt.UTC)

    return Milestones(
        preparation=moment(-calendar.preparation_days, calendar.cutover),
        lock=moment(-1, calendar.lock),
        cutover=moment(-1, calendar.cutover),
        authoritative=moment(calendar.authoritative_days - 1, calendar.cutover),
        settled=moment(calendar.settled_days, calendar.cutover),
        departure=moment(calendar.departure_days, calendar.cutover),
        last_pass=moment(calendar.last_pass_days - 1, calendar.cutover),
    )


def due_now(due: dt.datetime | None, now: dt.datetime) -> bool:
    """Whether a step whose moment is ``due`` may be carried out at ``now``."""
    return due is None or due <= now
