"""Who was handed a workbook, who answered, who is late: one row a federation, who is waited for first."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any

from rich.text import Text

from reconcile.state.sheets import Sheet
from reconcile.views.wording import ALARM, DRIFT, QUIET, count, plain


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
_STYLES = {"late": ALARM, "not sent": DRIFT, "incomplete": DRIFT, "complete": "green"}


def sheets_text(statuses: Iterable[SheetStatus], today: dt.date, zone: dt.tzinfo) -> Iterator[Text]:
    """A heading, then the rows."""
    yield Text(f"{'federation':<12}{'state':<12}{'by':<12}{'sent':<17}{'answered':<17}{'undecided':>9}  why", "bold")
    for one in sorted(statuses, key=lambda one: (_ORDER.index(one.state(today)), one.federation)):
        state = one.state(today)
        sent = f"v{one.sent.version} {_day(one.sent, zone)}" if one.sent else "–"
        answered = f"v{one.answered.version} {_day(one.answered, zone)}" if one.answered else "–"
        row = Text(f"{plain(one.federation):<12}").append(f"{state:<12}", _STYLES.get(state, QUIET))
        undecided = "?" if one.undecided is None else str(one.undecided)
        yield row.append(f"{one.answer_by or '–'!s:<12}{sent:<17}{answered:<17}{undecided:>9}  {_why(one)}".rstrip())


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


def _why(one: SheetStatus) -> str:
    back = [plain(one.came_back)] if one.came_back else []
    if one.answered is None:
        return ", ".join(back)
    told = [count(one.answered.errors, "error")] if one.answered.errors else []
    told += [f"{one.answered.confirm} to confirm"] if one.answered.confirm else []
    told += ["not written"] if not one.answered.written else []
    if one.sent is not None and one.answered.version and one.answered.version < one.sent.version:
        told.append(f"answers v{one.answered.version}, v{one.sent.version} is out")
    return ", ".join([*back, *told])


def _day(sheet: Sheet, zone: dt.tzinfo) -> str:
    return f"{sheet.at.astimezone(zone):%Y-%m-%d}"
