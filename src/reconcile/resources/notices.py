"""The letters a federation is due, in the order of its days: which, to whom, telling what day, and when. Pure.

A letter is a resource of the kind ``notice``: once it has left it is history, neither asked for nor taken back. One
whose moment passed unused is not sent late, when it would only confuse.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from zoneinfo import ZoneInfo

from reconcile.config.federation.federation import Federation
from reconcile.config.settings.settings import Settings
from reconcile.resources.address import Address
from reconcile.resources.milestones import Milestones, milestones
from reconcile.resources.resource import Desired, Place, Value


class Letter(enum.Enum):
    """Every letter, in the order of a migration; the value is the key of its resource and the name of its template."""

    LIST = "list"
    REMINDER = "reminder"
    LAST_REMINDER = "last-reminder"
    CONFIRMATION = "confirmation"
    LOCKED = "locked"
    OPENING = "opening"
    COPIED = "copied"
    POSTPONED = "postponed"
    ROLLED_BACK = "rolled-back"
    CLOSED = "closed"


#: A letter that was sent this long ago is not sent anew because the contact is another one since.
_HISTORY = dt.timedelta(days=7)
#: What the kind's field ``day`` holds for a federation that has no date any more.
UNDATED = "none"

_TELLS_THE_DAY = frozenset(
    {Letter.LIST, Letter.REMINDER, Letter.LAST_REMINDER, Letter.CONFIRMATION, Letter.POSTPONED, Letter.ROLLED_BACK}
)


@dataclasses.dataclass(frozen=True, slots=True)
class Sent:
    """A letter that left: the day it told (J), to whom, and when."""

    day: str
    to: str
    at: dt.datetime
    attempt: int = 1


@dataclasses.dataclass(frozen=True, slots=True)
class NoticeFacts:
    """What decides which letters there are. ``sent``: the last of each. ``asked``: by letter, its number when somebody
    asked for it again. ``answered``: every old address is decided. ``copied``: the copies are over. ``others``: the
    federation's other resources."""

    sent: Mapping[Letter, Sent] = dataclasses.field(default_factory=dict)
    asked: Mapping[Letter, int] = dataclasses.field(default_factory=dict)
    answered: bool = False
    copied: bool = False
    others: Sequence[Desired] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Notice:
    """One letter of a federation: not before ``due`` (None: at once), of no use from ``until`` on (None: always).
    ``after``: what must be right first, as kinds, or as a kind and how the key ends (``dns/MX``)."""

    letter: Letter
    day: str
    due: dt.datetime | None
    until: dt.datetime | None = None
    after: tuple[str, ...] = ()


def notices(federation: Federation, facts: NoticeFacts, settings: Settings, now: dt.datetime) -> Iterator[Desired]:
    """The letters to plan for. None without a way out in reconcile.toml, or without a contact."""
    contact = federation.file.contact
    if settings.letters.transport is None or contact is None:
        return
    place = Place.of(federation, ("contact", "email"))
    for one in schedule(federation, facts, settings):
        told, attempt = facts.sent.get(one.letter), facts.asked.get(one.letter, 1)
        attempt = max(attempt, told.attempt if told else 1)
        again = told is not None and attempt > told.attempt
        if not again and one.until is not None and one.until <= now:
            continue
        if not again and told is not None and told.day == one.day and now - told.at > _HISTORY:
            continue
        fields: dict[str, Value] = {"to": contact.email, "day": one.day}
        if attempt > 1:
            fields["attempt"] = attempt
        after = tuple(other.address for other in facts.others if _needed(other.address, one.after))
        yield Desired(Address(federation.slug, "notice", one.letter.value), fields, after, one.due, place)


def schedule(federation: Federation, facts: NoticeFacts, settings: Settings) -> Iterator[Notice]:
    """Every letter there is a reason for, those of no use any more among them."""
    migration = federation.file.migration
    opened = Letter.OPENING in facts.sent
    if migration.closed is not None:
        if opened:
            yield Notice(Letter.CLOSED, migration.closed.isoformat(), None)
        return
    if (moved := _moved(facts.sent, migration.date)) is not None:
        yield Notice(moved, migration.date.isoformat() if migration.date else UNDATED, None)
    if migration.date is None:
        return
    moments = milestones(migration.date, settings.calendar)
    yield from _before(migration.date, moments, facts, settings)
    day = migration.date.isoformat()
    if federation.file.legacy is not None:
        yield Notice(Letter.LOCKED, day, moments.lock, moments.cutover, ("lock",))
    ready = ("mailbox", "access", "dns/MX", "credentials")
    yield Notice(Letter.OPENING, day, moments.cutover, moments.cutover + dt.timedelta(days=7), ready)
    told = facts.sent.get(Letter.OPENING)
    if facts.copied and told is not None and told.day == day:
        yield Notice(Letter.COPIED, day, None)


def _needed(address: Address, after: Sequence[str]) -> bool:
    return any(
        address.kind == kind and address.key.endswith(f"/{end}" if end else "")
        for kind, _, end in (one.partition("/") for one in after)
    )


def _before(day: dt.date, moments: Milestones, facts: NoticeFacts, settings: Settings) -> Iterator[Notice]:
    """The dialogue before the eve."""
    zone, clock_time = ZoneInfo(settings.calendar.timezone), dt.time.fromisoformat(settings.letters.time)

    def moment(days: int) -> dt.datetime:
        return dt.datetime.combine(day - dt.timedelta(days=days), clock_time, zone).astimezone(dt.UTC)

    told = day.isoformat()
    if not facts.answered or Letter.LIST in facts.sent:
        yield Notice(Letter.LIST, told, moment(14), moments.lock)
    if not facts.answered:
        yield Notice(Letter.REMINDER, told, moment(8), moment(7))
        yield Notice(Letter.LAST_REMINDER, told, moment(7), moment(5))
    yield Notice(Letter.CONFIRMATION, told, moment(5), moments.lock)


def _moved(sent: Mapping[Letter, Sent], day: dt.date | None) -> Letter | None:
    """The letter that says that the date is another one than a letter told; a rollback once the boxes were closed."""
    told = [one for letter, one in sent.items() if letter in _TELLS_THE_DAY]
    if not told:
        return None
    last = max(told, key=lambda one: one.at)
    now = day.isoformat() if day else UNDATED
    closed = [sent[letter] for letter in (Letter.LOCKED, Letter.OPENING) if letter in sent]
    back = any(one.day == (former_day(sent, now) or "") for one in closed)
    letter = Letter.ROLLED_BACK if back else Letter.POSTPONED
    if last.day != now:
        return letter
    # What says so was sent, and stays what is asked for until it is history.
    known = sent.get(letter)
    return letter if known is last and known is not None else None


def former_day(sent: Mapping[Letter, Sent], now: str) -> str | None:
    """The day that letters told before they told ``now``; None when they told no other."""
    told = [one for letter, one in sent.items() if letter in _TELLS_THE_DAY and one.day != now]
    return max(told, key=lambda one: one.at).day if told else None


def sent_letters(records: Iterable[tuple[str, Mapping[str, Value], str]]) -> dict[Letter, Sent]:
    """What is recorded of letters, each as its key, its fields and the moment it left, ISO 8601."""
    found = {}
    for key, fields, at in records:
        try:
            letter, moment = Letter(key), dt.datetime.fromisoformat(at)
        except ValueError:
            continue  # of another version of the tool
        number = fields.get("attempt")
        attempt = number if isinstance(number, int) else 1
        found[letter] = Sent(str(fields.get("day") or ""), str(fields.get("to") or ""), moment, attempt)
    return found
