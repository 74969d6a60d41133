"""One row on its way from what was written to what it decides."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from reconcile.answers.cells.text import clean, is_ditto
from reconcile.answers.finding import Said
from reconcile.answers.table import Record
from reconcile.answers.understanding.answer import Decision
from reconcile.documents.workbook.columns import Key
from reconcile.documents.workbook.rows import Row


@dataclasses.dataclass(slots=True)
class AnsweredRow:
    """``address``: whose row it is, "" when that is not understood. ``asked``: the row as it is handed out today, None
    for an address that nobody has asked about."""

    record: Record
    address: str = ""
    asked: Row | None = None
    said: list[tuple[Key, Said]] = dataclasses.field(default_factory=list)
    decision: Decision | None = None

    @property
    def wrong(self) -> bool:
        return any(told.level == "error" for _, told in self.said)

    def faulty(self, key: Key) -> bool:
        """Whether an error on that cell is told already: one cause, one remark."""
        return any(on == key and told.level == "error" for on, told in self.said)

    def say(self, key: Key, *told: Said) -> None:
        self.said += [(key, one) for one in told]

    def as_asked(self, key: Key) -> bool:
        """Whether the cell says what was written in it when it was handed out."""
        return self.asked is not None and self.record.cells.get(key, "") == clean(self.asked[key])

    def cells(self, above: Mapping[Key, str]) -> Mapping[Key, str]:
        """The row's texts; « idem » is what the row above says, to be confirmed."""
        cells = dict(self.record.cells)
        for key in _REPEATED:
            written = cells.get(key, "")
            if not is_ditto(written) or self.as_asked(key):
                continue
            cells[key] = above.get(key, "")
            if above.get(key):
                told = f"« {written} » a été lu {above[key]}, comme à la ligne du dessus : confirmez."
                self.say(key, Said("WBK59", "confirm", told))
            else:
                self.say(key, Said("WBK59", "error", f"« {written} » ne dit rien : la ligne du dessus est vide."))
        return cells


#: Columns in which several rows may well say the same.
_REPEATED: tuple[Key, ...] = ("job_title", "phone", "atrium_id")
