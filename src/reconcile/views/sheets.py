"""Who was handed a workbook, who answered, who is late: one row a federation, who is waited for first."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any

from rich.text import Text

from reconcile.language.catalogue import ENGLISH, Catalogue
from reconcile.language.phrase import Phrase
from reconcile.state.sheets import Sheet
from reconcile.views.counts import errors
from reconcile.views.wording import ALARM, DRIFT, QUIET, plain


@dataclasses.dataclass(frozen=True, slots=True)
class SheetStatus:
    """``answer_by``: the last day to answer, None without a date. ``undecided``: old addresses the file says nothing
    of, None without an inventory. ``came_back``: the letter to the present contact that did, and why; "" when none."""

    federation: str
    answer_by: dt.date | None
    sent: Sheet | None
    answered: Sheet | None
    undecided: int | None
    came_back: str = ""

    def state(self, today: dt.date) -> str:
        """late, not sent, incomplete, waiting or complete."""
        if self.answered is not None and self.answered.written and not self.answered.errors and not self.undecided:
            return "complete"
        if self.answer_by is not None and today > self.answer_by:
            return "late"
        if self.sent is None:
            return "not sent"
        return "waiting" if self.answered is None else "incomplete"


_ORDER = ("late", "not sent", "incomplete", "waiting", "complete")
_STATES = {
    "late": Phrase("late"),
    "not sent": Phrase("not sent"),
    "incomplete": Phrase("incomplete"),
    "waiting": Phrase("waiting"),
    "complete": Phrase("complete"),
}
_HEADS = (
    *(Phrase("federation"), Phrase("state"), Phrase("by"), Phrase("sent"), Phrase("answered")),
    Phrase("undecided"),
)
#: Columns are at least so wide, with the space behind them.
_LEAST = (12, 12, 12, 17, 17)
_STYLES = {"late": ALARM, "not sent": DRIFT, "incomplete": DRIFT, "complete": "green"}


def sheets_text(
    statuses: Iterable[SheetStatus], today: dt.date, zone: dt.tzinfo, words: Catalogue = ENGLISH
) -> Iterator[Text]:
    """A heading, then the rows."""
    *heads, last = (words.say(head) for head in _HEADS)
    widths = [max(least, len(head) + 1) for least, head in zip(_LEAST, heads, strict=True)]
    widths[1] = max(widths[1], *(len(words.say(state)) + 1 for state in _STATES.values()))
    end = max(9, len(last))
    opening = "".join(f"{head:<{width}}" for head, width in zip(heads, widths, strict=True))
    yield Text(f"{opening}{last:>{end}}  {words.say(Phrase('why'))}", "bold")
    for one in sorted(statuses, key=lambda one: (_ORDER.index(one.state(today)), one.federation)):
        state = one.state(today)
        sent = f"v{one.sent.version} {_day(one.sent, zone)}" if one.sent else "–"
        answered = f"v{one.answered.version} {_day(one.answered, zone)}" if one.answered else "–"
        row = Text(f"{plain(one.federation):<{widths[0]}}")
        row.append(f"{words.say(_STATES[state]):<{widths[1]}}", _STYLES.get(state, QUIET))
        undecided = "?" if one.undecided is None else str(one.undecided)
        told = f"{one.answer_by or '–'!s:<{widths[2]}}{sent:<{widths[3]}}{answered:<{widths[4]}}"
        why = ", ".join(words.say(reason, plain) for reason in _why(one))
        yield row.append(f"{told}{undecided:>{end}}  {why}".rstrip())


def sheets_document(statuses: Iterable[SheetStatus], today: dt.date) -> list[dict[str, Any]]:
    """The same for programs."""
    return [
        {
            "federation": one.federation,
            "state": one.state(today),
            "answer_by": one.answer_by.isoformat() if one.answer_by else None,
            "sent": one.sent.at.isoformat() if one.sent else None,
            "answered": one.answered.at.isoformat() if one.answered else None,
            "errors": one.answered.errors if one.answered else None,
            "to_confirm": one.answered.confirm if one.answered else None,
            "written": one.answered.written if one.answered else None,
            "undecided": one.undecided,
            "came_back": one.came_back or None,
        }
        for one in statuses
    ]


def _why(one: SheetStatus) -> Iterator[str]:
    if one.came_back:
        yield one.came_back
    if one.answered is None:
        return
    if one.answered.errors:
        yield errors(one.answered.errors)
    if one.answered.confirm:
        yield Phrase("{number} to confirm", number=one.answered.confirm)
    if not one.answered.written:
        yield Phrase("not written")
    if one.sent is not None and one.answered.version and one.answered.version < one.sent.version:
        yield Phrase("answers v{answered}, v{sent} is out", answered=one.answered.version, sent=one.sent.version)


def _day(sheet: Sheet, zone: dt.tzinfo) -> str:
    return f"{sheet.at.astimezone(zone):%Y-%m-%d}"
