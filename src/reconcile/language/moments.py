"""Days, moments and spans as a sentence says them. Pure: no locale of the machine is asked."""

from __future__ import annotations

import datetime as dt

from reconcile.language.phrase import Phrase

_WEEKDAYS = (
    *(Phrase("Mon"), Phrase("Tue"), Phrase("Wed"), Phrase("Thu")),
    *(Phrase("Fri"), Phrase("Sat"), Phrase("Sun")),
)
_MONTHS = (
    *(Phrase("Jan"), Phrase("Feb"), Phrase("Mar"), Phrase("Apr"), Phrase("May"), Phrase("Jun")),
    *(Phrase("Jul"), Phrase("Aug"), Phrase("Sep"), Phrase("Oct"), Phrase("Nov"), Phrase("Dec")),
)
#: The days of a month that a language writes in its own way.
_EARLY = (
    *(Phrase("01"), Phrase("02"), Phrase("03"), Phrase("04"), Phrase("05")),
    *(Phrase("06"), Phrase("07"), Phrase("08"), Phrase("09")),
)


def day(date: dt.date) -> Phrase:
    """``Sun 29 Mar 2026``"""
    return Phrase(
        "{weekday} {day} {month} {year}",
        weekday=_WEEKDAYS[date.weekday()],
        day=_number(date),
        month=_MONTHS[date.month - 1],
        year=str(date.year),
    )


def moment(when: dt.datetime, zone: dt.tzinfo) -> Phrase:
    """``Sun 29 Mar 2026 18:00 CEST``, in civil time."""
    local = when.astimezone(zone)
    return Phrase("{day} {clock:%H:%M} {zone}", day=day(local), clock=local, zone=f"{local:%Z}")


def near_moment(when: dt.datetime, zone: dt.tzinfo) -> Phrase:
    """``Sun 29 18:00``: of a week that is known."""
    local = when.astimezone(zone)
    weekday = _WEEKDAYS[local.weekday()]
    return Phrase("{weekday} {day} {clock:%H:%M}", weekday=weekday, day=_number(local), clock=local)


def duration(seconds: float) -> Phrase:
    """``8 s``, ``3 min 05 s``, ``2 h 10 min``."""
    whole = round(seconds)
    if whole < 60:
        return Phrase("{seconds} s", seconds=whole)
    if whole < 3600:
        return Phrase("{minutes} min {seconds:02} s", minutes=whole // 60, seconds=whole % 60)
    return Phrase("{hours} h {minutes:02} min", hours=whole // 3600, minutes=whole % 3600 // 60)


def _number(date: dt.date) -> str:
    return _EARLY[date.day - 1] if date.day < 10 else str(date.day)
