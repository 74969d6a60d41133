"""Days and moments as the board says them, in civil time. Pure: no locale of the machine is asked."""

from __future__ import annotations

import datetime as dt

from reconcile.resources.milestones import UNSCHEDULED
from reconcile.views.board.words import Language

_DAYS = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "fr": ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
}
_MONTHS = {
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    "fr": (
        *("janvier", "février", "mars", "avril", "mai", "juin"),
        *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
    ),
}


def day(date: dt.date | None, language: Language) -> str:
    """``lundi 20 janvier 2025``, ``Monday 20 January 2025``; a dash without a day."""
    if date is None:
        return "–"
    number = "1er" if language == "fr" and date.day == 1 else str(date.day)
    return f"{_DAYS[language][date.weekday()]} {number} {_MONTHS[language][date.month - 1]} {date.year}"


def moment(when: dt.datetime | None, zone: dt.tzinfo | None, language: Language) -> str:
    """``dimanche 19 janvier 2025 à 16 h 05``, ``Sunday 19 January 2025 at 16:05``; a dash where there is none."""
    if when is None or when == UNSCHEDULED:
        return "–"
    local = when.astimezone(zone)
    if language == "en":
        return f"{day(local.date(), language)} at {local:%H:%M}"
    minutes = f"\N{NO-BREAK SPACE}{local.minute:02}" if local.minute else ""
    return f"{day(local.date(), language)} à {local.hour}\N{NO-BREAK SPACE}h{minutes}"


def between(earliest: dt.datetime, latest: dt.datetime, zone: dt.tzinfo | None, language: Language) -> str:
    """``dim. 19/01 entre 16:05 et 18:10``, or both in full where they are of two days."""
    first, last = short(earliest, zone, language), short(latest, zone, language)
    if first == last:
        return first
    words = ("between", "and") if language == "en" else ("entre", "et")
    if first.rpartition(" ")[0] == last.rpartition(" ")[0]:
        return f"{first.rpartition(' ')[0]} {words[0]} {first[-5:]} {words[1]} {last[-5:]}"
    return f"{words[0]} {first} {words[1]} {last}"


def short(when: dt.datetime | None, zone: dt.tzinfo | None, language: Language) -> str:
    """``dim. 19/01 16:05``, ``Sun 19 Jan 16:05``: where a table has little room."""
    if when is None or when == UNSCHEDULED:
        return "–"
    local = when.astimezone(zone)
    name = _DAYS[language][local.weekday()][:3]
    if language == "en":
        return f"{name} {local.day} {_MONTHS[language][local.month - 1][:3]} {local:%H:%M}"
    return f"{name}. {local:%d/%m %H:%M}"
