"""Days, moments, lists and spaces as French writes them. Pure: no locale of the machine is asked."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

_DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_MONTHS = (
    *("janvier", "février", "mars", "avril", "mai", "juin"),
    *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
)
#: No-break space, before a colon and inside guillemets; narrow, before the other double signs.
_WIDE, _NARROW = "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}"


def civil_day(day: dt.date) -> str:
    """lundi 20 janvier 2025; the first of a month is « 1er »."""
    number = "1er" if day.day == 1 else str(day.day)
    return f"{_DAYS[day.weekday()]} {number} {_MONTHS[day.month - 1]} {day.year}"


def civil_moment(moment: dt.datetime) -> str:
    """dimanche 19 janvier 2025 à 16 h; the moment is already in its zone."""
    minutes = f"{moment.minute:02}" if moment.minute else ""
    return f"{civil_day(moment.date())} à {moment.hour} h {minutes}".rstrip()


def grouped(number: int) -> str:
    """123 456"""
    return f"{number:,}".replace(",", _NARROW)


def listed(words: Sequence[str]) -> str:
    """a, b et c"""
    return " et ".join((", ".join(words[:-1]), words[-1])) if len(words) > 1 else "".join(words)


def spaced(text: str) -> str:
    """The text with spaces that do not break before double punctuation and inside guillemets."""
    text = re.sub(r" (?=[;!?])", _NARROW, text)
    text = re.sub(r" (?=:(?:\s|$))", _WIDE, text)
    text = re.sub(r"(?<=«) ", _WIDE, text)
    return re.sub(r" (?=»)", _WIDE, text)


def plain_spaced(text: str) -> str:
    """The text with ordinary spaces and hyphens, for a subject: old programs show boxes for the others, and filters do
    not find them."""
    return re.sub("[\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}]", " ", text).replace("\N{NON-BREAKING HYPHEN}", "-")
