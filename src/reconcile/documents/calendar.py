"""Calendars (iCalendar, RFC 5545) of a federation or of a whole batch, in French, every moment in UTC.

UTC because readers disagree on time zones: a summer onset written by one library is read an hour off by another.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from icalendar import Calendar, Event, vText

#: Where our identifiers come from; with the federation and the milestone they never change.
_ORIGIN = "reconcile"

#: milestone → its title and what it asks of the federation.
MILESTONES: Mapping[str, tuple[str, str]] = {
    "list": ("J-14 : la liste de vos adresses vous est envoyée", "Dites pour chacune si elle est conservée."),
    "answer": ("J-7 : réponse attendue", "Renvoyez la liste complétée : le silence n'est pas une réponse."),
    "agreement": ("J-5 : confirmation de la date", "La date est confirmée ensemble, ou reportée."),
    "lock": ("J-1 : fermeture des anciennes boîtes", "Vous n'avez plus accès à vos boîtes mail."),
    "cutover": ("J-1 : création des nouvelles boîtes et bascule", "Les mots de passe vous sont envoyés."),
    "day": ("J : premier jour des nouvelles boîtes", "Changez le mot de passe, reconfigurez chaque poste."),
}


@dataclasses.dataclass(frozen=True, slots=True)
class Moment:
    """One milestone of one federation, in UTC; ``until`` when it lasts. ``cancelled``: it has no date any more."""

    federation: str
    name: str
    milestone: str
    start: dt.datetime
    until: dt.datetime | None = None
    cancelled: bool = False

    @property
    def uid(self) -> str:
        """The identifier by which a calendar knows the event again, whatever its date becomes."""
        return f"{self.federation}-{self.milestone}@{_ORIGIN}"

    @property
    def content(self) -> str:
        """What a new version of the event is told from."""
        until = self.until.isoformat() if self.until else ""
        return f"{self.start.isoformat()} {until} {self.name} {'cancelled' if self.cancelled else ''}".strip()


def calendar(title: str, moments: Iterable[Moment], sequences: Mapping[str, int], made: dt.datetime) -> bytes:
    """The calendar as a file. ``sequences``: by uid, how often each event has changed; ``made``: when, UTC."""
    page = Calendar()
    page.add("prodid", "-//reconcile//calendrier de migration//FR")
    page.add("version", "2.0")
    # The library escapes neither of these by itself.
    page.add("name", vText(title))
    page.add("x-wr-calname", vText(title))
    for one in sorted(moments, key=lambda moment: (moment.start, moment.uid)):
        heading, ask = MILESTONES[one.milestone]
        event = Event()
        event.add("uid", one.uid)
        event.add("dtstamp", made.astimezone(dt.UTC))
        event.add("dtstart", one.start.astimezone(dt.UTC))
        event.add("dtend", (one.until or one.start + dt.timedelta(minutes=30)).astimezone(dt.UTC))
        event.add("sequence", sequences.get(one.uid, 0))
        event.add("status", "CANCELLED" if one.cancelled else "CONFIRMED")
        event.add("summary", f"{one.name} — {heading}")
        event.add("description", ask)
        event.add("transp", "TRANSPARENT")
        page.add_component(event)
    return bytes(page.to_ical())


def numbered(moments: Sequence[Moment], known: Mapping[str, tuple[int, str]]) -> dict[str, tuple[int, str]]:
    """uid → (sequence, content) after these moments: the number grows with each change of what is known of an event."""
    result = dict(known)
    for one in moments:
        sequence, content = known.get(one.uid, (0, one.content))
        result[one.uid] = (sequence if content == one.content else sequence + 1, one.content)
    return result
