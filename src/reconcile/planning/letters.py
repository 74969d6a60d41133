"""Where each letter of a federation stands: sent, come back, late, planned or missed. Pure."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
from collections.abc import Iterator, Mapping

from reconcile.config.federation.federation import Federation
from reconcile.config.settings.settings import Settings
from reconcile.resources.notices import Letter, NoticeFacts, schedule


class LetterState(enum.Enum):
    """The value is the word a list shows."""

    SENT = "sent"
    RETURNED = "came back"
    #: It was handed over and nobody knows whether it left.
    UNSURE = "unsure"
    LATE = "late"
    PLANNED = "planned"
    #: Its moment passed, and sent now it would only confuse.
    MISSED = "missed"


#: What somebody should look at.
NEEDS_A_LOOK = frozenset({LetterState.RETURNED, LetterState.UNSURE, LetterState.LATE})


@dataclasses.dataclass(frozen=True, slots=True)
class LetterStatus:
    """One letter. ``moment``: when it left, or when it is due; None: at once. ``why``: what came back, or is unsure."""

    letter: Letter
    state: LetterState
    moment: dt.datetime | None
    to: str = ""
    why: str = ""


def letter_statuses(
    federation: Federation,
    facts: NoticeFacts,
    settings: Settings,
    now: dt.datetime,
    returned: Mapping[Letter, str],
    unsure: Mapping[Letter, str],
) -> Iterator[LetterStatus]:
    """Every letter that was sent or is due, in the order of a migration; none for whoever gets no letters.

    ``returned``: those whose last sending came back, and why. ``unsure``: those nobody knows of.
    """
    contact = federation.file.contact
    if settings.letters.transport is None:
        return
    asked = {one.letter: one for one in schedule(federation, facts, settings)} if contact else {}
    to = contact.email if contact else ""
    for letter in Letter:
        sent, notice = facts.sent.get(letter), asked.get(letter)
        if letter in unsure:
            yield LetterStatus(letter, LetterState.UNSURE, None, to, unsure[letter])
        elif sent is not None and (notice is None or notice.day == sent.day):
            back = returned.get(letter, "")
            yield LetterStatus(letter, LetterState.RETURNED if back else LetterState.SENT, sent.at, sent.to, back)
        elif notice is None:
            continue
        elif notice.until is not None and notice.until <= now:
            yield LetterStatus(letter, LetterState.MISSED, notice.due, to)
        else:
            due = notice.due is None or notice.due <= now
            yield LetterStatus(letter, LetterState.LATE if due else LetterState.PLANNED, notice.due, to)
