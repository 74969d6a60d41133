"""The date a federation that is not ready moves to: the next one with room, those it wishes first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from reconcile.config.settings.tables.batches import Batch


def following(
    day: dt.date | None,
    wishes: Sequence[dt.date],
    batches: Sequence[Batch],
    taken: Mapping[dt.date, int],
    today: dt.date,
) -> dt.date | None:
    """The next date after ``day`` that is open, to come and not full; None when there is none.

    ``taken``: how many federations each date has. A wish that comes later still beats a date nobody asked for.
    """
    after = max(day or today, today)
    free = [
        batch.date for batch in batches if batch.date > after and batch.open and taken.get(batch.date, 0) < batch.most
    ]
    return next((one for one in free if one in wishes), free[0] if free else None)
