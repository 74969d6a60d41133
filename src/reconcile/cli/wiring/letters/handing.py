"""The workbook a federation is handed, by a command or with a letter: its bytes, its file's name, its record."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconcile.cli.session.session import Session
    from reconcile.config.federation.federation import Federation
    from reconcile.documents.workbook.workbook import Workbook

#: The media type of a .xlsx file, as IANA registers it.
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclasses.dataclass(frozen=True, slots=True)
class Handing:
    """``name``: of the file. ``new``: it asks something else than the last that went out, or says another day, or none
    did."""

    workbook: Workbook
    name: str
    new: bool


def handing(session: Session, federation: Federation) -> Handing:
    """What would be handed over now: the number and the bytes of the last one when it asks the same and says the
    same day.

    Raises ``Problem`` WBK70 when the record of workbooks is damaged.
    """
    from reconcile.cli.wiring.letters.workbook import content
    from reconcile.state.sheets import newest_out

    inventory = session.inventory_folder.newest(federation.slug)
    last = newest_out(session.sheet_folder.read(federation.slug))
    workbook = content(session, federation, inventory, last, session.clock.now())
    version = workbook.identity.version
    new = last is None or str(last.version) != version
    return Handing(workbook, f"{federation.slug}-adresses-v{version}.xlsx", new)


def keep(session: Session, federation: Federation, handed: Handing) -> None:
    """Record that it goes out, so that it is known when it comes back; once, and not on another day than today.

    Raises ``Problem`` WBK70, STA01 or STA06; nothing is then changed.
    """
    from reconcile.state.sheets import Sheet

    if session.as_of or not handed.new:
        return
    identity = handed.workbook.identity
    made = dt.datetime.fromisoformat(identity.made)
    record = Sheet("out", made, int(identity.version), identity.rows, handed.name, day=handed.workbook.day)
    session.sheet_folder.add(federation.slug, record)
