"""Calendars as their readers see them: moments in UTC, identifiers that stay, a number that grows with each change."""

from __future__ import annotations

import dataclasses
import datetime as dt
from zoneinfo import ZoneInfo

from icalendar import Calendar

from reconcile.documents.calendar import MILESTONES, Moment, calendar, numbered

PARIS = ZoneInfo("Europe/Paris")
MADE = dt.datetime(2025, 1, 2, 8, tzinfo=dt.UTC)


def lock(day: dt.date) -> Moment:
    start = dt.datetime.combine(day - dt.timedelta(days=1), dt.time(16), PARIS)
    return Moment("spf55", "Fédération de la Meuse", "lock", start, start + dt.timedelta(hours=2))


def events(page: bytes) -> list[object]:
    return list(Calendar.from_ical(page).walk("VEVENT"))


def test_april_s_lock_is_an_hour_earlier_in_utc_than_march_s() -> None:
    for day, hour in ((dt.date(2025, 3, 3), 15), (dt.date(2025, 4, 7), 14)):
        page = calendar("Migration", [lock(day)], {}, MADE)
        assert f"DTSTART:{day - dt.timedelta(days=1):%Y%m%d}T{hour}0000Z".encode() in page
        assert b"VTIMEZONE" not in page
        assert b"TZID" not in page


def test_an_event_keeps_its_identifier_and_its_number_grows_only_when_it_changes() -> None:
    first, moved = lock(dt.date(2025, 1, 20)), lock(dt.date(2025, 3, 3))
    known = numbered([first], {})
    assert known == {"spf55-lock@reconcile": (0, first.content)}
    assert numbered([first], known) == known
    again = numbered([moved], known)
    assert again["spf55-lock@reconcile"] == (1, moved.content)
    gone = dataclasses.replace(moved, cancelled=True)
    last = numbered([gone], again)
    assert last["spf55-lock@reconcile"][0] == 2
    (event,) = events(calendar("x", [gone], {gone.uid: 2}, MADE))
    assert (event["SEQUENCE"], str(event["STATUS"])) == (2, "CANCELLED")  # type: ignore[index]


def test_names_with_commas_accents_and_line_ends_come_back_as_they_were() -> None:
    name = "Fédération, « Meuse »; et\nVosges " + "é" * 80
    page = calendar(name, [dataclasses.replace(lock(dt.date(2025, 1, 20)), name=name)], {}, MADE)
    assert all(len(line) <= 75 for line in page.split(b"\r\n"))
    (event,) = events(page)
    assert str(event["SUMMARY"]).startswith(name)  # type: ignore[index]


def test_every_milestone_has_its_words() -> None:
    moments = [Moment("spf55", "Meuse", name, MADE) for name in MILESTONES]
    assert len(events(calendar("x", moments, {}, MADE))) == len(MILESTONES)
