"""Letters made visible: one as it would leave, and where those of each federation stand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.text import Text

from reconcile.language.catalogue import ENGLISH, Catalogue
from reconcile.language.moments import moment
from reconcile.language.phrase import Phrase
from reconcile.planning.letters import NEEDS_A_LOOK, LetterState, LetterStatus
from reconcile.views.wording import ALARM, DRIFT, QUIET, colon, plain

LETTER_STATES = {
    LetterState.SENT: Phrase("sent"),
    LetterState.RETURNED: Phrase("came back"),
    LetterState.UNSURE: Phrase("unsure"),
    LetterState.LATE: Phrase("late"),
    LetterState.PLANNED: Phrase("planned"),
    LetterState.MISSED: Phrase("missed"),
}
_STYLES = {
    LetterState.SENT: "green",
    LetterState.RETURNED: ALARM,
    LetterState.UNSURE: ALARM,
    LetterState.LATE: DRIFT,
    LetterState.PLANNED: "default",
    LetterState.MISSED: QUIET,
}


def letter_text(
    head: Mapping[str, str], attachments: Mapping[str, int], text: str, words: Catalogue = ENGLISH
) -> Iterator[Text]:
    """The letter as a mail program shows it. ``attachments``: name → bytes."""
    for name, value in head.items():
        yield Text(f"{name}: ", QUIET).append(plain(value), "default")
    for name, bytes_ in attachments.items():
        attached = words.say(Phrase("Attached"))
        volume = words.say(Phrase("({volume} kB)", volume=f"{bytes_ / 1000:.0f}"))
        yield Text(f"{attached}{colon(words)}", QUIET).append(f"{plain(name)} {volume}", "default")
    yield Text()
    for line in text.splitlines():
        yield Text(plain(line.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")))


def letters_table(
    rows: Mapping[str, Sequence[LetterStatus]], zone: dt.tzinfo, words: Catalogue = ENGLISH
) -> Iterator[Text]:
    """One line a letter, under its federation."""
    states = max(11, *(len(words.say(one)) + 1 for one in LETTER_STATES.values()))
    moments = {one: words.say(_when(one, zone)) for ones in rows.values() for one in ones}
    longest = max(27, *(len(when) + 1 for when in moments.values()), 0)
    for slug, ones in sorted(rows.items()):
        yield Text(plain(slug), "bold")
        if not ones:
            none = Phrase("no letter is due: no contact, no date, or no transport in reconcile.toml")
            yield Text(f"  {words.say(none)}", QUIET)
        for one in ones:
            state = words.say(LETTER_STATES[one.state])
            line = Text(f"  {one.letter.value:<15}").append(f"{state:<{states}}", _STYLES[one.state])
            line.append(f"{moments[one]:<{longest}}{plain(one.to)}", "default")
            yield line.append(f"  {words.say(one.why, plain)}", ALARM) if one.why else line


def _when(one: LetterStatus, zone: dt.tzinfo) -> Phrase:
    return moment(one.moment, zone) if one.moment else Phrase("at once")


def letters_document(rows: Mapping[str, Sequence[LetterStatus]]) -> dict[str, Any]:
    """The same for programs."""
    return {"format": 1, "federations": {slug: [as_object(one) for one in ones] for slug, ones in sorted(rows.items())}}


def as_object(one: LetterStatus) -> dict[str, Any]:
    return {
        "letter": one.letter.value,
        "state": one.state.value,
        "moment": one.moment.isoformat(timespec="seconds") if one.moment else None,
        "to": one.to,
        "why": one.why,
    }


def letters_cell(ones: Sequence[LetterStatus]) -> str:
    """How many of the letters due so far have left, and how many need a look: ``3/4 !1``."""
    sent = sum(one.state in (LetterState.SENT, LetterState.RETURNED) for one in ones)
    look = sum(one.state in NEEDS_A_LOOK for one in ones)
    due = sent + sum(one.state in (LetterState.LATE, LetterState.UNSURE) for one in ones)
    if not ones:
        return "–"
    return f"{sent}/{due}" + (f" !{look}" if look else "") if due else "·"
