"""Structures made visible: what each shows, who belongs to it, what it lacks, and what changed."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from rich.text import Text

from reconcile.config.federation.federation import Federation
from reconcile.config.federation.structure import Structure
from reconcile.config.structures.changes import Comparison, Difference
from reconcile.config.structures.register import FACTS, POSTAL, Fact, Register, RegisteredStructure, places
from reconcile.language.catalogue import ENGLISH, Catalogue
from reconcile.language.moments import moment
from reconcile.language.phrase import Phrase
from reconcile.views.counts import addresses, structures
from reconcile.views.wording import ALARM, DRIFT, QUIET, colon, plain, semicolon


@dataclasses.dataclass(frozen=True, slots=True)
class Used:
    """One structure as its addresses show it. ``place``: None when PopStructure does not know it and no file describes
    it. ``members``: federation → how many of its addresses belong there."""

    number: int
    place: Structure | None
    members: Mapping[str, int]

    @property
    def lacking(self) -> tuple[Fact, ...]:
        return tuple(fact for fact in FACTS if not getattr(self.place, fact, None))


def used(register: Register, federations: Sequence[Federation], numbers: Collection[int]) -> tuple[Used, ...]:
    """These structures, and those that addresses of these federations belong to, by number."""
    members: dict[int, dict[str, int]] = {number: {} for number in numbers}
    shown: dict[int, Structure | None] = {}
    own = places((), register)
    for federation in federations:
        for mailbox in federation.file.mailboxes.values():
            number = mailbox.directory.atrium_id or federation.file.atrium_id
            if number is not None:
                of_number = members.setdefault(int(number), {})
                of_number[federation.slug] = of_number.get(federation.slug, 0) + 1
                shown[int(number)] = federation.places.get(number)
    return tuple(Used(number, shown.get(number, own.get(number)), members[number]) for number in sorted(members))


def table(register: Register, shown: Sequence[Used], zone: dt.tzinfo, words: Catalogue = ENGLISH) -> Iterator[Text]:
    """A few lines for each structure."""
    opening = Phrase(
        "PopStructure of {moment}: {structures}",
        moment=moment(register.taken, zone),
        structures=structures(len(register.structures)),
    )
    yield Text(words.say(opening), QUIET)
    for one in shown:
        yield Text(f"{one.number:>7}  ", "bold").append(words.say(_address(one.place), plain), "not bold")
        for fact in ("website", "networks"):
            if value := getattr(one.place, fact, None):
                yield Text(f"         {plain(value)}")
        members = (f"{slug}{colon(words)}{words.say(addresses(n))}" for slug, n in one.members.items())
        if joined := ", ".join(members):
            yield Text(f"         {joined}", QUIET)
        if one.place is None:
            yield Text(f"         ✗ {words.say(Phrase('PopStructure does not know it (SPF402)'))}", ALARM)
        elif missing := [fact for fact in one.lacking if fact in POSTAL]:
            yield Text(f"         ✗ {words.say(_lacking(missing))} (SPF404)", ALARM)
        if one.place is not None and (missing := [fact for fact in one.lacking if fact not in POSTAL]):
            yield Text(f"         – {words.say(_lacking(missing))}", QUIET)


def as_object(register: Register, shown: Sequence[Used]) -> dict[str, Any]:
    """The same for programs; keys never change meaning."""
    return {
        "format": 1,
        "taken": register.taken.isoformat(timespec="seconds"),
        "source": register.source,
        "structures": [
            {
                "atrium_id": one.number,
                "known": one.place is not None,
                **{fact: getattr(one.place, fact, None) for fact in FACTS},
                "members": dict(one.members),
                "lacking": list(one.lacking),
            }
            for one in shown
        ],
    }


def counted(register: Register, doubts: int, words: Catalogue = ENGLISH) -> Iterator[Text]:
    """What a reading came to."""
    incomplete = sum(bool(one.lacks(POSTAL)) for one in register.structures.values())
    read = Phrase(
        "{structures} read from {source}", structures=structures(len(register.structures)), source=register.source
    )
    line = Text(words.say(read, plain))
    if absent := [fact for fact in FACTS if fact not in register.columns]:
        line.append(f"{semicolon(words)}{words.say(Phrase('no column for {facts}', facts=', '.join(absent)))}", DRIFT)
    if incomplete:
        lacking = Phrase.counted(
            "{number} without a whole postal address", "{number} without a whole postal address", incomplete
        )
        line.append(f"{semicolon(words)}{words.say(lacking)}", DRIFT)
    if doubts:
        unclear = Phrase.counted("{number} cell not understood", "{number} cells not understood", doubts)
        line.append(f"{semicolon(words)}{words.say(unclear)}", DRIFT)
    yield line.append(".")


def comparison(found: Comparison, zone: dt.tzinfo, words: Catalogue = ENGLISH) -> Iterator[Text]:
    """A line for each structure that is not what it was."""
    before, after = (words.say(moment(one.taken, zone)) for one in (found.before, found.after))
    yield Text(f"{before} → {after}", "bold")
    for one in found.appeared:
        yield Text(f"  + {one.number}", "green").append(f"  {words.say(_named(one), plain)}", "default")
    for one in found.gone:
        yield Text(f"  - {one.number}", ALARM).append(f"  {words.say(_named(one), plain)}", "default")
    none = words.say(Phrase("(none)"))
    for change in found.changed:
        was, now = (plain(str(value)) if value else none for value in (change.before, change.after))
        yield Text(f"  ~ {change.number}", "yellow").append(f"  {change.fact}{colon(words)}{was} → {now}", "default")
    if found.same:
        yield Text(f"  {words.say(Phrase('The same structures.'))}")


def comparison_object(found: Comparison) -> dict[str, Any]:
    """The same for programs; keys never change meaning."""
    return {
        "format": 1,
        "from": found.before.taken.isoformat(timespec="seconds"),
        "to": found.after.taken.isoformat(timespec="seconds"),
        "appeared": [one.number for one in found.appeared],
        "gone": [one.number for one in found.gone],
        "changed": [_change(one) for one in found.changed],
    }


def _change(one: Difference) -> dict[str, Any]:
    return {"atrium_id": one.number, "fact": one.fact, "before": one.before, "after": one.after}


def _named(one: RegisteredStructure) -> str:
    return one.facts.get("name") or one.code or Phrase("without a name")


def _lacking(facts: Sequence[Fact]) -> Phrase:
    return Phrase("no {facts}", facts=", ".join(facts))


def _address(place: Structure | None) -> str:
    if place is None:
        return Phrase("unknown")
    town = " ".join(part for part in (place.postal_code, place.city) if part)
    known = ", ".join(part for part in (place.name, place.street, town) if part)
    return known or Phrase("nothing is known of it")
