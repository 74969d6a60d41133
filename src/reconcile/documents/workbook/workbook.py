"""What a workbook says, and its bytes."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
from collections.abc import Mapping, Sequence

from reconcile.config.settings.tables.tenant.prices import MonthlyPrices, Prices
from reconcile.documents.workbook.columns import Key
from reconcile.documents.workbook.identity import Identity
from reconcile.documents.workbook.rows import Row


@dataclasses.dataclass(frozen=True, slots=True)
class Reply:
    """What is answered to one row of a file that came back. ``level``: the gravest of what it says; "" for nothing.
    ``notes``: sentences on single cells."""

    text: str = ""
    level: str = ""
    notes: Mapping[Key, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class Workbook:
    """``name``: the federation's. ``day``: day J, None while it is not fixed. ``answer_by``: the last day to answer.
    ``lock`` and ``cutover``: in civil time. ``prices``: those of ``on``, with the rule of [prices]. ``structures``:
    Atrium number → what is known of the place.
    ``contact``: who answers questions. ``replies``: for a file that is sent back, one for each row.
    """

    identity: Identity
    name: str
    rows: tuple[Row, ...]
    day: dt.date | None
    answer_by: dt.date | None
    prices: Prices
    on: dt.date
    lock: dt.datetime | None = None
    cutover: dt.datetime | None = None
    structures: Mapping[int, str] = dataclasses.field(default_factory=dict)
    contact: str = ""
    tutorials: str = ""
    replies: Sequence[Reply] = ()

    @property
    def monthly(self) -> MonthlyPrices:
        return self.prices.on(self.on)


def write(workbook: Workbook) -> bytes:
    """The workbook as .xlsx, its formulas' values in it. The same workbook is the same bytes."""
    import xlsxwriter

    from reconcile.documents.workbook.sheets.addresses import addresses_sheet
    from reconcile.documents.workbook.sheets.lists import lists_sheet
    from reconcile.documents.workbook.sheets.notice import notice_sheet
    from reconcile.documents.workbook.sheets.style import Style
    from reconcile.documents.workbook.sheets.summary import summary_sheet

    output = io.BytesIO()
    book = xlsxwriter.Workbook(output, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    made = dt.datetime.fromisoformat(workbook.identity.made).astimezone(dt.UTC).replace(tzinfo=None)
    book.set_properties({"title": f"Adresses mail – {workbook.name}", "author": "Secours populaire", "created": made})
    for name, value in workbook.identity.properties().items():
        book.set_custom_property(name, value, "text")
    style = Style(book)
    addresses_sheet(book, style, workbook)
    notice_sheet(book, style, workbook)
    summary_sheet(book, style, workbook)
    lists_sheet(book, workbook)
    book.close()
    return output.getvalue()
