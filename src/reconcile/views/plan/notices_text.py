"""The letters of a federation in its plan, on one line: they wait for weeks, and must not hide what changes today."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator, Sequence

from rich.text import Text

from reconcile.language.catalogue import ENGLISH, Catalogue
from reconcile.language.moments import moment
from reconcile.language.phrase import Phrase
from reconcile.planning.plan.plan import Action, Change
from reconcile.views.wording import DRIFT, QUIET, plain, semicolon, value


def notices_text(
    changes: Sequence[Change], now: dt.datetime, zone: dt.tzinfo, words: Catalogue = ENGLISH
) -> Iterator[Text]:
    """One line for each recipient: the letters due now, then those that wait, each with its moment."""

    def recipient(change: Change) -> str:
        return value(change.wanted.get("to", ""), words)

    def said(change: Change) -> str:
        named = _named(change)
        if change.due is None:
            return words.say(named, plain)
        return words.say(Phrase("{letter} {moment}", letter=named, moment=moment(change.due, zone)), plain)

    for to, group in itertools.groupby(
        sorted(changes, key=lambda one: (recipient(one), one.due is not None)), recipient
    ):
        ones = list(group)
        due = [one for one in ones if one.due is None or one.due <= now]
        later = sorted((one for one in ones if one not in due), key=lambda one: (one.due or now, one.address.key))
        opening = words.say(Phrase("to {recipient}: ", recipient=to), plain) if to else ""
        line = Text("  notice").append(f"  {opening}", QUIET)
        if due:
            letters = ", ".join(words.say(_named(one), plain) for one in due)
            line.append(f"{words.say(Phrase('now'))} {letters}", DRIFT)
        if later:
            line.append(semicolon(words) if due else "", QUIET)
            line.append(", ".join(map(said, later)), QUIET)
        yield line


def _named(change: Change) -> Phrase:
    key = change.address.key
    match change.action:
        case Action.UPDATE:
            return Phrase("{letter} again", letter=key)
        case Action.FORGET:
            return Phrase("forget {letter}", letter=key)
    return Phrase("{letter}", letter=key)
