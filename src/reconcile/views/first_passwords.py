"""Whose first password is where. No password comes near."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator, Sequence

from rich.text import Text

from reconcile.language.catalogue import ENGLISH, Catalogue
from reconcile.language.moments import moment
from reconcile.language.phrase import Phrase
from reconcile.views.wording import DRIFT, QUIET, plain


@dataclasses.dataclass(frozen=True, slots=True)
class PasswordStatus:
    """One person. ``sealed``: since when the vault holds their latest password. ``when``: the delivery's moment, as its
    receipt has it. ``anew``: it was set again and is to be delivered once more."""

    federation: str
    address: str
    sealed: dt.datetime | None
    delivered: bool
    when: dt.datetime | None = None
    anew: bool = False


def first_passwords_text(rows: Sequence[PasswordStatus], zone: dt.tzinfo, words: Catalogue = ENGLISH) -> Iterator[Text]:
    """A line a person, and the count."""
    wide = max((len(one.address) for one in rows), default=0)
    for one in rows:
        told, style = _told(one, zone)
        line = Text(f"{plain(one.federation):<8} {plain(one.address):<{wide}}  ")
        yield line.append(words.say(told), style)
    done = sum(one.delivered for one in rows)
    waiting = sum(bool(one.sealed or one.anew) and not one.delivered for one in rows)
    counted = Phrase(
        "{people}: {delivered}, {waiting} to deliver.",
        people=Phrase.counted("{number} person", "{number} people", len(rows)),
        delivered=Phrase.counted("{number} delivered", "{number} delivered", done),
        waiting=waiting,
    )
    yield Text(words.say(counted), "bold")


def _told(one: PasswordStatus, zone: dt.tzinfo) -> tuple[Phrase, str]:
    """Where that password is, and how this is coloured."""
    if one.delivered:
        if one.when is None:
            return Phrase("delivered"), "green"
        return Phrase("delivered {moment}", moment=moment(one.when, zone)), "green"
    if one.anew:
        return Phrase("set anew, to deliver"), DRIFT
    if one.sealed:
        return Phrase("sealed {moment}, to deliver", moment=moment(one.sealed, zone)), DRIFT
    return Phrase("none yet"), QUIET
