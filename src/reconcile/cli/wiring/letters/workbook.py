"""What a federation's workbook says, put together from its file, the inventory and reconcile.toml."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from reconcile.documents.workbook.identity import Identity
from reconcile.documents.workbook.rows import digest, rows_of
from reconcile.documents.workbook.workbook import Workbook

if TYPE_CHECKING:
    from reconcile.cli.session.session import Session
    from reconcile.config.federation.federation import Federation
    from reconcile.config.inventory.inventory import Inventory
    from reconcile.state.sheets import Sheet

#: Days before the migration by which the answer is there.
ANSWER_DAYS = 7


def content(
    session: Session, federation: Federation, inventory: Inventory | None, last: Sheet | None, now: dt.datetime
) -> Workbook:
    """The workbook; of the version and moment of ``last``, the one that went out, when it asks the same and says
    the same day."""
    from reconcile.resources.milestones import milestones

    rows = rows_of(federation, inventory)
    asked = digest(rows)
    day = federation.file.migration.date
    same = last if last is not None and (last.digest, last.day) == (asked, day) else None
    version = same.version if same else last.version + 1 if last else 1
    taken = inventory.taken.isoformat(timespec="seconds") if inventory else ""
    made = (same.at if same else now).astimezone(dt.UTC).isoformat(timespec="seconds")
    letters = session.settings.letters
    moments = milestones(day, session.settings.calendar)
    return Workbook(
        identity=Identity(federation.slug, str(version), taken, asked, made),
        name=federation.file.name,
        rows=rows,
        day=day,
        answer_by=day - dt.timedelta(days=ANSWER_DAYS) if day else None,
        lock=moments.lock.astimezone(session.zone) if day else None,
        cutover=moments.cutover.astimezone(session.zone) if day else None,
        prices=session.settings.prices,
        on=day if day and day > now.astimezone(session.zone).date() else now.astimezone(session.zone).date(),
        structures=_structures(federation),
        contact=letters.help_address,
        tutorials=letters.links.tutorials,
    )


def _structures(federation: Federation) -> dict[int, str]:
    described = {int(one.atrium_id): one.name or one.city or "" for one in federation.file.structures}
    named = [box.directory.atrium_id for box in federation.file.mailboxes.values()]
    return {int(one): "" for one in (federation.file.atrium_id, *named) if one} | described
